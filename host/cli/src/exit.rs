//! Exit codes, and how an error is reported.

use std::io;
use std::process::ExitCode;

use quarry_gateway::TurnError;

use super::terminal;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The model, the service or the component under test failed.
    ///
    /// The command reported it already, as for `Usage`.
    Failed,
    /// Wrong usage, configuration or request; nothing was sent.
    Usage,
    /// Interrupted by Ctrl-C or a signal.
    Interrupted,
}

impl Exit {
    /// The code that the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        }
    }
}

/// Prints an error with all its causes, and returns the exit code.
pub(crate) fn report(outcome: anyhow::Result<Exit>) -> ExitCode {
    match outcome {
        Ok(exit) => ExitCode::from(exit.code()),
        // A reader that went away (`| head`) has what it wanted.
        Err(error) if reader_is_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::tell_line(&format!("error: {}", sentence(&error)));
            ExitCode::from(2)
        }
    }
}

/// Whether standard output was closed by its reader. Broken connections to AWS do not come here: they are a turn's outcome.
fn reader_is_gone(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(broken)
            || matches!(cause.downcast_ref::<TurnError>(), Some(TurnError::Sink(cause)) if broken(cause))
    })
}

/// The causes in one line, each once: an error that quotes its cause does not say it twice.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain() {
        let words = cause.to_string();
        if sentence.contains(&words) {
            continue;
        }
        if !sentence.is_empty() {
            sentence.push_str(": ");
        }
        sentence.push_str(&words);
    }
    sentence
}
