//! The conversation of a request.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};

use hyper::HeaderMap;

use crate::contract::conversation::Context;

/// A client that tells its conversations apart names them in this header.
pub(crate) const CONVERSATION_HEADER: &str = "quarry-conversation";

/// As much of the first message tells conversations apart. What follows is not read: attachments and texts have megabytes.
const READ: usize = 16 << 10;

/// What identifies a conversation: the key with what the client calls it, else with the system prompt and the first message, which
/// stay the same in each of its requests.
pub(crate) fn conversation(key: &str, headers: &HeaderMap, context: &Context) -> u64 {
    let mut hashed = Hashed { hasher: DefaultHasher::new(), left: READ };
    hashed.hasher.write(key.as_bytes());
    hashed.hasher.write_u8(0);
    match headers.get(CONVERSATION_HEADER) {
        Some(name) => hashed.hasher.write(name.as_bytes()),
        // Only `Hashed` can fail, when it has read enough.
        None => drop(write!(hashed, "{:?}", context.messages.first())),
    }
    hashed.hasher.finish()
}

/// Hashes the beginning of what is written to it.
struct Hashed {
    hasher: DefaultHasher,
    left: usize,
}

impl std::fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let read = text.len().min(self.left);
        self.hasher.write(&text.as_bytes()[..read]);
        self.left -= read;
        if self.left == 0 { Err(std::fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::{CONVERSATION_HEADER, conversation};
    use crate::contract::conversation::{Context, Message, UserBlock};

    fn of(key: &str, name: Option<&'static str>, texts: &[&str]) -> u64 {
        let mut headers = HeaderMap::new();
        if let Some(name) = name {
            headers.insert(CONVERSATION_HEADER, name.parse().expect("a value"));
        }
        let messages = texts.iter().map(|text| Message::User(vec![UserBlock::Text((*text).to_owned())])).collect();
        conversation(key, &headers, &Context { system_prompt: None, messages, tools: Vec::new() })
    }

    #[test]
    fn a_conversation_is_known_by_its_key_and_first_message() {
        assert_eq!(of("a", None, &["hello"]), of("a", None, &["hello", "and then?"]));
        assert_ne!(of("a", None, &["hello"]), of("b", None, &["hello"]));
        assert_ne!(of("a", None, &["hello"]), of("a", None, &["goodbye"]));
    }

    #[test]
    fn the_name_that_a_client_gives_counts_more() {
        assert_eq!(of("a", Some("1"), &["hello"]), of("a", Some("1"), &["goodbye"]));
        assert_ne!(of("a", Some("1"), &["hello"]), of("a", Some("2"), &["hello"]));
        assert_ne!(of("a", Some("1"), &["hello"]), of("b", Some("1"), &["hello"]));
    }

    #[test]
    fn a_long_message_is_read_in_part() {
        let long = "x".repeat(1 << 20);
        assert_eq!(of("a", None, &[&long]), of("a", None, &[&format!("{long}y")]));
    }
}
