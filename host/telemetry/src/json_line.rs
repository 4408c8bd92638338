//! A line for the log that is written beside `tracing`, in the form of its JSON lines.

use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

/// A JSON object with the time, the level and a message, without the end of the line. `more` are further members.
#[must_use]
pub fn json_line(level: Level, message: &str, more: &[(&str, &str)]) -> String {
    let mut time = String::new();
    // Writing to a text cannot fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let mut line =
        serde_json::json!({ "timestamp": time, "level": level.as_str(), "message": message, "target": "quarry" });
    for (name, value) in more {
        line[*name] = (*value).into();
    }
    line.to_string()
}
