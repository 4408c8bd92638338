//! How many bytes are kept of streams that still last, and of those that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are taken, of so many that there are.
#[derive(Debug)]
pub struct Room {
    taken: AtomicUsize,
    most: usize,
}

/// Bytes that were taken; given back when this is dropped.
#[derive(Debug)]
pub struct Taken {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Room { taken: AtomicUsize::new(0), most })
    }

    /// Takes so many bytes, if there are as many left.
    #[must_use]
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Taken> {
        self.add(bytes).then(|| Taken { room: Arc::clone(self), bytes })
    }

    fn add(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.most);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }
}

impl Taken {
    /// Takes so many bytes more. Whether there were as many.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let added = self.room.add(bytes);
        if added {
            self.bytes += bytes;
        }
        added
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}
