//! Thinking's signature as one opaque text, for formats whose clients keep one text beside thinking and nothing else.
//!
//! It holds what the provider needs to send the thinking back: the signature, whether the service redacted it, and which
//! model it is from. The model counts because a fallback may have answered, or an alias may stand for another model by now,
//! and a signature of one model makes the request of another fail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The prefix of a token. Neither Bedrock's signatures (base64) nor other services' have a dot.
const PREFIX: &str = "quarry.v1.";

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ThinkingToken {
    /// The id of the model that thought.
    pub(crate) model: String,
    /// The signature; for redacted thinking the base64 of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
    /// Whether the service redacted it.
    #[serde(default)]
    pub(crate) redacted: bool,
}

impl ThinkingToken {
    /// The token as text.
    pub(crate) fn write(&self) -> String {
        // A record of texts and a flag always has a JSON form; without it the token would say nothing.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut text = PREFIX.to_owned();
        STANDARD.encode_string(json, &mut text);
        text
    }

    /// Reads a token; none when the text is not one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_slice(&STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let token = ThinkingToken {
            model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned(),
            signature: Some("AQI/+w==".to_owned()),
            redacted: true,
        };
        assert_eq!(ThinkingToken::read(&token.write()), Some(token));
        for other in ["", "AQI/+w==", "quarry.v1.", "quarry.v1.!", "quarry.v1.e30="] {
            assert_eq!(ThinkingToken::read(other), None, "{other}");
        }
    }
}
