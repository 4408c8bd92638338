//! An answer on the terminal: text as it comes, or one JSON event a line.

use std::io::{self, IsTerminal as _, Write as _};

use quarry::contract::conversation::{Delta, Outcome, StopReason, TurnFailure};
use quarry::contract::types::{Failure, FailureKind, Usage};
use quarry::gateway::Sink;
use quarry::pi::events::write_event;
use quarry::pi::message::Fold;

use crate::cli::exit::Exit;
use crate::cli::terminal;

/// Where an answer goes. Text and tool calls go to standard output; thinking, notes and failures to standard error, so that
/// what is piped on is the answer alone. Both may be one terminal: what goes to one is written before what follows on the
/// other, and a note never stands in the middle of a line of the answer.
pub(super) struct Output {
    fold: Fold,
    json: bool,
    buffer: Vec<u8>,
    /// Whether the last thing on standard output was the end of a line.
    at_line_start: bool,
    /// What is to be told when the line that is being written has ended.
    asides: String,
    ended: Option<Exit>,
}

impl Output {
    pub(super) fn new(fold: Fold, json: bool) -> Self {
        Output { fold, json, buffer: Vec::new(), at_line_start: true, asides: String::new(), ended: None }
    }

    /// How the turn ended.
    pub(super) fn exit(&self) -> Exit {
        self.ended.unwrap_or(Exit::Failed)
    }

    fn text(&mut self, delta: &Delta) -> io::Result<()> {
        match delta {
            Delta::TextDelta(fragment) => self.print(&terminal::printable(&fragment.delta)),
            Delta::ThinkingStart(_) => {
                self.end_line()?;
                self.tell(&terminal::dim("[thinking]\n"))?;
            }
            Delta::ThinkingDelta(fragment) => self.tell(&terminal::dim(&terminal::printable(&fragment.delta)))?,
            Delta::ThinkingEnd(_) => self.tell(&terminal::dim("\n[/thinking]\n"))?,
            Delta::ToolcallStart(call) => {
                self.end_line()?;
                self.print(&format!("[tool call] {} ", terminal::printable(&call.name)));
            }
            Delta::ToolcallEnd(call) => {
                self.print(&terminal::printable(&call.arguments));
                self.end_line()?;
                if let Some(problem) = &call.problem {
                    let problem = terminal::printable(problem);
                    self.aside(&format!("note: the arguments could not be read: {problem}\n"))?;
                }
            }
            Delta::Attachment(attachment) => {
                let value = terminal::printable(&attachment.value);
                self.aside(&terminal::dim(&format!("[{}] {value}\n", terminal::printable(&attachment.kind))))?;
            }
            Delta::Notice(notice) => self.aside(&format!("note: {}\n", terminal::printable(&notice.message)))?,
            Delta::Done(outcome) => self.tell_done(outcome)?,
            Delta::Error(failure) => self.tell_failure(failure)?,
            // A text with citations comes in several blocks and is one text to a reader, so the end of a block ends no line.
            Delta::Start | Delta::TextStart(_) | Delta::TextEnd(_) | Delta::ToolcallDelta(_) => {}
        }
        Ok(())
    }

    fn print(&mut self, text: &str) {
        if let Some(last) = text.chars().next_back() {
            self.at_line_start = last == '\n';
            self.buffer.extend_from_slice(text.as_bytes());
        }
    }

    /// Ends the line of the answer that is being written, and tells what had to wait for that.
    fn end_line(&mut self) -> io::Result<()> {
        if !self.at_line_start {
            self.print("\n");
        }
        let asides = std::mem::take(&mut self.asides);
        if asides.is_empty() { Ok(()) } else { self.tell(&asides) }
    }

    /// Tells something as soon as no line of the answer is cut in two by it.
    fn aside(&mut self, text: &str) -> io::Result<()> {
        if self.at_line_start {
            return self.tell(text);
        }
        self.asides.push_str(text);
        Ok(())
    }

    /// Tells something now, after what was printed before it.
    fn tell(&mut self, text: &str) -> io::Result<()> {
        flush(&mut self.buffer)?;
        terminal::tell(text);
        Ok(())
    }

    fn tell_done(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.end_line()?;
        let reason = match &outcome.reason {
            StopReason::Stop => "stop",
            StopReason::Length => "cut off at the token limit",
            StopReason::ToolUse => "waiting for tool results",
            StopReason::Other(other) => other,
        };
        if io::stderr().is_terminal() || matches!(outcome.reason, StopReason::Length) {
            let line = format!("[{}; {}]\n", terminal::printable(reason), tokens(&outcome.usage));
            self.tell(&terminal::dim(&line))?;
        }
        Ok(())
    }

    fn tell_failure(&mut self, turn: &TurnFailure) -> io::Result<()> {
        self.end_line()?;
        let Failure { kind, message, hint, request_id, .. } = &turn.failure;
        if matches!(kind, FailureKind::Aborted) {
            return self.tell("aborted; what came before is above\n");
        }
        let mut text = format!("error: {}\n", terminal::printable(message));
        if let Some(hint) = hint {
            text.push_str(&format!("  {}\n", terminal::printable(hint)));
        }
        if let Some(request_id) = request_id {
            text.push_str(&format!("  request id: {}\n", terminal::printable(request_id)));
        }
        self.tell(&text)
    }
}

impl Sink for Output {
    fn take(&mut self, deltas: &[Delta]) -> io::Result<()> {
        for delta in deltas {
            self.fold.apply(delta);
            if self.json {
                write_event(&mut self.buffer, delta, &self.fold);
                self.buffer.push(b'\n');
            } else {
                self.text(delta)?;
            }
            match delta {
                Delta::Done(_) => self.ended = Some(Exit::Done),
                Delta::Error(failed) if matches!(failed.failure.kind, FailureKind::Aborted) => {
                    self.ended = Some(Exit::Interrupted);
                }
                Delta::Error(_) => self.ended = Some(Exit::Failed),
                _ => {}
            }
        }
        flush(&mut self.buffer)
    }
}

fn flush(buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(buffer)?;
    buffer.clear();
    out.flush()
}

fn tokens(usage: &Usage) -> String {
    let mut text = format!("{} tokens in, {} out", usage.input, usage.output);
    if usage.cache_read > 0 || usage.cache_write > 0 {
        text.push_str(&format!(", {} read from the cache, {} written to it", usage.cache_read, usage.cache_write));
    }
    if usage.cost.total > 0.0 {
        text.push_str(&format!(", ${:.4}", usage.cost.total));
    }
    text
}
