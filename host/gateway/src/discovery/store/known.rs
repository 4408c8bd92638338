//! What a process has put into a shared store, so that it can be put there again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::StoredListing;

/// How many listings are known. Above it the oldest go.
const MOST_LISTINGS: usize = 64;

/// How many bytes they may have together. Above it the oldest go.
const MOST_BYTES: usize = 8 << 20;

/// The newest listing of each key that was put.
#[derive(Debug, Default)]
pub(super) struct Known {
    listings: BTreeMap<String, Arc<StoredListing>>,
    changes: u64,
}

impl Known {
    /// A listing was put.
    pub(super) fn insert(&mut self, key: &str, listing: &StoredListing) {
        if self.listings.get(key).is_some_and(|known| known.began > listing.began) {
            return;
        }
        self.changes += 1;
        self.listings.insert(key.to_owned(), Arc::new(listing.clone()));
        while self.listings.len() > MOST_LISTINGS || self.bytes() > MOST_BYTES {
            let oldest = self.listings.iter().min_by_key(|(_, listing)| listing.began).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.listings.remove(&oldest);
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<(String, Arc<StoredListing>)> {
        self.listings.iter().map(|(key, listing)| (key.clone(), Arc::clone(listing))).collect()
    }

    /// How often something was put: the same number says that nothing was put in between.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    fn bytes(&self) -> usize {
        self.listings.iter().map(|(key, listing)| key.len() + listing.value.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn listing(second: u64, bytes: usize) -> StoredListing {
        StoredListing { value: vec![0; bytes], began: UNIX_EPOCH + Duration::from_secs(second), ttl: 60 }
    }

    #[test]
    fn the_newest_are_known_within_the_bounds() {
        let mut known = Known::default();
        known.insert("a", &listing(5, 1));
        known.insert("a", &listing(4, 2));
        assert_eq!((known.changes(), known.bytes()), (1, 2), "a slow listing does not replace a later one");
        for second in 0..100 {
            known.insert(&second.to_string(), &listing(10 + second, 1));
        }
        assert_eq!(known.all().len(), MOST_LISTINGS);
        assert!(known.all().iter().all(|(_, listing)| listing.began >= UNIX_EPOCH + Duration::from_secs(46)));
        known.insert("large", &listing(1000, MOST_BYTES - 5));
        assert_eq!(known.all().len(), 1);
        known.insert("too large", &listing(2000, MOST_BYTES));
        assert!(known.all().is_empty());
    }
}
