//! Where listings are kept beyond the memory of a process.
//!
//! What comes out of a store is foreign input: other processes, other versions and other people write there too. It is framed
//! with a version, the key and a digest; what does not fit is ignored, told, and replaced by the next listing.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::concurrently::Boxed;

mod connection;
mod disk;
mod frame;
mod known;
mod shared;

pub use disk::DiskListings;
pub use shared::{SharedListings, WrongUrl};

/// A listing as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredListing {
    /// The pages.
    pub value: Vec<u8>,
    /// When its listing began, in whole milliseconds. Its time to live counts from here.
    pub began: SystemTime,
    /// Its time to live, in seconds.
    pub ttl: u64,
}

impl StoredListing {
    /// How old it is. One that seems to come from the future, because clocks differ, has just begun.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.began).unwrap_or_default()
    }
}

/// A place that outlives the process or is shared with others.
///
/// Neither operation fails: where a store cannot be reached, there is nothing in it, and what was to be kept is not. It is told
/// in the log. A store answers within a few seconds, whatever happens to it.
pub trait ListingStore: fmt::Debug + Send + Sync {
    /// The listing under a key, fresh or stale.
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<StoredListing>>;

    /// Keeps a listing in place of the one that is there.
    fn put<'a>(&'a self, key: &'a str, listing: &'a StoredListing) -> Boxed<'a, ()>;
}
