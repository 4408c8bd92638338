//! The sandbox: making an instance, loading a component, pushing events in wasm and natively. Ratios hold within one run.

mod support;

use std::hint::black_box;
use std::sync::Arc;

use quarry::contract::conversation::{Batch, Opening};
use quarry::provider::{AotCache, Generation, Host, Limits, Session};
use quarry_guest::contract::conversation as native;
use quarry_guest::translate::Turn;
use support::{answer, batches, median_ns};

/// Deltas of the answer that is pushed.
const DELTAS: usize = 4_096;

fn main() {
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    let folder = tempfile::tempdir().expect("a folder");
    let cache = AotCache::new(folder.path().join("aot"));
    let generation = Generation::embedded(&host, Some(&cache)).expect("the embedded provider");
    println!("pooled instances: {}", host.pooled());

    let load = median_ns(101, 1, || {
        black_box(Generation::embedded(&host, Some(&cache)).expect("the cached provider"));
    });
    println!("load from the AOT cache       {:>9.1} µs", load / 1e3);
    let instantiate = median_ns(1_001, 1, || {
        black_box(generation.session().expect("an instance"));
    });
    println!("instantiate and drop          {:>9.1} µs", instantiate / 1e3);

    println!("\npush, ns an event (median)      wasm    native     ratio");
    let events = answer(DELTAS);
    for size in [1, 4, 16, 64] {
        let batches = batches(&events, size);
        let native_batches: Vec<native::Batch> = batches.iter().map(to_native).collect();
        let mut session = generation.session().expect("an instance");
        // In turn, so that both meet the same state of the machine.
        let (mut wasm, mut natively) = (Vec::new(), Vec::new());
        for _ in 0..41 {
            wasm.push(median_ns(1, events.len(), || push_all(&mut session, &batches)));
            natively.push(median_ns(1, events.len(), || push_all_natively(&native_batches)));
        }
        let (wasm, natively) = (support::median(&mut wasm), support::median(&mut natively));
        println!("batches of {size:<3}               {wasm:>9.0} {natively:>9.0} {:>9.2}", wasm / natively);
    }
}

fn push_all(session: &mut Session, batches: &[Batch]) {
    session.open_turn(&opening()).expect("a turn");
    for batch in batches {
        black_box(session.push(batch).expect("deltas"));
    }
}

fn push_all_natively(batches: &[native::Batch]) {
    let opening = serde_json::to_value(opening()).and_then(serde_json::from_value).expect("the same shape");
    let mut turn = Turn::new(opening);
    for batch in batches {
        black_box(turn.push(batch));
    }
}

fn to_native(batch: &Batch) -> native::Batch {
    serde_json::to_value(batch).and_then(serde_json::from_value).expect("the same shape")
}

fn opening() -> Opening {
    Opening { model: support::model(), carry: Vec::new(), request_id: None, extras: Vec::new() }
}
