//! An allocator that counts what a thread has.
#![allow(unsafe_code, reason = "an allocator is unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// What may be made of each byte of an answer: a control character is six bytes of JSON, a format has a text four times at its end,
/// and a vector that grows has room for twice as much.
const TIMES: usize = 64;

/// What may be made of any answer besides.
const BESIDE: usize = 64 << 10;

thread_local! {
    /// Bytes that this thread has, and the most that it had.
    static HELD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: it hands everything to the system's allocator, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no count any more.
        let _ = HELD.try_with(|held| {
            let now = held.get().0.saturating_add(layout.size());
            held.set((now, held.get().1.max(now)));
        });
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set((held.get().0.saturating_sub(layout.size()), held.get().1)));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs something, and checks that it never has more memory than an answer of this size accounts for.
pub(super) fn bounded<T>(size: usize, run: impl FnOnce() -> T) -> T {
    let before = HELD.with(|held| {
        held.set((held.get().0, held.get().0));
        held.get().0
    });
    let made = run();
    let most = HELD.with(Cell::get).1.saturating_sub(before);
    assert!(most <= size * TIMES + BESIDE, "an answer of {size} bytes has {most} bytes made of it");
    made
}
