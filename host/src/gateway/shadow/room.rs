//! How many bytes of inputs are kept until they are compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of one request, or of the frames of one stream. A larger one is not compared.
pub(super) const PER_INPUT: usize = 4 << 20;

/// Bytes of all inputs that are kept at once, those of streams that still last among them.
pub(super) const FOR_ALL: usize = 64 << 20;

/// The bytes that are taken.
#[derive(Debug, Default)]
pub(super) struct Room(AtomicUsize);

/// Bytes that were taken; given back when this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Takes so many bytes, if there are as many left.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Option<Taken> {
        self.add(bytes).then(|| Taken { room: Arc::clone(self), bytes })
    }

    fn add(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= FOR_ALL);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
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
        self.room.0.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}
