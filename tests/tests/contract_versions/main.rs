//! Two versions of the contract in one process: the published one, and the one of `tests/wit-next`, which breaks with it.

mod component;
mod gateway;
mod running;

use std::sync::Arc;

use quarry::conformance::cases::Source;
use quarry::conformance::checks::{self, Check};
use quarry::conformance::component::Component;
use quarry::conformance::frames;
use quarry::contract::conversation::Delta;
use quarry::contract::models::{ListingOptions, Supply};
use quarry::provider::{EMBEDDED, Generation, Host, Limits, LoadError, ProviderError, inspect, scan};
use quarry_tests::next_contract;

use self::component::{cache, next};

/// A host of both.
fn host() -> Arc<Host> {
    Arc::new(Host::serving(Limits::default(), next_contract::contracts()).expect("an engine"))
}

/// Today's provider and the next one, in one engine.
fn both() -> [Arc<Generation>; 2] {
    let host = host();
    let load = |name, bytes| Generation::load(&host, name, bytes, Some(&cache())).expect("it is served");
    [load("today", EMBEDDED), load("next", next())]
}

#[test]
fn each_component_is_served_by_the_version_that_it_exports() {
    let [today, next] = both();
    assert_eq!((today.contract(), next.contract()), ("0.1.0", "0.2.0"));
    let who = |generation: &Arc<Generation>| generation.session().and_then(|mut session| session.identify());
    let (today, next) = (who(&today).expect("it says so"), who(&next).expect("it says so"));
    assert_eq!((today.name.as_str(), next.name.as_str()), ("quarry-bedrock", "next"));
    assert_eq!((today.version, today.config_paths, today.variables), (next.version, next.config_paths, next.variables));
}

#[test]
fn both_pass_every_case_and_say_the_same_to_the_byte() {
    let [today, next] = both().map(Component);
    let cases = checks::find(Source::EMBEDDED, None).expect("the cases can be read");
    let cases: Vec<_> =
        cases.iter().filter_map(|check| if let Check::Case(case) = check { Some(case) } else { None }).collect();
    assert!(cases.len() > 100, "{} cases", cases.len());
    for case in cases {
        let [said, said_by_next] = [&today, &next].map(|provider| case.actual(provider).expect("it returns"));
        assert_eq!(case.compare(&said_by_next).expect("it is JSON"), [], "{}", case.name);
        assert_eq!(said, said_by_next, "{}", case.name);
    }
}

#[test]
fn streams_of_both_run_side_by_side() {
    let cases = checks::find(Source::EMBEDDED, None).expect("the cases can be read");
    let streams: Vec<_> = cases.iter().filter_map(Check::stream).collect();
    assert!(streams.len() > 10, "{} streams", streams.len());
    let [today, next] = both();
    let mut content = 0;
    for stream in streams {
        let mut sessions = [&today, &next].map(|generation| generation.session().expect("an instance"));
        for session in &mut sessions {
            session.open_turn(&stream.opening).expect("it begins");
        }
        for frame in &stream.frames {
            let batch = frames::batch(std::slice::from_ref(frame));
            let [said, said_by_next] = sessions.each_mut().map(|session| session.push(&batch).expect("it returns"));
            assert_eq!(said, said_by_next);
            content += said.iter().filter(|delta| matches!(delta, Delta::TextDelta(_))).count();
        }
        let [said, said_by_next] =
            sessions.each_mut().map(|session| session.finish(&stream.ending).expect("it returns"));
        assert_eq!(said, said_by_next);
    }
    assert!(content > 10, "{content} pieces of text");
}

#[test]
fn a_failure_behind_the_adapter_costs_its_session_alone() {
    let [_, next] = both();
    let mut session = next.session().expect("an instance");
    let merged = session.merge(&[]).expect("it returns").expect("nothing is wrong with no layers");
    session
        .open_listing(&merged.settings, ListingOptions { region: "us-east-1".to_owned(), refresh: true })
        .expect("it begins");
    // Nothing was needed yet.
    let failed = session.resume(&[Supply::Stored, Supply::Stored]);
    assert!(matches!(failed, Err(ProviderError::Trap { call: "resume", .. })), "{failed:?}");
    let failed = session.identify();
    assert!(matches!(failed, Err(ProviderError::Poisoned { .. })), "{failed:?}");
    assert_eq!(next.faults().failed_calls(), 1);
    assert!(next.session().and_then(|mut session| session.identify()).is_ok());
}

#[test]
fn a_host_that_was_not_told_of_the_next_version_refuses_it() {
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    match Generation::load(&host, "next", next(), Some(&cache())) {
        Err(error @ LoadError::NotAProvider { .. }) => assert_eq!(
            error.to_string(),
            "the component next does not export quarry:provider@0.1.0: it exports quarry:provider@0.2.0"
        ),
        other => panic!("it is served: {other:?}"),
    }
    assert_eq!(scan("next", next()).expect("it is a component").contracts, ["0.2.0"]);
}

#[test]
fn a_version_that_nobody_serves_is_refused_by_name_beside_those_that_are_served() {
    // The names of the exports, in the component's own sections, with another number of the same length.
    let later = replaced(next(), b"@0.2.0", b"@0.3.0");
    let host = host();
    match Generation::load(&host, "later", &later, Some(&cache())) {
        Err(error @ LoadError::NotAProvider { .. }) => assert_eq!(
            error.to_string(),
            "the component later does not export quarry:provider@0.2.0 or 0.1.0: it exports quarry:provider@0.3.0"
        ),
        other => panic!("it is served: {other:?}"),
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("later.wasm");
    std::fs::write(&file, &later).expect("written");
    let shown = inspect(&host, Some(&file), Some(&cache())).expect("it is a component");
    assert_eq!(shown.wit_version.as_deref(), Some("0.3.0"));
}

#[test]
fn a_later_patch_of_a_version_is_served() {
    let patched = replaced(EMBEDDED, b"@0.1.0", b"@0.1.9");
    let generation = Generation::load(&host(), "patched", &patched, Some(&cache())).expect("it is served");
    assert_eq!(generation.contract(), "0.1.0");
    let identity = generation.session().and_then(|mut session| session.identify()).expect("it says so");
    assert_eq!(identity.name, "quarry-bedrock");
}

fn replaced(bytes: &[u8], from: &[u8; 6], to: &[u8; 6]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}
