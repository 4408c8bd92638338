//! The cache by itself, on tokio's paused clock.

use tokio::time::advance;

use super::*;

fn entry(key: &str, ttl: u64, value: &str) -> CacheEntry {
    CacheEntry { key: key.to_owned(), ttl, value: value.into() }
}

fn found(value: &str, stale: bool, age: u64) -> Option<Cached> {
    Some(Cached { value: value.into(), stale, age })
}

#[tokio::test(start_paused = true)]
async fn a_value_is_fresh_until_its_time_is_over_and_then_stale() {
    let cache = DiscoveryCache::default();
    let began = cache.now();
    advance(Duration::from_secs(20)).await;
    cache.store(entry("key", 60, "value"), began);
    assert_eq!(cache.look("key"), found("value", false, 20));
    advance(Duration::from_millis(39_999)).await;
    assert_eq!(cache.read("key").await.cached, found("value", false, 59));
    advance(Duration::from_millis(1)).await;
    let reading = cache.read("key").await;
    assert_eq!(reading.cached, found("value", true, 60));
    assert!(reading.flight.is_some(), "who reads a stale value is to bring a new one");
    assert_eq!(cache.look("other"), None);
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_beyond_the_clock_is_not_kept() {
    let cache = DiscoveryCache::default();
    cache.store(entry("key", 1, "old"), cache.now());
    advance(Duration::from_secs(1)).await;
    cache.store(entry("key", u64::MAX, "new"), cache.now());
    assert_eq!(cache.look("key"), None, "an older value would be wrong in its place");
}

#[tokio::test(start_paused = true)]
async fn the_oldest_values_go_when_there_are_too_many() {
    let cache = DiscoveryCache::new(CacheLimits { entries: 2, bytes: 20 });
    for (key, value) in [("a", "1"), ("b", "2"), ("c", "3")] {
        cache.store(entry(key, 60, value), cache.now());
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!((cache.look("a"), cache.look("b").is_some(), cache.look("c").is_some()), (None, true, true));
    // 15 and one bytes: with the 2 of `c` and the 2 of `b` it is 20.
    cache.store(entry("b", 60, "fifteen bytes.."), cache.now());
    assert!(cache.look("b").is_some() && cache.look("c").is_some());
    advance(Duration::from_secs(1)).await;
    cache.store(entry("c", 60, "five."), cache.now());
    assert!(cache.look("b").is_none() && cache.look("c").is_some());
    cache.store(entry("d", 60, "this value is too big"), cache.now());
    assert!(cache.look("d").is_none() && cache.look("c").is_some());
    assert_eq!(cache.shared.state().bytes, 6);
}

#[tokio::test(start_paused = true)]
async fn a_slow_listing_does_not_replace_what_a_later_one_stored() {
    let cache = DiscoveryCache::default();
    let slow = cache.now();
    advance(Duration::from_secs(5)).await;
    cache.store(entry("key", 60, "later"), cache.now());
    cache.store(entry("key", 60, "slow"), slow);
    assert_eq!(cache.look("key"), found("later", false, 0));
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_get_a_value_that_is_not_kept() {
    let cache = DiscoveryCache::new(CacheLimits { entries: 0, bytes: 0 });
    let first = cache.read("key").await;
    assert!(first.flight.is_some());
    let (second, ()) = tokio::join!(cache.read("key"), async {
        tokio::task::yield_now().await;
        cache.store(entry("key", 60, "value"), cache.now());
    });
    assert_eq!(second.cached, found("value", false, 0));
    assert!(second.flight.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_flight_that_has_ended_does_not_end_the_next_one() {
    let cache = DiscoveryCache::default();
    let first = cache.read("key").await;
    // Someone that did not read the key stores it, already over, so the next reader takes off again.
    cache.store(entry("key", 0, "value"), cache.now());
    let second = cache.read("key").await;
    assert!(first.flight.is_some() && second.flight.is_some());
    drop(first);
    let third = tokio::time::timeout(Duration::from_secs(1), cache.read("key")).await;
    assert!(third.is_err(), "the second listing is still under way");
    drop(second);
    assert!(cache.read("key").await.flight.is_some());
}

#[tokio::test]
async fn the_clock_can_be_another_one() {
    let base = Instant::now();
    let time = Arc::new(Mutex::new(base));
    let clock = Arc::clone(&time);
    let read = move || *clock.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = DiscoveryCache::with_clock(CacheLimits::default(), read);
    cache.store(entry("key", 60, "value"), cache.now());
    *time.lock().unwrap_or_else(PoisonError::into_inner) = base + Duration::from_secs(61);
    assert_eq!(cache.look("key"), found("value", true, 61));
}
