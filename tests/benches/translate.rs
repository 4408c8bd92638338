//! The sandbox: making an instance, loading a component, pushing events in wasm and natively. Ratios hold within one run.
//!
//! With a core module after `--`, another state's `target/guest-build/wasm32-unknown-unknown/guest/quarry_guest.wasm`, its component
//! is pushed the same events in the same run, which says what a change of the guest costs.

mod support;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use quarry_contract::conversation::{Batch, Opening};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_guest::contract::conversation as native;
use quarry_guest::translate::Turn;
use quarry_provider_host::{AotCache, Generation, Host, Limits, Session, encode};
use support::{answer, batches, median_ns};

/// Deltas of the answer that is pushed.
const DELTAS: usize = 4_096;

fn main() {
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    let folder = tempfile::tempdir().expect("a folder");
    let cache = AotCache::new(folder.path().join("aot"));
    let generation = Generation::load(&host, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the embedded provider");
    println!("pooled instances: {}", host.pooled());

    let load = median_ns(101, 1, || {
        black_box(Generation::load(&host, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the cached provider"));
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
    // cargo says `--bench` to every bench.
    if let Some(file) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        beside(&host, &generation, Path::new(&file));
    }
}

/// The embedded provider beside that of another module: size, making an instance, pushing.
fn beside(host: &Arc<Host>, embedded: &Arc<Generation>, file: &Path) {
    let name = file.display().to_string();
    let module = std::fs::read(file).expect("the module to compare with can be read");
    let bytes = encode(&name, &module).expect("it says what it is a component of");
    let base = Generation::load(host, &name, &bytes, None).expect("it is a provider");
    println!("\nbeside {name}\n{:<29}  embedded      base     ratio", "");
    let line = |what: &str, embedded: f64, base: f64| {
        println!("{what:<29} {embedded:>9.0} {base:>9.0} {:>9.2}", embedded / base);
    };
    line("size, KiB", EMBEDDED.len() as f64 / 1024.0, bytes.len() as f64 / 1024.0);
    let (ours, theirs) = in_turn(embedded, &base, |generation| {
        median_ns(25, 1, || {
            black_box(generation.session().expect("an instance"));
        })
    });
    line("instantiate and drop, ns", ours, theirs);
    let events = answer(DELTAS);
    for size in [1, 16, 64] {
        let batches = batches(&events, size);
        let count = events.len();
        let (ours, theirs) = in_turn(embedded, &base, |generation| {
            let mut session = generation.session().expect("an instance");
            median_ns(1, count, || push_all(&mut session, &batches))
        });
        line(&format!("push, ns an event, by {size}"), ours, theirs);
    }
}

/// Medians of both, measured in turn.
fn in_turn(
    embedded: &Arc<Generation>,
    base: &Arc<Generation>,
    mut measure: impl FnMut(&Arc<Generation>) -> f64,
) -> (f64, f64) {
    let (mut ours, mut theirs): (Vec<f64>, Vec<f64>) = (0..81).map(|_| (measure(embedded), measure(base))).unzip();
    (support::median(&mut ours), support::median(&mut theirs))
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
    Opening { model: support::model(), carry: Vec::new(), request_id: None }
}
