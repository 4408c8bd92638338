//! Exit codes, and how an error is told.

use std::io::Write as _;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Exit {
    /// It did what it was asked to.
    Done,
    /// The model, the service or the checked component failed. It was told already.
    Failed,
    /// The command line or the configuration is wrong. It was told already.
    Usage,
    /// The person stopped it.
    Interrupted,
}

/// Tells an error with all its causes, and gives the exit code: 0 done, 1 the model or service failed, 2 bad usage or
/// configuration, 130 interrupted.
pub(crate) fn report(outcome: anyhow::Result<Exit>) -> ExitCode {
    match outcome {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Failed) => ExitCode::from(1),
        Ok(Exit::Usage) => ExitCode::from(2),
        Ok(Exit::Interrupted) => ExitCode::from(130),
        Err(error) => {
            // Nobody is left to tell where standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {}", sentence(&error));
            ExitCode::from(2)
        }
    }
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
