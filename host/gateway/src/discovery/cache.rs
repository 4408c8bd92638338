//! The cache of listings: in memory, with a time to live, and one flight for listings of the same key; behind the memory there
//! may be a store that outlives the process or is shared with others.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;

use super::store::{ListingStore, StoredListing};

/// How much a cache keeps. Above either bound the oldest values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    /// Values.
    pub entries: usize,
    /// Bytes of keys and values together. The foundation models of a region take about 300 KB.
    pub bytes: usize,
}

impl Default for CacheLimits {
    /// 1,024 values, 16 MiB.
    fn default() -> Self {
        CacheLimits { entries: 1024, bytes: 16 << 20 }
    }
}

/// A cache of the pages of listings. Clones share it, whatever version of a provider reads them.
///
/// **One flight.** A listing that reads a key and finds nothing fresh under it gets a [`Flight`]. Until that ends, others that
/// read the same key wait. Once a value is stored, all that wait get it, even one that is not kept; when the flight ends
/// without one, exactly one of them gets the next flight and the others wait for that.
///
/// **Old values** stay, marked stale, until a newer one or the bounds push them out: a provider may fall back on them.
///
/// **A store** behind the memory is asked within the flight, so once for all that wait, and gets what is listed. While it is
/// away the memory is what there is.
///
/// The lock is held for look-ups only, never while anybody waits.
#[derive(Clone)]
pub struct DiscoveryCache {
    shared: Arc<Shared>,
}

/// A value to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Its key.
    pub key: String,
    /// How long it stays fresh, in seconds, from the start of the listing.
    pub ttl: u64,
    /// The value.
    pub value: Vec<u8>,
}

/// A value that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The value.
    pub value: Vec<u8>,
    /// Whether its time to live has passed.
    pub stale: bool,
    /// Its age in seconds.
    pub age: u64,
}

struct Shared {
    limits: CacheLimits,
    store: Option<Arc<dyn ListingStore>>,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<String, Entry>,
    bytes: usize,
    flights: BTreeMap<String, InFlight>,
    flights_so_far: u64,
}

struct Entry {
    value: Vec<u8>,
    began: Instant,
    expires: Instant,
}

struct InFlight {
    number: u64,
    landing: watch::Sender<Option<Arc<Landed>>>,
}

/// What a flight brought to those that wait for it.
struct Landed {
    value: Vec<u8>,
    began: Instant,
}

/// What a read found.
#[derive(Debug)]
pub struct Reading {
    /// The value, if there is one.
    pub cached: Option<Cached>,
    /// There where nothing fresh was found: others wait until it is dropped or a value is stored.
    pub flight: Option<Flight>,
}

/// The right and duty to bring a value for a key. Dropping it lets the next listing try.
pub struct Flight {
    shared: Arc<Shared>,
    key: String,
    number: u64,
}

impl Default for DiscoveryCache {
    fn default() -> Self {
        Self::new(CacheLimits::default())
    }
}

impl DiscoveryCache {
    /// An empty cache.
    #[must_use]
    pub fn new(limits: CacheLimits) -> Self {
        Self::with_clock(limits, Instant::now)
    }

    /// An empty cache with a store behind it, if there is one.
    #[must_use]
    pub fn before(store: Option<Arc<dyn ListingStore>>) -> Self {
        DiscoveryCache { shared: Shared::new(CacheLimits::default(), store, Box::new(Instant::now)) }
    }

    /// An empty cache with a clock of its own.
    #[must_use]
    pub fn with_clock(limits: CacheLimits, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        DiscoveryCache { shared: Shared::new(limits, None, Box::new(clock)) }
    }

    /// The time on the cache's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        (self.shared.clock)()
    }

    /// What lies under a key now. Waits for nobody.
    #[must_use]
    pub fn look(&self, key: &str) -> Option<Cached> {
        let now = self.now();
        self.shared.state().entries.get(key).map(|entry| entry.at(now))
    }

    /// Reads a key, from memory and then from the store. Waits while another listing is about to bring a value for it.
    pub async fn read(&self, key: &str) -> Reading {
        let reading = self.read_memory(key).await;
        match (&self.shared.store, reading.flight) {
            (Some(store), Some(flight)) => match store.get(key).await {
                Some(stored) => self.admit(stored, flight),
                None => Reading { cached: reading.cached, flight: Some(flight) },
            },
            (_, flight) => Reading { cached: reading.cached, flight },
        }
    }

    /// Takes into memory what the store has. A fresh listing ends the flight.
    fn admit(&self, stored: StoredListing, flight: Flight) -> Reading {
        let StoredListing { value, ttl, .. } = &stored;
        let age = stored.age(SystemTime::now());
        let is_fresh = age < Duration::from_secs(*ttl);
        let mut cached = Cached { value: value.clone(), stale: !is_fresh, age: age.as_secs() };
        if let Some(began) = self.now().checked_sub(age) {
            let entry = CacheEntry { key: flight.key.clone(), ttl: *ttl, value: stored.value };
            self.shared.keep(entry, began, is_fresh);
            // A value of this process may be newer than that of the store, if both are past their time.
            cached = self.look(&flight.key).filter(|newest| newest.age < cached.age).unwrap_or(cached);
        }
        Reading { flight: cached.stale.then_some(flight), cached: Some(cached) }
    }

    async fn read_memory(&self, key: &str) -> Reading {
        loop {
            let mut landing = {
                let now = self.now();
                let mut state = self.shared.state();
                let cached = state.entries.get(key).map(|entry| entry.at(now));
                if cached.as_ref().is_some_and(|cached| !cached.stale) {
                    return Reading { cached, flight: None };
                }
                match state.flights.get(key) {
                    Some(flight) => flight.landing.subscribe(),
                    None => {
                        let number = state.take_off(key);
                        let flight = Flight { shared: Arc::clone(&self.shared), key: key.to_owned(), number };
                        return Reading { cached, flight: Some(flight) };
                    }
                }
            };
            // An error says that the flight ended without a value.
            if landing.changed().await.is_ok()
                && let Some(landed) = landing.borrow().as_deref()
            {
                // It was listed while this reader waited, so it is fresh to it, whatever its time to live.
                let age = age(landed.began, self.now());
                return Reading {
                    cached: Some(Cached { value: landed.value.clone(), stale: false, age }),
                    flight: None,
                };
            }
        }
    }

    /// Stores a value in memory, gives it to all that wait for it, and puts it into the store, if there is one.
    pub async fn write(&self, entry: CacheEntry, began: Instant) {
        let age = self.now().saturating_duration_since(began);
        let listing = self.shared.store.as_ref().map(|_| (entry.key.clone(), entry.ttl, entry.value.clone()));
        self.store(entry, began);
        if let (Some(store), Some((key, ttl, value))) = (&self.shared.store, listing)
            && let Some(began) = SystemTime::now().checked_sub(age)
        {
            store.put(&key, &StoredListing { value, began, ttl }).await;
        }
    }

    /// Stores a value in memory, and gives it to all that wait for it. Its time to live counts from the moment that its listing
    /// began. A value that is too big, or whose time to live leads beyond what the clock can tell, is not kept.
    pub fn store(&self, entry: CacheEntry, began: Instant) {
        self.shared.keep(entry, began, true);
    }
}

impl Shared {
    fn new(
        limits: CacheLimits,
        store: Option<Arc<dyn ListingStore>>,
        clock: Box<dyn Fn() -> Instant + Send + Sync>,
    ) -> Arc<Self> {
        Arc::new(Shared { limits, store, clock, state: Mutex::default() })
    }

    /// Keeps a value. One that `lands` is what all wait for.
    fn keep(&self, entry: CacheEntry, began: Instant, lands: bool) {
        let CacheEntry { key, ttl, value } = entry;
        let mut state = self.state();
        if lands && let Some(flight) = state.flights.remove(&key) {
            flight.landing.send_replace(Some(Arc::new(Landed { value: value.clone(), began })));
        }
        if state.entries.get(&key).is_some_and(|present| present.began > began) {
            return;
        }
        state.remove(&key);
        if let Some(expires) = began.checked_add(Duration::from_secs(ttl)) {
            state.insert(key, Entry { value, began, expires }, self.limits);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_off(&mut self, key: &str) -> u64 {
        self.flights_so_far += 1;
        let number = self.flights_so_far;
        self.flights.insert(key.to_owned(), InFlight { number, landing: watch::Sender::new(None) });
        number
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= size(key, &entry);
        }
    }

    fn insert(&mut self, key: String, entry: Entry, limits: CacheLimits) {
        let added = size(&key, &entry);
        if added > limits.bytes || limits.entries == 0 {
            return;
        }
        while self.entries.len() >= limits.entries || self.bytes + added > limits.bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.began).map(|(key, _)| key.clone());
            match oldest {
                Some(oldest) => self.remove(&oldest),
                None => break,
            }
        }
        self.bytes += added;
        self.entries.insert(key, entry);
    }
}

impl Entry {
    fn at(&self, now: Instant) -> Cached {
        Cached { value: self.value.clone(), stale: now >= self.expires, age: age(self.began, now) }
    }
}

fn size(key: &str, entry: &Entry) -> usize {
    key.len() + entry.value.len()
}

/// Whole seconds.
fn age(began: Instant, now: Instant) -> u64 {
    now.saturating_duration_since(began).as_secs()
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        // A stored value has ended it already, and the key may be on its next flight.
        if state.flights.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            state.flights.remove(&self.key);
        }
    }
}

impl fmt::Debug for DiscoveryCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        formatter
            .debug_struct("DiscoveryCache")
            .field("entries", &state.entries.len())
            .field("bytes", &state.bytes)
            .field("flights", &state.flights.len())
            .field("store", &self.shared.store)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Flight").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
