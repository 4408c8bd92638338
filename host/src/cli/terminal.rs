//! What goes to the terminal.

use std::io::{self, IsTerminal as _, Write as _};

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
    let plain = !io::stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain { text.to_owned() } else { format!("\x1b[2m{text}\x1b[0m") }
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
