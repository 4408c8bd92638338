//! The one way to the terminal: nothing that a client, a component, a peer or a file wrote gets there but through
//! [`quarry_system::printable`].

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use quarry_system::printable::{lines, one_line, prose};
use quarry_telemetry::json_line;
use serde::Serialize;
use tracing::Level;

/// Whether standard error is a log of JSON lines.
static IS_JSON_LOG: AtomicBool = AtomicBool::new(false);

/// From now on each line of standard error is a JSON object with time and level, as the log's own lines are.
pub(crate) fn log_as_json() {
    IS_JSON_LOG.store(true, Ordering::Relaxed);
}

/// Prints lines to standard output. What is in them and is not this program's own has been through [`push_line`] or [`one_line`].
/// A reader that went away (`| head`) ends the command quietly: see `exit::report`.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print(text: &str) -> io::Result<()> {
    write(&lines(text).to_string())
}

/// Prints one line to standard output, whatever is in it.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print_line(line: &str) -> io::Result<()> {
    write(&format!("{}\n", one_line(line)))
}

/// Prints the head of a table: dim where standard output is a terminal and colours are wanted.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print_head(line: &str) -> io::Result<()> {
    write(&format!("{}\n", dim(&io::stdout(), &one_line(line).to_string())))
}

/// Prints a document that is for programs as well: as it is, but to a terminal without what could drive it.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print_document(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() { write(&prose(text).to_string()) } else { write(text) }
}

/// Prints a JSON document.
///
/// # Errors
/// When the value has no JSON form, or standard output cannot be written to.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print_document(&format!("{}\n", serde_json::to_string_pretty(value)?))?;
    Ok(())
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Adds a line to a text that is printed or told, whatever is in the line.
pub(crate) fn push_line(text: &mut String, line: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{}", one_line(line));
}

/// Tells lines on standard error, where the answer is not. For them holds what holds for [`print()`].
pub(crate) fn tell(text: &str) {
    if IS_JSON_LOG.load(Ordering::Relaxed) {
        text.lines().for_each(tell_line);
    } else {
        write_error(&lines(text).to_string());
    }
}

/// Tells one line on standard error, whatever is in it. A line that begins with `error:` or `warning:` has that level in a log.
pub(crate) fn tell_line(line: &str) {
    let level = match line.split_once(": ") {
        Some(("error", _)) => Level::ERROR,
        Some(("warning", _)) => Level::WARN,
        _ => Level::INFO,
    };
    tell_at(level, line, &[]);
}

/// Tells a panic, and its backtrace where there is one.
pub(crate) fn tell_panic(line: &str, backtrace: Option<&str>) {
    if IS_JSON_LOG.load(Ordering::Relaxed) {
        let members: Vec<_> = backtrace.map(|backtrace| ("backtrace", backtrace)).into_iter().collect();
        tell_at(Level::ERROR, line, &members);
    } else {
        write_error(&format!("{}\n{}", one_line(line), lines(backtrace.unwrap_or_default())));
    }
}

fn tell_at(level: Level, line: &str, more: &[(&str, &str)]) {
    if IS_JSON_LOG.load(Ordering::Relaxed) {
        // Told in a list for people, a line may be indented.
        write_error(&format!("{}\n", json_line(level, line.trim(), more)));
    } else {
        write_error(&format!("{}\n", one_line(line)));
    }
}

/// Tells part of a text that has line breaks of its own, such as a model's; dim where standard error is a terminal and colours are
/// wanted.
pub(crate) fn tell_dim(text: &str) {
    if IS_JSON_LOG.load(Ordering::Relaxed) {
        return tell(text);
    }
    write_error(&dim(&io::stderr(), &prose(text).to_string()));
}

/// Replaces what stands on the last line of standard error, which must be a terminal.
pub(crate) fn redraw(line: &str) {
    /// Back to the beginning of the line, and all of it erased.
    const ERASE: &str = "\r\x1b[K";
    if IS_JSON_LOG.load(Ordering::Relaxed) {
        return;
    }
    let line = one_line(line).to_string();
    write_error(&format!("{ERASE}{}", if line.is_empty() { line } else { dim(&io::stderr(), &line) }));
}

fn write_error(text: &str) {
    // Nobody is left to tell where standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Text for a stream, dim where that is a terminal and colours are wanted.
fn dim(stream: &impl IsTerminal, text: &str) -> String {
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
