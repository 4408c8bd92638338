//! Attachments that a client names by address: fetched once, before the request is prepared, and only where the operator
//! allowed it.
//!
//! Whoever may send a request may have the gateway connect somewhere, so what it connects to is checked: the host's name
//! against the policy, then every address that the name has, and the connection is made to a checked address and to no
//! other. No redirect is followed, no proxy of the environment is used, and nothing of the gateway's own goes out but the
//! path. Errors name the host of an address and never the rest of it, which may hold a secret.

mod connection;
mod error;
mod policy;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::rustls::ClientConfig;

pub(crate) use self::error::RemoteError;
use crate::config::gateway::RemoteConfig;
use crate::wire::responses::kept::Recalled;

/// Most addresses of one request: five times the images that Bedrock takes in one.
const MAX_ADDRESSES: usize = 100;

/// Connections of one request at once.
const CONNECTIONS: usize = 8;

/// What an address gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// The media type of its content, in lower case and without parameters, such as `image/png`.
    pub(crate) media_type: String,
    /// The content.
    pub(crate) bytes: Bytes,
}

/// Attachments by the address that they came from, and earlier answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    by_address: HashMap<String, Attachment>,
    recalled: Option<Recalled>,
}

impl Fetched {
    /// What came from an address, which is compared as text.
    #[must_use]
    pub(crate) fn get(&self, url: &str) -> Option<&Attachment> {
        self.by_address.get(url)
    }

    /// The same with the earlier answers that the request names by their ids.
    pub(crate) fn with(self, recalled: Option<Recalled>) -> Self {
        Fetched { recalled, ..self }
    }

    /// The earlier answers that the request names.
    pub(crate) fn recalled(&self) -> Option<&Recalled> {
        self.recalled.as_ref()
    }

    /// Adds what came from an address; gives what was there before.
    pub(crate) fn insert(&mut self, url: String, attachment: Attachment) -> Option<Attachment> {
        self.by_address.insert(url, attachment)
    }
}

/// Fetches what the addresses name, each once, several at a time. All of it together is bound by the policy: in bytes and
/// in time.
///
/// # Errors
/// The first failure, and nothing is fetched then. All the addresses are checked against the policy before any is resolved.
pub(crate) async fn fetch(
    policy: &RemoteConfig,
    urls: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Fetched, RemoteError> {
    fetch_trusting(policy, urls, None).await
}

/// The same over TLS that trusts what is given.
async fn fetch_trusting(
    policy: &RemoteConfig,
    urls: impl IntoIterator<Item = impl AsRef<str>>,
    trust: Option<Arc<ClientConfig>>,
) -> Result<Fetched, RemoteError> {
    let mut targets = HashMap::new();
    for url in urls {
        let url = url.as_ref();
        if !targets.contains_key(url) {
            targets.insert(url.to_owned(), policy::Target::within(policy, url)?);
        }
    }
    if targets.len() > MAX_ADDRESSES {
        return Err(RemoteError::TooMany { count: targets.len(), limit: MAX_ADDRESSES });
    }
    let deadline = Deadline { at: Instant::now() + policy.timeout, timeout: policy.timeout };
    let budget = Arc::new(Budget { left: AtomicUsize::new(policy.max_bytes), limit: policy.max_bytes });
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    // Dropping the set, because of a failure or because the client is gone, ends what still runs.
    let mut fetching = JoinSet::new();
    for (url, target) in targets {
        let (budget, connections, trust) = (Arc::clone(&budget), Arc::clone(&connections), trust.clone());
        fetching.spawn(async move {
            let host = target.host.clone();
            let fetched = async {
                // The semaphore is never closed; without a permit there would only be more connections.
                let _permit = connections.acquire().await;
                connection::get(&target, &budget, trust).await
            };
            let timed = tokio::time::timeout_at(deadline.at, fetched).await;
            let attachment = timed.map_err(|_| RemoteError::Timeout { host, limit: deadline.timeout })??;
            Ok((url, attachment))
        });
    }
    let mut all = Fetched::default();
    while let Some(fetched) = fetching.join_next().await {
        let (url, attachment) = fetched.map_err(|_| RemoteError::Stopped)??;
        all.insert(url, attachment);
    }
    Ok(all)
}

/// Until when everything is to be there.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    at: Instant,
    timeout: Duration,
}

/// The bytes that may still come, for all addresses of a request together.
#[derive(Debug)]
struct Budget {
    left: AtomicUsize,
    limit: usize,
}

impl Budget {
    /// Whether so many bytes more may come.
    fn has(&self, bytes: u64) -> bool {
        usize::try_from(bytes).is_ok_and(|bytes| bytes <= self.left.load(Ordering::Relaxed))
    }

    /// Takes bytes that came; false when they are too many.
    fn take(&self, bytes: usize) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}
