//! A client key and its usage.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::KeyError;
use super::rate::Rate;
use crate::config::gateway::{KeyConfig, KeyHash};

/// What may stand before a model's id, as OpenClaw writes it.
const PROVIDER_PREFIX: &str = "amazon-bedrock/";

/// A key of the configuration.
#[derive(Debug)]
pub(super) struct Client {
    key: KeyConfig,
    used: Arc<Used>,
}

/// The usage of a key. It outlives a reload of the configuration.
#[derive(Debug, Default)]
struct Used {
    requests_at_once: AtomicUsize,
    rate: Rate,
}

impl Client {
    pub(super) fn new(key: &KeyConfig) -> Self {
        Client { key: key.clone(), used: Arc::default() }
    }

    /// The same key with what it has used up, under other limits.
    pub(super) fn with_limits_of(&self, key: &KeyConfig) -> Self {
        Client { key: key.clone(), used: Arc::clone(&self.used) }
    }

    /// Whether it is this key: another hash under the same name is another key, and the same hash under another name too.
    pub(super) fn is(&self, key: &KeyConfig) -> bool {
        self.key.name == key.name && self.key.hash == key.hash
    }

    pub(super) fn name(&self) -> &str {
        &self.key.name
    }

    pub(super) fn hash(&self) -> &KeyHash {
        &self.key.hash
    }

    pub(super) fn may_use(&self, model_id: &str) -> bool {
        let asked = without_provider(model_id);
        let allows = |pattern: &String| match without_provider(pattern) {
            pattern if pattern.ends_with('*') => asked.starts_with(pattern.trim_end_matches('*')),
            pattern => asked == pattern,
        };
        self.key.models.is_empty() || self.key.models.iter().any(allows)
    }

    /// Takes one of the key's places, and one of its requests a minute. A refused request takes neither.
    pub(super) fn enter(client: &Arc<Self>, now: Instant) -> Result<Slot, KeyError> {
        let name = || client.key.name.clone();
        let most = client.key.concurrency.unwrap_or(usize::MAX);
        let one_more = |at_once: usize| (at_once < most).then_some(at_once.saturating_add(1));
        client
            .used
            .requests_at_once
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .map_err(|_| KeyError::TooManyAtOnce { name: name(), most })?;
        // From here on the place is given back whatever happens.
        let slot = Slot { client: Arc::clone(client) };
        if let Some(most) = client.key.requests_per_minute {
            let taken = client.used.rate.take(most, client.key.burst.unwrap_or(most), now);
            taken.map_err(|retry_after| KeyError::TooOften { name: name(), most, retry_after })?;
        }
        Ok(slot)
    }
}

fn without_provider(model_id: &str) -> &str {
    model_id.strip_prefix(PROVIDER_PREFIX).unwrap_or(model_id)
}

/// One of a key's places. It is given back when this is dropped.
pub(super) struct Slot {
    client: Arc<Client>,
}

impl Slot {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.client.used.requests_at_once.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Slot").field(&self.client.key.name).finish()
    }
}
