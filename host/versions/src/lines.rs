//! Lines of a file that prove that they are whole and in order: each ends with a hash of itself and of the line before.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::event::Event;

/// The hash that the first line follows.
pub(super) const FIRST: &str = "";

/// What stands between a line's content and its hash.
const SUM: &str = ",\"sum\":\"";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The number of the line, from 1.
    pub seq: u64,
    /// When, in milliseconds since 1970 (UTC).
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Line {
    /// When it happened, as RFC 3339 writes it, to the second. Empty for a time that has no such form.
    #[must_use]
    pub fn time(&self) -> String {
        let seconds = i64::try_from(self.at / 1000).unwrap_or(i64::MAX);
        DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default()
    }
}

/// The text of a line, with its newline, and the hash that the next one follows.
pub(super) fn written(line: &Line, before: &str) -> Result<(String, String), serde_json::Error> {
    Ok(sealed(serde_json::to_string(line)?, before))
}

/// An object with its hash, which becomes its last member, and a newline; and the hash.
pub(super) fn sealed(mut text: String, before: &str) -> (String, String) {
    text.pop();
    let sum = sum(&text, before);
    text.push_str(SUM);
    text.push_str(&sum);
    text.push_str("\"}\n");
    (text, sum)
}

/// A line read back, without its newline; none when it is not what was written after `before`.
pub(super) fn read(text: &str, before: &str) -> Option<(Line, String)> {
    let (content, rest) = text.rsplit_once(SUM)?;
    let told = rest.strip_suffix("\"}")?;
    if told != sum(content, before) {
        return None;
    }
    let content = format!("{content}}}");
    let line = serde_json::from_str(&content).or_else(|_| of_a_later_quarry(&content)).ok()?;
    Some((line, told.to_owned()))
}

/// A line that is whole, about something that is known with a value that is not: what comes after it counts all the same.
fn of_a_later_quarry(content: &str) -> Result<Line, serde_json::Error> {
    #[derive(Deserialize)]
    struct Known {
        seq: u64,
        at: u64,
    }
    let Known { seq, at } = serde_json::from_str(content)?;
    Ok(Line { seq, at, event: Event::Unknown })
}

fn sum(content: &str, before: &str) -> String {
    let hash = Sha256::new().chain_update(before).chain_update(content).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
