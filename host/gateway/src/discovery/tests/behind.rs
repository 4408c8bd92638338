//! Listings with a store behind the memory of the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::super::store::{ListingStore, StoredListing};
use super::*;

/// A store that remembers what was put, and counts how often it was asked.
#[derive(Debug, Default)]
struct Remembering {
    listings: Mutex<BTreeMap<String, StoredListing>>,
    asked: AtomicUsize,
}

impl ListingStore for Remembering {
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<StoredListing>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.listings.lock().expect("nobody panicked").get(key).cloned();
        Box::pin(async move {
            sleep(Duration::from_millis(1)).await;
            found
        })
    }

    fn put<'a>(&'a self, key: &'a str, listing: &'a StoredListing) -> Boxed<'a, ()> {
        self.listings.lock().expect("nobody panicked").insert(key.to_owned(), listing.clone());
        Box::pin(std::future::ready(()))
    }
}

impl Remembering {
    /// Makes all listings older.
    fn age(&self, seconds: u64) {
        for listing in self.listings.lock().expect("nobody panicked").values_mut() {
            listing.began -= Duration::from_secs(seconds);
        }
    }
}

/// What one process after the other, with no memory but the store, gets its listing from.
async fn source_of(store: &Arc<Remembering>, account: &'static str, failing: usize) -> &'static str {
    let cache = DiscoveryCache::before(Some(Arc::clone(store) as Arc<dyn ListingStore>));
    let plane = Slow { account: Some(account), failing, ..Slow::default() };
    state_of(60, &plane, &cache).await
}

#[tokio::test(start_paused = true)]
async fn a_store_outlives_the_memory_and_is_for_one_account_and_every_version() {
    let store = Arc::new(Remembering::default());
    assert_eq!(source_of(&store, "mine", 1).await, "failed", "and nothing is kept of it");
    assert_eq!(source_of(&store, "mine", 0).await, "live");
    assert_eq!(source_of(&store, "mine", 1).await, "cache");
    assert_eq!(source_of(&store, "yours", 0).await, "live");
    store.age(58);
    assert_eq!(source_of(&store, "mine", 1).await, "cache");
    store.age(2);
    assert_eq!(source_of(&store, "mine", 1).await, "stale");
    assert_eq!(source_of(&store, "mine", 0).await, "live");
    assert_eq!(source_of(&store, "mine", 1).await, "cache");
    let keys: Vec<String> = store.listings.lock().expect("nobody panicked").keys().cloned().collect();
    assert_eq!(keys.len(), 2);
    assert!(
        keys.iter().all(|key| key.ends_with(" us-east-1 ListFoundationModels") && !key.contains("mine")),
        "{keys:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_store_has_is_read_once_for_all_that_wait_and_then_remembered() {
    let store = Arc::new(Remembering::default());
    assert_eq!(source_of(&store, "mine", 0).await, "live");
    store.age(20);
    let asked = store.asked.load(Ordering::SeqCst);
    let cache = DiscoveryCache::before(Some(Arc::clone(&store) as Arc<dyn ListingStore>));
    let key = format!("{} us-east-1 ListFoundationModels", AccountIdentity::of("", "test", "mine"));
    let readings = (0..20).map(|_| -> Boxed<'_, _> { Box::pin(cache.read(&key)) }).collect();
    for reading in concurrently(readings).await {
        let cached = reading.cached.expect("it is there");
        assert_eq!((cached.stale, reading.flight.is_none()), (false, true));
        assert!((20..25).contains(&cached.age), "its age is that of the listing: {cached:?}");
    }
    assert_eq!(store.asked.load(Ordering::SeqCst), asked + 1);
    tokio::time::advance(Duration::from_secs(40)).await;
    // The clock of the store is not the one that was advanced.
    store.age(40);
    let stale = cache.read(&key).await;
    assert!(stale.cached.expect("it is there").stale && stale.flight.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_nobody_knows_is_not_cached() {
    let (cache, plane) = (DiscoveryCache::default(), Slow { account: None, ..Slow::default() });
    for _ in 0..2 {
        assert_eq!(state_of(60, &plane, &cache).await, "live");
    }
}
