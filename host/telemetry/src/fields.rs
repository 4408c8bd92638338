//! Fields of a log line for a person. A value may be a client's or a component's text, so none can end the line or drive the
//! terminal: what it has of that kind is escaped, whichever way it is formatted. The JSON form escapes by itself.

use std::fmt::{self, Debug};

use tracing::field::Field;
use tracing_subscriber::field::{MakeExt as _, RecordFields};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::printable::one_line;

/// Formats fields as `tracing_subscriber` does: the message alone, all else as `name=value`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrintableFields;

impl<'w> FormatFields<'w> for PrintableFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        debug_fn(field).delimited(" ").format_fields(writer, fields)
    }
}

fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    if field.name() == "message" {
        return write!(writer, "{}", one_line(format_args!("{value:?}")));
    }
    // A name is this program's own.
    let name = field.name().trim_start_matches("r#");
    if writer.has_ansi_escapes() {
        write!(writer, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m")?;
    } else {
        write!(writer, "{name}=")?;
    }
    write!(writer, "{}", one_line(format_args!("{value:?}")))
}
