//! Which prefixes of which prompts were sent before: what prompt caching needs to count.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::usage::tokens_of_json;

/// The most prefixes that are remembered; the oldest is removed first.
const MOST: usize = 4096;

/// The prefixes that ended at a cache point, with the moment when each is forgotten.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    prefixes: BTreeMap<[u8; 32], Instant>,
}

/// The tokens that a request read from the cache and wrote to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheCounts {
    /// `cacheReadInputTokens`.
    pub(crate) read: u64,
    /// `cacheWriteInputTokens`.
    pub(crate) write: u64,
    /// Whether what was written lives for an hour (`ttl: 1h`) and not for five minutes.
    pub(crate) for_an_hour: bool,
}

struct CachePoint {
    prefix: [u8; 32],
    tokens: u64,
    for_an_hour: bool,
}

impl PromptCache {
    /// Counts a request and remembers its prefixes; `None` when it has no cache point.
    pub(crate) fn count(&mut self, model_id: &str, body: &Value, now: Instant) -> Option<CacheCounts> {
        let points = cache_points(model_id, body);
        let last = points.last()?;
        self.prefixes.retain(|_, until| *until > now);
        let read =
            points.iter().rev().find(|point| self.prefixes.contains_key(&point.prefix)).map_or(0, |point| point.tokens);
        let counts = CacheCounts { read, write: last.tokens - read, for_an_hour: last.for_an_hour };
        for point in points {
            let life = if point.for_an_hour { Duration::from_secs(3600) } else { Duration::from_secs(300) };
            self.prefixes.insert(point.prefix, now + life);
        }
        while self.prefixes.len() > MOST {
            let oldest = self.prefixes.iter().min_by_key(|(_, until)| **until).map(|(prefix, _)| *prefix);
            oldest.and_then(|prefix| self.prefixes.remove(&prefix));
        }
        Some(counts)
    }
}

/// The cache points of a request in the order in which the service caches: tools, system, messages.
fn cache_points(model_id: &str, body: &Value) -> Vec<CachePoint> {
    let list = |pointer: &str| body.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let in_messages =
        list("/messages").flat_map(|message| message.get("content").and_then(Value::as_array).into_iter().flatten());
    let mut hasher = Sha256::new();
    hasher.update(model_id);
    let mut tokens = 0;
    let mut points = Vec::new();
    for block in list("/toolConfig/tools").chain(list("/system")).chain(in_messages) {
        match block.get("cachePoint") {
            Some(point) => points.push(CachePoint {
                prefix: hasher.clone().finalize().into(),
                tokens,
                for_an_hour: point.get("ttl").and_then(Value::as_str) == Some("1h"),
            }),
            None => {
                hasher.update(block.to_string());
                hasher.update([0]);
                tokens += tokens_of_json(block);
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{CacheCounts, PromptCache};

    #[test]
    fn a_prefix_is_written_once_read_after_that_and_forgotten_in_time() {
        let body = json!({"system": [{"text": "x".repeat(400)}, {"cachePoint": {"type": "default"}}], "messages": []});
        let mut cache = PromptCache::default();
        let now = Instant::now();
        let first = cache.count("m", &body, now).expect("has a cache point");
        assert!(first.write >= 100 && first.read == 0, "{first:?}");
        assert_eq!(cache.count("m", &body, now), Some(CacheCounts { read: first.write, write: 0, for_an_hour: false }));
        assert_eq!(cache.count("other", &body, now).map(|counts| counts.read), Some(0));
        let later = now + Duration::from_secs(301);
        assert_eq!(cache.count("m", &body, later), Some(first));
    }

    #[test]
    fn a_longer_conversation_reads_what_it_shares() {
        let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
        let turn = |text: &str| json!({"role": "user", "content": [{"text": text}, point]});
        let (short, long) = (json!({"messages": [turn("one")]}), json!({"messages": [turn("one"), turn("two")]}));
        let mut cache = PromptCache::default();
        let now = Instant::now();
        let first = cache.count("m", &short, now).expect("has a cache point");
        let second = cache.count("m", &long, now).expect("has cache points");
        assert_eq!(second.read, first.write);
        assert!(second.write > 0 && second.for_an_hour, "{second:?}");
    }

    #[test]
    fn without_a_cache_point_nothing_is_counted() {
        let body = json!({"messages": [{"role": "user", "content": [{"text": "hello"}]}]});
        assert_eq!(PromptCache::default().count("m", &body, Instant::now()), None);
    }
}
