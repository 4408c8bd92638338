//! What the doctor found at one step, and how it is shown.

use serde_json::{Value, json};

use crate::terminal;

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It works.
    Fine,
    /// It works, and may not be what was meant.
    Doubtful,
    /// It does not work.
    Broken,
    /// It could not be tried, because of an earlier step or as asked.
    Skipped,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Fine => "ok",
            State::Doubtful => "warning",
            State::Broken => "failed",
            State::Skipped => "skipped",
        }
    }

    fn mark(self) -> char {
        match self {
            State::Fine => '✓',
            State::Doubtful => '!',
            State::Broken => '✗',
            State::Skipped => '-',
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) step: &'static str,
    pub(super) state: State,
    /// One sentence about what is there or what is wrong.
    pub(super) message: String,
    /// The command, variable or IAM action that mends it.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn fine(step: &'static str, message: impl Into<String>) -> Self {
        Finding { step, state: State::Fine, message: message.into(), fix: None }
    }

    pub(super) fn doubtful(step: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { step, state: State::Doubtful, message: message.into(), fix: Some(fix.into()) }
    }

    pub(super) fn broken(step: &'static str, message: impl Into<String>, fix: Option<String>) -> Self {
        Finding { step, state: State::Broken, message: message.into(), fix }
    }

    pub(super) fn skipped(step: &'static str, message: impl Into<String>) -> Self {
        Finding { step, state: State::Skipped, message: message.into(), fix: None }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "step": self.step, "state": self.state.word(), "message": self.message, "fix": self.fix })
    }

    /// A line, and one below it for what to do.
    pub(super) fn text(&self) -> String {
        let Finding { step, state, message, fix } = self;
        let mut text = String::new();
        terminal::push_line(&mut text, &format!("{} {step:<12} {message}", state.mark()));
        if let Some(fix) = fix {
            terminal::push_line(&mut text, &format!("               {fix}"));
        }
        text
    }
}

/// Whether nothing is broken.
pub(super) fn is_healthy(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != State::Broken)
}
