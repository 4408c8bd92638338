//! An answer on the terminal: text as it comes, or one JSON event a line.

use std::io::{self, IsTerminal as _, Write as _};

use quarry::contract::conversation::{Delta, Outcome, StopReason, TurnFailure};
use quarry::contract::types::{FailureKind, Usage};
use quarry::gateway::Sink;
use quarry::pi::events::write_event;
use quarry::pi::message::Fold;

use crate::cli::exit::Exit;
use crate::cli::terminal;

/// Where an answer goes. Text and tool calls go to standard output; thinking, notes and failures to standard error, so that
/// what is piped on is the answer alone.
pub(super) struct Output {
    fold: Fold,
    json: bool,
    buffer: Vec<u8>,
    /// Whether the last thing on standard output was the end of a line.
    at_line_start: bool,
    ended: Option<Exit>,
}

impl Output {
    pub(super) fn new(fold: Fold, json: bool) -> Self {
        Output { fold, json, buffer: Vec::new(), at_line_start: true, ended: None }
    }

    /// How the turn ended.
    pub(super) fn exit(&self) -> Exit {
        self.ended.unwrap_or(Exit::Failed)
    }

    fn text(&mut self, delta: &Delta) {
        match delta {
            Delta::TextDelta(fragment) => self.print(&terminal::printable(&fragment.delta)),
            Delta::TextEnd(_) => self.end_line(),
            Delta::ThinkingStart(_) => terminal::tell_dim("[thinking]\n"),
            Delta::ThinkingDelta(fragment) => terminal::tell_dim(&terminal::printable(&fragment.delta)),
            Delta::ThinkingEnd(_) => terminal::tell_dim("\n[/thinking]\n"),
            Delta::ToolcallStart(call) => {
                self.end_line();
                self.print(&format!("[tool call] {} ", terminal::printable(&call.name)));
            }
            Delta::ToolcallEnd(call) => {
                self.print(&terminal::printable(&call.arguments));
                self.end_line();
                if let Some(problem) = &call.problem {
                    terminal::tell(&format!(
                        "note: the arguments could not be read: {}\n",
                        terminal::printable(problem)
                    ));
                }
            }
            Delta::Attachment(attachment) => {
                let value = terminal::printable(&attachment.value);
                terminal::tell_dim(&format!("[{}] {value}\n", terminal::printable(&attachment.kind)));
            }
            Delta::Notice(notice) => terminal::tell(&format!("note: {}\n", terminal::printable(&notice.message))),
            Delta::Done(outcome) => self.tell_done(outcome),
            Delta::Error(failure) => self.tell_failure(failure),
            Delta::Start | Delta::TextStart(_) | Delta::ToolcallDelta(_) => {}
        }
    }

    fn print(&mut self, text: &str) {
        if let Some(last) = text.chars().next_back() {
            self.at_line_start = last == '\n';
            self.buffer.extend_from_slice(text.as_bytes());
        }
    }

    fn end_line(&mut self) {
        if !self.at_line_start {
            self.print("\n");
        }
    }

    fn tell_done(&mut self, outcome: &Outcome) {
        self.end_line();
        let reason = match &outcome.reason {
            StopReason::Stop => "stop",
            StopReason::Length => "cut off at the token limit",
            StopReason::ToolUse => "waiting for tool results",
            StopReason::Other(other) => other,
        };
        if io::stderr().is_terminal() || matches!(outcome.reason, StopReason::Length) {
            terminal::tell_dim(&format!("[{reason}; {}]\n", tokens(&outcome.usage)));
        }
    }

    fn tell_failure(&mut self, turn: &TurnFailure) {
        self.end_line();
        // What came before belongs before the error.
        let _ = flush(&mut self.buffer);
        let failure = &turn.failure;
        terminal::tell(&format!("error: {}\n", terminal::printable(&failure.message)));
        if let Some(hint) = &failure.hint {
            terminal::tell(&format!("  {}\n", terminal::printable(hint)));
        }
        if let Some(request_id) = &failure.request_id {
            terminal::tell(&format!("  request id: {}\n", terminal::printable(request_id)));
        }
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
                self.text(delta);
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
