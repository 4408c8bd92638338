//! A folder of versions in which things happened before: what commands and gateways make of it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quarry_gateway::{begin_with, check_allowed};
use quarry_provider_host::{AotCache, Digest, Generation, Host, Limits};
use quarry_versions::{Compiler, Event, Gate, Passed, Store};

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::compiled_components;
use crate::signing::Keys;

/// Writes down what happened, as a gateway of this build would have: so that nothing has to pass all cases here.
pub(super) struct Past(Store);

impl Past {
    pub(super) fn of(place: &Place) -> Self {
        Past(Store::open_within(&place.state(), Duration::from_secs(60)).expect("nobody else has it"))
    }

    /// The version passed; with the signature that lies beside its file, by this key.
    pub(super) fn passed(&mut self, guest: &Guest, signed_by: Option<&Keys>) {
        static GATE: OnceLock<(Gate, AotCache)> = OnceLock::new();
        let (gate, cache) = GATE.get_or_init(|| {
            let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
            let cache = AotCache::new(compiled_components());
            (Gate::new(host, cache.clone(), Compiler::Here), cache)
        });
        let bytes = std::fs::read(&guest.file).expect("it was written");
        let source = guest.file.display().to_string();
        let generation = Generation::load(gate.host(), &source, &bytes, Some(cache)).expect("it is a provider");
        let signature = signed_by.map(|_| {
            std::fs::read_to_string(guest.file.with_extension("wasm.minisig")).expect("minisign put it there")
        });
        let signer = signed_by.map(|keys| keys.signer().id().to_string());
        let passed = Passed { generation, name: "unruly 0.1.0".to_owned(), passed: 742, signer, anew: true };
        self.0.components().keep(&bytes, signature.as_deref()).expect("it can be kept");
        self.0.record(gate.proof(&source, &passed)).expect("it can be written");
    }

    pub(super) fn activated(&mut self, guest: &Guest) {
        check_allowed(self.0.history(), digest(guest)).expect("it may be");
        begin_with(&mut self.0, digest(guest), "a test").expect("it can be written");
    }

    pub(super) fn happened(&mut self, event: Event) {
        self.0.record(event).expect("it can be written");
    }
}

fn digest(guest: &Guest) -> Digest {
    guest.digest.parse().expect("a digest")
}

fn file(guest: &Guest) -> &str {
    guest.file.to_str().expect("a plain path")
}

#[test]
fn at_rest_as_in_a_gateway_what_is_quarantined_or_not_the_pinned_one_is_not_put_to_work() {
    let place = Place::new();
    let (bad, good) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "wrong-tool"));
    let mut past = Past::of(&place);
    past.passed(&bad, None);
    past.passed(&good, None);
    past.activated(&bad);
    past.happened(Event::Quarantined { digest: digest(&bad), reason: "it failed 3 times".to_owned() });
    drop(past);
    for version in [file(&bad), &bad.digest[..12]] {
        place.provider(&["activate", version]).refused(&["is quarantined: it failed 3 times", "verify it again"]);
    }
    Past::of(&place).happened(Event::Pinned { digest: digest(&good), by: "a test".to_owned() });
    place.provider(&["activate", "embedded"]).refused(&["is pinned", "until it is unpinned"]);
    assert!(place.provider(&["activate", &good.digest[..12]]).well().contains("is activated at the next start"));

    // Nor does one that is named at each start get the requests back that it failed.
    let gateway = place.start_with(&["--provider-component", file(&bad)]);
    assert_eq!(place.serving(), good.digest);
    gateway.wait_for_log("was not restored: it is quarantined: it failed 3 times", 1);
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}

#[test]
fn what_is_checked_at_rest_is_written_down() {
    let place = Place::new();
    let text = Guest::written(place.folder(), "text.wasm", b"a text");
    for command in ["verify", "activate"] {
        let told = place.provider(&[command, file(&text)]).refused(&["refused at `imports`"]);
        assert!(told.contains("ok      digest") && told.contains("FAILED  imports"), "{told}");
        let journal = place.journal();
        let receipt = journal.last().expect("there is a receipt");
        assert_eq!((&receipt["step"], &receipt["by"]), (&"imports".into(), &"the command line".into()), "{receipt}");
    }
}
