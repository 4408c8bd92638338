//! Counts what a thread allocates: what a call costs, told without a clock.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with counts.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

fn count(size: usize) {
    // A thread that ends has no counts any more.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + size as u64));
}

// SAFETY: everything is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.saturating_sub(layout.size()));
        // SAFETY: as the caller promises.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// What was allocated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocated {
    /// How often.
    pub(crate) calls: u64,
    /// Bytes, those that were given back too.
    pub(crate) bytes: u64,
}

/// What a function allocates on this thread.
pub(crate) fn allocated(function: impl FnOnce()) -> Allocated {
    let now = || (CALLS.with(Cell::get), BYTES.with(Cell::get));
    let (calls, bytes) = now();
    function();
    let after = now();
    Allocated { calls: after.0 - calls, bytes: after.1 - bytes }
}
