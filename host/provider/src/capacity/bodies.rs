//! How many bytes the bodies of requests may have together: no client, and not all of them, can fill the memory with uploads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All bodies under way together have room for as many of the largest size (`quarry.limits.bodyBytes`).
const BODIES: usize = 8;

/// The bodies of one key have half of that, so that one client leaves room for the others.
const SHARE: usize = 2;

/// The bytes that bodies under way have taken, by the name of the client's key.
#[derive(Debug, Clone, Default)]
pub struct BodyBudget(Arc<Mutex<HashMap<String, usize>>>);

/// The bytes of one body; given back when this is dropped.
#[derive(Debug)]
pub struct BodyBytes {
    budget: BodyBudget,
    key: String,
    shared: bool,
    taken: usize,
}

/// There is no room for more of a body now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory for request bodies is in use; try again later")]
pub struct NoRoom;

impl BodyBudget {
    /// For a body of a request of this key. `shared` says whether other clients use the gateway too.
    #[must_use]
    pub fn body(&self, key: &str, shared: bool) -> BodyBytes {
        BodyBytes { budget: self.clone(), key: key.to_owned(), shared, taken: 0 }
    }

    /// Bytes that all bodies may have, where one has at most `largest`.
    #[must_use]
    pub fn most(largest: usize) -> usize {
        largest.saturating_mul(BODIES)
    }

    /// Bytes that they have.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.by_key().values().sum()
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyBytes {
    /// Takes room for so many bytes more, where a body has at most `largest`.
    ///
    /// # Errors
    /// When all bodies, or those of this key, have taken theirs.
    pub fn take(&mut self, more: usize, largest: usize) -> Result<(), NoRoom> {
        let all = BodyBudget::most(largest);
        let mut taken = self.budget.by_key();
        let of_all: usize = taken.values().sum();
        let of_key = taken.get(&self.key).copied().unwrap_or_default();
        let room_of_key = if self.shared { (all / SHARE).saturating_sub(of_key) } else { all };
        if more > all.saturating_sub(of_all).min(room_of_key) {
            return Err(NoRoom);
        }
        *taken.entry(self.key.clone()).or_default() += more;
        self.taken += more;
        Ok(())
    }

    /// Bytes that the body has.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Gives so many bytes back.
    pub fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.taken);
        self.taken -= bytes;
        let mut taken = self.budget.by_key();
        if let Some(of_key) = taken.get_mut(&self.key) {
            *of_key = of_key.saturating_sub(bytes);
            if *of_key == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

impl Drop for BodyBytes {
    fn drop(&mut self) {
        self.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyBudget, NoRoom};

    #[test]
    fn one_key_leaves_room_for_others_and_gives_back_what_it_took() {
        let budget = BodyBudget::default();
        let mut greedy: Vec<_> = (0..5).map(|_| budget.body("a", true)).collect();
        assert!(greedy[..4].iter_mut().all(|body| body.take(10, 10).is_ok()));
        assert_eq!(greedy[4].take(1, 10), Err(NoRoom));
        let mut others: Vec<_> = ["b", "c"].iter().flat_map(|key| (0..2).map(|_| budget.body(key, true))).collect();
        assert!(others.iter_mut().all(|body| body.take(10, 10).is_ok()));
        assert_eq!(budget.body("d", true).take(1, 10), Err(NoRoom), "all of it is taken");
        drop(greedy);
        assert_eq!(budget.body("d", true).take(10, 10), Ok(()));
        drop(others);
        assert!(budget.by_key().is_empty());
    }

    #[test]
    fn without_keys_there_is_one_client() {
        let budget = BodyBudget::default();
        let mut bodies: Vec<_> = (0..9).map(|_| budget.body("anonymous", false)).collect();
        assert!(bodies[..8].iter_mut().all(|body| body.take(10, 10).is_ok()));
        assert_eq!(bodies[8].take(1, 10), Err(NoRoom));
    }
}
