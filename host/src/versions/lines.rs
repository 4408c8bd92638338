//! Lines of a file that prove that they are whole and in order: each ends with a hash of itself and of the line before.

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

/// The text of a line, with its newline, and the hash that the next one follows.
pub(super) fn written(line: &Line, before: &str) -> Result<(String, String), serde_json::Error> {
    let mut text = serde_json::to_string(line)?;
    // The hash becomes the object's last member.
    text.pop();
    let sum = sum(&text, before);
    text.push_str(SUM);
    text.push_str(&sum);
    text.push_str("\"}\n");
    Ok((text, sum))
}

/// A line read back, without its newline; none when it is not what was written after `before`.
pub(super) fn read(text: &str, before: &str) -> Option<(Line, String)> {
    let (content, rest) = text.rsplit_once(SUM)?;
    let told = rest.strip_suffix("\"}")?;
    if told != sum(content, before) {
        return None;
    }
    let line = serde_json::from_str(&format!("{content}}}")).ok()?;
    Some((line, told.to_owned()))
}

fn sum(content: &str, before: &str) -> String {
    let hash = Sha256::new().chain_update(before).chain_update(content).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
