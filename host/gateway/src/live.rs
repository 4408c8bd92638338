//! The list of requests under way, for operators.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::state::Gateway;
use crate::provider::Digest;

/// As many requests are listed at most, the latest: a page of thousands helps nobody.
const LISTED: usize = 100;

/// The requests under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestsUnderWay {
    /// Their number.
    pub total: usize,
    /// The latest 100 of them, the latest first.
    pub requests: Vec<RequestUnderWay>,
}

/// A request under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestUnderWay {
    /// The endpoint: `/v1/chat/completions`.
    pub endpoint: String,
    /// The *name* of the client's key; `anonymous` if none is required.
    pub key: String,
    /// Its provider version.
    pub version: Digest,
    /// When it arrived, in milliseconds since 1970.
    pub since: u64,
    /// The gateway's request id; `None` until the request was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The model as the client names it; `None` until the request was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Deltas of the answer so far.
    pub deltas: u64,
}

/// The requests under way. Its lock is held when one begins, when it ends and when they are listed, and never for a delta.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveRequests(Arc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    next: AtomicU64,
    entries: Mutex<BTreeMap<u64, Arc<Entry>>>,
}

#[derive(Debug)]
struct Entry {
    endpoint: &'static str,
    key: String,
    version: Digest,
    since: SystemTime,
    asked: OnceLock<Asked>,
    deltas: AtomicU64,
}

#[derive(Debug)]
struct Asked {
    id: String,
    model: String,
    stream: bool,
    /// The version that it got once it was read.
    version: Digest,
}

/// A request under way; it is listed until this is dropped.
#[derive(Debug)]
pub(super) struct LiveRequest {
    registry: Arc<Registry>,
    number: u64,
    entry: Arc<Entry>,
}

impl Registry {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveRequests {
    /// A request came.
    pub(super) fn enter(&self, endpoint: &'static str, key: &str, version: Digest) -> LiveRequest {
        let entry = Arc::new(Entry {
            endpoint,
            key: key.to_owned(),
            version,
            since: SystemTime::now(),
            asked: OnceLock::new(),
            deltas: AtomicU64::new(0),
        });
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.entries().insert(number, Arc::clone(&entry));
        LiveRequest { registry: Arc::clone(&self.0), number, entry }
    }

    fn list(&self) -> RequestsUnderWay {
        // Copied under the lock, told without it.
        let (total, latest): (usize, Vec<Arc<Entry>>) = {
            let entries = self.0.entries();
            (entries.len(), entries.values().rev().take(LISTED).cloned().collect())
        };
        RequestsUnderWay { total, requests: latest.iter().map(|entry| entry.told()).collect() }
    }
}

impl Entry {
    fn told(&self) -> RequestUnderWay {
        let asked = self.asked.get();
        let since = self.since.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        RequestUnderWay {
            endpoint: self.endpoint.to_owned(),
            key: self.key.clone(),
            version: asked.map_or(self.version, |asked| asked.version),
            since: u64::try_from(since).unwrap_or(u64::MAX),
            id: asked.map(|asked| asked.id.clone()),
            model: asked.map(|asked| asked.model.clone()),
            stream: asked.is_some_and(|asked| asked.stream),
            deltas: self.deltas.load(Ordering::Relaxed),
        }
    }
}

impl LiveRequest {
    /// The request was read, and got a version of the provider.
    pub(super) fn asked(&self, id: &str, model: &str, stream: bool, version: Digest) {
        // A request is read once.
        let _ = self.entry.asked.set(Asked { id: id.to_owned(), model: model.to_owned(), stream, version });
    }

    /// So many more deltas came.
    pub(super) fn deltas(&self, more: usize) {
        self.entry.deltas.fetch_add(more as u64, Ordering::Relaxed);
    }
}

impl Drop for LiveRequest {
    fn drop(&mut self) {
        self.registry.entries().remove(&self.number);
    }
}

impl Gateway {
    /// The requests under way.
    #[must_use]
    pub fn requests_under_way(&self) -> RequestsUnderWay {
        self.live.list()
    }
}

#[cfg(test)]
mod tests {
    use super::{LISTED, LiveRequests};
    use crate::provider::Digest;

    #[test]
    fn a_request_is_listed_with_what_is_known_until_it_ends() {
        let live = LiveRequests::default();
        let first = live.enter("/v1/messages", "one", Digest::of(b"a version"));
        let second = live.enter("/v1/responses", "two", Digest::of(b"a version"));
        first.asked("id", "a model", true, Digest::of(b"another version"));
        first.deltas(3);
        first.deltas(4);
        let listed = live.list();
        assert_eq!(listed.total, 2);
        let told: Vec<_> =
            listed.requests.iter().map(|told| (&*told.key, told.model.as_deref(), told.deltas)).collect();
        assert_eq!(told, [("two", None, 0), ("one", Some("a model"), 7)]);
        drop(first);
        assert_eq!(live.list().requests.len(), 1);
        drop(second);
        assert_eq!(live.list().total, 0);
    }

    #[test]
    fn all_are_counted_and_the_latest_are_listed() {
        let live = LiveRequests::default();
        let all: Vec<_> = (0..LISTED + 5).map(|at| live.enter("/", &at.to_string(), Digest::of(b""))).collect();
        let listed = live.list();
        assert_eq!((listed.total, listed.requests.len()), (LISTED + 5, LISTED));
        assert_eq!(listed.requests.first().map(|told| &*told.key), Some("104"));
        drop(all);
    }
}
