//! A shadow on inputs that are handed to it as requests hand them over.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{FOR_ALL, PER_INPUT, QUEUE, Sample, Shadow};
use crate::conformance::frames::{OwnedFrame, batch};
use crate::contract::conversation::{Batch, Context, Ending, Message, MessageType, Opening, UserBlock};
use crate::contract::no_options;
use crate::embedded::EMBEDDED;
use crate::json::model::default_model;
use crate::json::settings::default_settings;
use crate::provider::{AotCache, Generation, Host, Limits};
use crate::telemetry::Metrics;
use quarry_versions::compare::{Bounds, Comparison, Differences, Specimen, Stream};

/// What the provider says of a stream without its last event, and other words as long as these.
const WORDS: (&str, &str) = ("usage did not)", "Usage did not)");

/// How long the thread may take: the components may have to be compiled by an unoptimised compiler.
const PATIENCE: Duration = Duration::from_secs(60);

/// The embedded component, and one with other words in its data.
fn versions() -> &'static (Arc<Generation>, Arc<Generation>) {
    static VERSIONS: OnceLock<(Arc<Generation>, Arc<Generation>)> = OnceLock::new();
    VERSIONS.get_or_init(|| {
        let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
        // The tests of the whole workspace have one cache, TARGET/tmp; this test lies in TARGET/PROFILE/deps.
        let test = std::env::current_exe().expect("a test has a file");
        let target = test.ancestors().nth(3).expect("it lies in TARGET");
        let cache = AotCache::new(target.join("tmp/quarry-cache/aot"));
        let words = WORDS.0.as_bytes();
        let at = EMBEDDED.windows(words.len()).position(|bytes| bytes == words).expect("it has these words");
        let mut other = EMBEDDED.to_vec();
        other[at..at + words.len()].copy_from_slice(WORDS.1.as_bytes());
        let load = |bytes: &[u8]| Generation::load(&host, "one", bytes, Some(&cache)).expect("it is a provider");
        (load(EMBEDDED), load(&other))
    })
}

fn shadow(candidate: &Generation) -> Arc<Shadow> {
    Shadow::begin(&versions().0, candidate, 100, false, &Arc::new(Metrics::new())).expect("a thread")
}

fn sample(shadow: &Shadow, size: usize) -> Option<Arc<Sample>> {
    let messages = vec![Message::User(vec![UserBlock::Text("private words".to_owned())])];
    let context = Context { system_prompt: None, messages, tools: Vec::new() };
    shadow.sample(&default_settings(), "us-east-1", &default_model(), &context, &no_options(), size)
}

fn opening() -> Opening {
    Opening { model: default_model(), carry: Vec::new(), request_id: Some("r-1".to_owned()) }
}

/// Text, and the end of the message: the metadata are missing.
fn frames(text: &str) -> Batch {
    let delta = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#);
    let event = |(name, payload): (&str, &str)| OwnedFrame {
        message_type: MessageType::Event,
        name: name.to_owned(),
        payload: payload.as_bytes().to_vec(),
    };
    let events = [
        ("messageStart", r#"{"role":"assistant"}"#),
        ("contentBlockDelta", &delta),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("messageStop", r#"{"stopReason":"end_turn"}"#),
    ];
    batch(&events.map(event))
}

/// A stream of a request that was sampled.
fn stream(shadow: &Arc<Shadow>, text: &str) {
    let mut tape = shadow.tape(&sample(shadow, 100).expect("there is room"));
    tape.opened(&opening());
    tape.frames(&frames(text));
    tape.ended(&Ending::Complete);
}

/// Waits until so many inputs were compared.
fn wait_for(shadow: &Shadow, compared: u64) {
    let began = Instant::now();
    while shadow.run.status().compared < compared {
        assert!(began.elapsed() < PATIENCE, "{:?}", shadow.run.status());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether all that was taken was given back.
fn is_empty(shadow: &Shadow) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if shadow.run.room.take(FOR_ALL).is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn what_differs_is_told_without_what_was_said() {
    let (serving, candidate) = versions();
    let shadow = shadow(candidate);
    stream(&shadow, "private answer");
    shadow.prepared(sample(&shadow, 100).expect("there is room"));
    wait_for(&shadow, 2);
    let report = shadow.run.report();
    assert_eq!((report.status.compared, report.status.differing, report.status.dropped), (2, 1, 0));
    let [kind] = &report.kinds[..] else { panic!("{report:?}") };
    assert_eq!((kind.count, kind.first_in.as_str()), (1, "r-1"));
    assert!(kind.kind.starts_with("wording/delta/error"), "{kind:?}");
    assert!(kind.specimen.is_some() && kind.new.as_deref().is_some_and(|new| new.contains(WORDS.1)), "{kind:?}");
    let text = serde_json::to_string(&report).expect("it has a JSON form");
    assert!(!text.contains("private"), "{text}");
    assert_eq!((report.status.digest, report.status.against), (candidate.digest(), serving.digest()));
    assert!(is_empty(&shadow));
    assert_eq!(serving.faults().turns(), 0, "what runs here does not count where it serves");
}

#[test]
fn a_kind_of_which_nothing_may_be_kept_costs_the_work_of_making_it_smaller_a_few_times_only() {
    let (serving, candidate) = (versions().0.apart(), versions().1.apart());
    let comparison = Comparison::new(serving, Arc::clone(&candidate));
    let mut differences = Differences::new(Bounds { specimen_bytes: 1, ..Bounds::default() });
    let stream = Stream::new(opening(), &[frames("private answer")], Ending::Complete);
    let specimen = Specimen::stream("a stream", stream);
    let mut cost = || {
        let before = candidate.faults().turns();
        assert_eq!(differences.add(&comparison, &specimen).len(), 1);
        candidate.faults().turns() - before
    };
    let costs: Vec<u64> = (0..12).map(|_| cost()).collect();
    assert!(costs[0] > 1, "it is made smaller: {costs:?}");
    assert_eq!(costs[Bounds::default().vain as usize..], [1; 4], "it is compared and no more: {costs:?}");
    let [group] = differences.groups() else { panic!("{differences:?}") };
    assert_eq!((group.count, group.specimen.is_none()), (12, true));
}

#[test]
fn the_same_component_differs_in_nothing_and_a_stream_that_is_given_up_counts_too() {
    let shadow = shadow(&versions().0);
    stream(&shadow, "text");
    let mut tape = shadow.tape(&sample(&shadow, 100).expect("there is room"));
    tape.opened(&opening());
    tape.frames(&frames("text"));
    drop(tape);
    // What was never opened is nobody's stream.
    drop(shadow.tape(&sample(&shadow, 100).expect("there is room")));
    wait_for(&shadow, 2);
    let status = shadow.run.status();
    assert_eq!((status.compared, status.differing, status.dropped), (2, 0, 0));
}

#[test]
fn what_is_too_large_is_dropped_and_counted_and_takes_no_room() {
    let shadow = shadow(&versions().0);
    assert!(sample(&shadow, PER_INPUT + 1).is_none());
    stream(&shadow, &"x".repeat(PER_INPUT));
    assert_eq!((shadow.run.status().compared, shadow.run.status().dropped), (0, 2));
    let full: Vec<_> = (0..FOR_ALL / PER_INPUT).map(|_| sample(&shadow, PER_INPUT)).collect();
    assert!(full.iter().all(Option::is_some) && sample(&shadow, 1).is_none(), "there is no more room");
    drop(full);
    assert!(is_empty(&shadow));
}

#[test]
fn what_the_thread_cannot_keep_up_with_is_dropped_and_nobody_waits() {
    let shadow = shadow(&versions().0);
    let busy = shadow.run.differences();
    let all = QUEUE + 20;
    for _ in 0..all {
        shadow.prepared(sample(&shadow, 100).expect("there is room"));
    }
    let dropped = shadow.run.status().dropped;
    // One may have left the queue already, and waits to be compared.
    assert!((19..=20).contains(&dropped), "{dropped}");
    shadow.run.stop();
    drop(busy);
    shadow.prepared(sample(&shadow, 100).expect("there is room"));
    assert!(is_empty(&shadow), "what waited is let go of");
    assert!(shadow.run.status().compared <= 1);
}
