//! What goes to the terminal.

use std::io::{self, IsTerminal, Write as _};
use std::os::fd::AsFd;

/// Prints to standard output. A reader that went away (`| head`) ends the command quietly: see `exit::report`.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Tells something on standard error, where the answer is not.
pub(crate) fn tell(text: &str) {
    // Nobody is left to tell where standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Text for standard error, dim where that is a terminal and colours are wanted.
pub(crate) fn dim(text: &str) -> String {
    dim_on(&io::stderr(), text)
}

/// Text for a stream, dim where that is a terminal and colours are wanted.
pub(crate) fn dim_on(stream: &impl IsTerminal, text: &str) -> String {
    let plain = !stream.is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain { text.to_owned() } else { format!("\x1b[2m{text}\x1b[0m") }
}

/// How many columns a stream has: those that `COLUMNS` says, else those of the terminal. None for what is no terminal, where
/// nothing is cut and nothing left out, and for a terminal that does not say.
pub(crate) fn width_of(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok()).filter(|width| *width > 0);
    told.or_else(|| terminal_size::terminal_size_of(stream).map(|(terminal_size::Width(width), _)| width.into()))
}

/// Makes text safe to print: control characters of a model's or a service's text could otherwise drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            control if control.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}
