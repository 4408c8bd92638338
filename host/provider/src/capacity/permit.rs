//! The place of a request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Bound, Capacity, Need};

/// There is no room for another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct Full {
    /// What bounds requests.
    pub bound: Bound,
    /// Requests under way.
    pub requests: usize,
    /// When there probably is room.
    pub retry_after: Duration,
}

impl std::fmt::Display for Full {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.bound {
            Bound::Concurrency => {
                write!(
                    formatter,
                    "the gateway has reached its limit of concurrent requests (quarry.limits.concurrency)"
                )
            }
            bound => write!(
                formatter,
                "the gateway is full: {} requests are in progress, the most that {} allows; try again later",
                self.requests,
                bound.name()
            ),
        }
    }
}

/// The place of a request that was admitted; given back when this and the session that holds it are dropped. The request may have
/// one session at a time.
#[derive(Debug)]
pub struct Permit {
    capacity: Arc<Capacity>,
    need: Mutex<Need>,
    since: Instant,
}

impl Permit {
    pub(super) fn new(capacity: &Arc<Capacity>, need: Need) -> Self {
        Permit { capacity: Arc::clone(capacity), need: Mutex::new(need), since: Instant::now() }
    }

    /// Makes sure that there is room for a session of another version, which may take more.
    ///
    /// # Errors
    /// When there is none now. The place stays as it was.
    pub fn cover(&self, need: Need) -> Result<(), Full> {
        let mut has = self.need.lock().unwrap_or_else(PoisonError::into_inner);
        let wants = Need { memories: has.memories.max(need.memories), bytes: has.bytes.max(need.bytes) };
        if wants != *has {
            self.capacity.grow(*has, wants)?;
            *has = wants;
        }
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let need = *self.need.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.capacity.give_back(need, self.since.elapsed());
    }
}
