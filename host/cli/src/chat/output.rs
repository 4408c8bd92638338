//! An answer on the terminal: text as it comes, or one JSON event a line.

use std::io::{self, IsTerminal as _, Write as _};

use quarry_contract::conversation::{Delta, Outcome, StopReason, TurnFailure};
use quarry_contract::types::{Failure, FailureKind, Usage};
use quarry_gateway::Sink;
use quarry_pi::events::write_event;
use quarry_pi::message::Fold;
use quarry_system::printable::{one_line, prose};

use crate::exit::Exit;
use crate::terminal;

/// Where an answer goes. Text and tool calls go to standard output; thinking, notes and failures to standard error, so that
/// what is piped on is the answer alone. Both may be one terminal: what goes to one is written before what follows on the
/// other, and a note never stands in the middle of a line of the answer.
pub(super) struct Output {
    fold: Fold,
    json: bool,
    /// Whether standard output is a terminal.
    is_for_a_terminal: bool,
    buffer: Vec<u8>,
    /// Whether the last thing on standard output was the end of a line.
    at_line_start: bool,
    /// What is to be told when the line that is being written has ended.
    asides: Vec<String>,
    ended: Option<Exit>,
    model_is_unknown: bool,
}

impl Output {
    pub(super) fn new(fold: Fold, json: bool) -> Self {
        Output {
            fold,
            json,
            is_for_a_terminal: io::stdout().is_terminal(),
            buffer: Vec::new(),
            at_line_start: true,
            asides: Vec::new(),
            ended: None,
            model_is_unknown: false,
        }
    }

    /// How the turn ended.
    pub(super) fn exit(&self) -> Exit {
        self.ended.unwrap_or(Exit::Failed)
    }

    /// Whether a person was told that there is no such model.
    pub(super) fn model_is_unknown(&self) -> bool {
        self.model_is_unknown
    }

    fn text(&mut self, delta: &Delta) -> io::Result<()> {
        match delta {
            Delta::TextDelta(fragment) => self.answer(&fragment.delta),
            Delta::ThinkingStart(_) => {
                self.end_line()?;
                self.tell_dim("[thinking]\n")?;
            }
            Delta::ThinkingDelta(fragment) => self.tell_dim(&fragment.delta)?,
            Delta::ThinkingEnd(_) => self.tell_dim("\n[/thinking]\n")?,
            Delta::ToolcallStart(call) => {
                self.end_line()?;
                self.print(&format!("[tool call] {} ", one_line(&call.name)));
            }
            Delta::ToolcallEnd(call) => {
                self.answer(&call.arguments);
                self.end_line()?;
                if let Some(problem) = &call.problem {
                    self.aside(format!("note: the arguments could not be read: {problem}"))?;
                }
            }
            Delta::Attachment(attachment) => {
                self.aside(format!("[{}] {}", attachment.kind, attachment.value))?;
            }
            Delta::Notice(notice) => self.aside(format!("note: {}", notice.message))?,
            Delta::Done(outcome) => self.tell_done(outcome)?,
            Delta::Error(failure) => self.tell_failure(failure)?,
            // A text with citations comes in several blocks and is one text to a reader, so the end of a block ends no line.
            Delta::Start | Delta::TextStart(_) | Delta::TextEnd(_) | Delta::ToolcallDelta(_) => {}
        }
        Ok(())
    }

    /// Prints what the model said: as it is, but to a terminal without what could drive it.
    fn answer(&mut self, text: &str) {
        if self.is_for_a_terminal {
            self.print(&prose(text).to_string());
        } else {
            self.print(text);
        }
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
        asides.iter().try_for_each(|line| self.tell_line(line))
    }

    /// Tells a line as soon as no line of the answer is cut in two by it.
    fn aside(&mut self, line: String) -> io::Result<()> {
        if self.at_line_start {
            return self.tell_line(&line);
        }
        self.asides.push(line);
        Ok(())
    }

    /// Tells a line now, after what was printed before it.
    fn tell_line(&mut self, line: &str) -> io::Result<()> {
        flush(&mut self.buffer)?;
        terminal::tell_line(line);
        Ok(())
    }

    /// Tells part of a text now, after what was printed before it.
    fn tell_dim(&mut self, text: &str) -> io::Result<()> {
        flush(&mut self.buffer)?;
        terminal::tell_dim(text);
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
            self.tell_dim(&format!("[{}; {}]\n", one_line(reason), tokens(&outcome.usage)))?;
        }
        Ok(())
    }

    fn tell_failure(&mut self, turn: &TurnFailure) -> io::Result<()> {
        self.end_line()?;
        let Failure { kind, message, hint, request_id, .. } = &turn.failure;
        if matches!(kind, FailureKind::Aborted) {
            return self.tell_line("aborted; the part received before is above");
        }
        self.model_is_unknown = matches!(kind, FailureKind::ModelNotFound);
        self.tell_line(&format!("error: {message}"))?;
        if let Some(hint) = hint {
            self.tell_line(&format!("  {hint}"))?;
        }
        request_id.as_ref().map_or(Ok(()), |request_id| self.tell_line(&format!("  request id: {request_id}")))
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
