//! What a provider can do to its host, but for what it gives back.

use core::sync::atomic::{AtomicBool, Ordering};

/// Whether `prepare` ran in this instance before. Where a turn goes on in the instance that prepared it, as in `quarry chat`, its
/// replay does not: so a provider whose `prepare` leaves something bad behind fails once, and is well when it is replayed.
pub static HAS_PREPARED: AtomicBool = AtomicBool::new(false);

/// Something that no provider should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misdeed {
    /// `loop`: it does not return.
    Loop,
    /// `memory`: it takes all the memory there is.
    Memory,
    /// `recursion`: it calls itself without end.
    Recursion,
    /// `trap`: it ends itself.
    Trap,
    /// `once`: it ends itself in an instance that prepared a request, and in no other.
    Once,
    /// `lean`: it takes 40 MiB; where the machine has none it does not return.
    Lean,
    /// `handles`: it makes resources and keeps them.
    Handles,
    /// `gigabytes`: it gives back more than anybody asked for.
    Gigabytes,
    /// `elsewhere`: it tries to have something sent elsewhere.
    Elsewhere,
    /// `silent`: it gives back nothing, and does not say how the turn ended.
    Silent,
    /// `blobs`: it makes a request of the first attachment alone, as often as the number says.
    Blobs,
    /// `spin`: with each event it does as many million times nothing as the number says, which is less than its deadline.
    Spin,
    /// `json`: it makes a request of as many MiB as the number says.
    Json,
}

impl Misdeed {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "loop" => Misdeed::Loop,
            "memory" => Misdeed::Memory,
            "recursion" => Misdeed::Recursion,
            "trap" => Misdeed::Trap,
            "once" => Misdeed::Once,
            "lean" => Misdeed::Lean,
            "handles" => Misdeed::Handles,
            "gigabytes" => Misdeed::Gigabytes,
            "elsewhere" => Misdeed::Elsewhere,
            "silent" => Misdeed::Silent,
            "blobs" => Misdeed::Blobs,
            "spin" => Misdeed::Spin,
            "json" => Misdeed::Json,
            _ => return None,
        })
    }

    /// Does it, where it is done by a function alone.
    pub fn commit(self) {
        match self {
            Misdeed::Loop => never_return(),
            Misdeed::Memory => take_memory(),
            Misdeed::Recursion => drop(core::hint::black_box(recurse(1))),
            Misdeed::Trap => panic!("it was told to"),
            Misdeed::Lean if !is_there_memory() => never_return(),
            Misdeed::Once if HAS_PREPARED.load(Ordering::Relaxed) => panic!("it has prepared a request before"),
            Misdeed::Once
            | Misdeed::Lean
            | Misdeed::Handles
            | Misdeed::Gigabytes
            | Misdeed::Silent
            | Misdeed::Elsewhere
            | Misdeed::Blobs
            | Misdeed::Spin
            | Misdeed::Json => {}
        }
    }
}

/// Does not return.
pub(crate) fn never_return() {
    spin(u64::MAX);
}

/// Does nothing, so many times.
pub(crate) fn spin(times: u64) {
    let mut turns = 0_u64;
    while core::hint::black_box(turns) < times {
        turns = core::hint::black_box(turns) + 1;
    }
}

fn take_memory() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(core::hint::black_box(vec![1; 1 << 20]));
    }
}

/// Whether the machine has 40 MiB for it, which are within what a provider may take.
fn is_there_memory() -> bool {
    let mut place: Vec<u8> = Vec::new();
    let there = place.try_reserve_exact(40 << 20).is_ok();
    core::hint::black_box(&mut place);
    there
}

/// Every call needs its own place on the stack: what comes back is used.
fn recurse(depth: u64) -> u64 {
    let place = core::hint::black_box([depth; 64]);
    if core::hint::black_box(true) { recurse(place[0] + 1).wrapping_add(place[63]) } else { depth }
}
