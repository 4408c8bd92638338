//! Two versions of the contract in one process: the published one, and `quarry_tests::next_contract`, which breaks with it.

mod component;
mod gateway;
mod running;

use std::sync::Arc;

use quarry_conformance::checks::{self, Check};
use quarry_conformance::component::Component;
use quarry_conformance::frames;
use quarry_conformance::source::Source;
use quarry_contract::conversation::Delta;
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_provider_host::{Generation, Host, Limits, LoadError, ProviderError, inspect, scan};
use quarry_tests::next_contract::{self, component as next, with_version};

use self::component::cache;

/// The version of `wit/`.
const TODAY: &str = "0.1.0";

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
    assert_eq!((today.contract(), next.contract()), (TODAY, next_contract::VERSION));
    let who = |generation: &Arc<Generation>| generation.session().and_then(|mut session| session.identify());
    let (today, next) = (who(&today).expect("it says so"), who(&next).expect("it says so"));
    assert_eq!(today.name, "quarry-bedrock");
    assert!(!today.config_paths.is_empty());
    assert_eq!(today, next);
}

#[test]
fn both_pass_every_case_and_say_the_same_to_the_byte() {
    let [today, next] = both().map(Component);
    let cases = checks::find(Source::Component(EMBEDDED_NAME, EMBEDDED), None).expect("the cases can be read");
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
    let cases = checks::find(Source::Component(EMBEDDED_NAME, EMBEDDED), None).expect("the cases can be read");
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
    // More than it may give back.
    session.give_at_most(16);
    let failed = session.identify();
    assert!(matches!(failed, Err(ProviderError::Trap { call: "identify", .. })), "{failed:?}");
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
            format!("the component next does not export quarry:provider@{TODAY}: it exports quarry:provider@9.0.0")
        ),
        other => panic!("it is served: {other:?}"),
    }
    assert_eq!(scan("next", next()).expect("it is a component").contracts, [next_contract::VERSION]);
}

#[test]
fn a_version_that_nobody_serves_is_refused_by_name_beside_those_that_are_served() {
    let later = with_version(next(), next_contract::VERSION, "8.0.0");
    let host = host();
    match Generation::load(&host, "later", &later, Some(&cache())) {
        Err(error @ LoadError::NotAProvider { .. }) => assert_eq!(
            error.to_string(),
            format!(
                "the component later does not export quarry:provider@9.0.0 or {TODAY}: it exports quarry:provider@8.0.0"
            )
        ),
        other => panic!("it is served: {other:?}"),
    }
    let shown = inspect(&host, "later", &later, Some(&cache())).expect("it is a component");
    assert_eq!(shown.wit_version.as_deref(), Some("8.0.0"));
}

#[test]
fn a_later_patch_of_a_version_is_served() {
    let patched = with_version(EMBEDDED, TODAY, &format!("{}9", &TODAY[..TODAY.len() - 1]));
    let generation = Generation::load(&host(), "patched", &patched, Some(&cache())).expect("it is served");
    assert_eq!(generation.contract(), TODAY);
    let identity = generation.session().and_then(|mut session| session.identify()).expect("it says so");
    assert_eq!(identity.name, "quarry-bedrock");
}
