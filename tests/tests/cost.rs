//! Whatever a call gets much of, it costs at most in proportion, and a request takes no more memory than the host reckons.

#[path = "../guests/building.rs"]
mod building;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quarry_conformance::component::Component;
use quarry_conformance::cost::{self, inputs};
use quarry_embedded::EMBEDDED;
use quarry_provider_host::{AotCache, Generation, Host, Limits, RequestMemory};

/// A provider in a host that counts its steps. How long a call takes is not what is tested, nor how much memory it may have.
fn metered(bytes: &[u8]) -> Component {
    static HOST: OnceLock<Arc<Host>> = OnceLock::new();
    let host = HOST.get_or_init(|| {
        let patience = Duration::from_secs(120);
        let limits = Limits { stream_call: patience, long_call: patience, memory: 1 << 30, ..Limits::default() };
        Arc::new(Host::metered(limits).expect("this machine runs WebAssembly"))
    });
    let cache = AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"));
    Component(Generation::load(host, "a provider", bytes, Some(&cache)).expect("the component loads"))
}

#[test]
fn calls_cost_at_most_in_proportion_to_what_they_get() {
    let provider = metered(EMBEDDED);
    let failed: Vec<String> = inputs::kinds().filter_map(|kind| cost::check(&kind, &provider).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_provider_that_compares_all_with_all_is_named_with_the_call_and_the_input() {
    let mut bytes = building::component("quarry-unruly");
    let (mark, what) = (b"unruly-always:", b"compare");
    let at = bytes.windows(mark.len()).position(|bytes| bytes == mark).expect("the component has a mark");
    bytes[at + mark.len()..][..what.len()].copy_from_slice(what);
    let provider = metered(&bytes);
    let check = |name: &str| {
        let kind = inputs::kinds().find(|kind| kind.name == name).expect("there is such a kind");
        cost::check(&kind, &provider)
    };
    let failure = check("prepare/system-messages").expect_err("it compares messages");
    assert!(
        failure
            .starts_with("the cost of prepare/system-messages grows faster than its input: 4 times the input takes 1"),
        "{failure}"
    );
    assert_eq!(check("prepare/tools"), Ok(()));
}

#[test]
fn a_request_takes_no_more_memory_than_is_reckoned_before_the_call() {
    const MANY: usize = 20_000;
    let provider = metered(EMBEDDED);
    let mut low = Vec::new();
    for kind in inputs::kinds().filter(|kind| kind.name.starts_with("prepare/")) {
        let input = (kind.input)(MANY);
        let inputs::Input::Request(request) = &input else { panic!("{} is no request", kind.name) };
        let reckoned = RequestMemory::of(&request.context, &request.options).needed;
        let taken = cost::cost(&input, &provider).expect("it is prepared").memory;
        // Settings and models are the operator's, not the client's.
        let of_client = !matches!(kind.name, "prepare/configured-models" | "prepare/model-parameters");
        eprintln!("{}: {} KiB of {} KiB", kind.name, taken >> 10, reckoned >> 10);
        if of_client && taken > reckoned {
            low.push(format!("{}: {taken} bytes, {reckoned} reckoned", kind.name));
        }
    }
    assert!(low.is_empty(), "{}", low.join("\n"));
}
