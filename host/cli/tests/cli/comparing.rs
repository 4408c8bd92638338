//! Comparing as the gateway does it: in this process, specimen by specimen, within bounds.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quarry_conformance::frames::OwnedFrame;
use quarry_conformance::generated;
use quarry_contract::RequestKind;
use quarry_contract::conversation::{Context, Ending, Message, MessageType, Opening, UserBlock};
use quarry_contract::json::model::default_model;
use quarry_contract::json::settings::default_settings;
use quarry_contract::no_options;
use quarry_contract::types::{ApiError, ApiStage};
use quarry_provider_host::{AotCache, Generation, Host, Limits};
use quarry_versions::compare::{
    Bounds, Comparison, Differences, Effort, Input, Preparation, SettingsFrom, Specimen, Stream, of_generated,
};

use crate::support::{Body, Quarry, mutant, provider_component, shared_cache};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};

fn host() -> &'static (Arc<Host>, AotCache) {
    static HOST: OnceLock<(Arc<Host>, AotCache)> = OnceLock::new();
    HOST.get_or_init(|| {
        // Compiles the components for all tests.
        drop(Quarry::new().with_mutant());
        let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
        (host, AotCache::new(shared_cache().join("aot")))
    })
}

/// A host that waits 300 ms for a call, and no longer.
fn short() -> (&'static Arc<Host>, &'static AotCache) {
    static HOST: OnceLock<Arc<Host>> = OnceLock::new();
    let limits = Limits { long_call: Duration::from_millis(300), ..Limits::default() };
    (HOST.get_or_init(|| Arc::new(Host::new(limits).expect("an engine"))), &host().1)
}

/// The embedded component, and the mutated one.
fn comparison() -> Comparison {
    let (host, cache) = host();
    let bytes = mutant();
    let old = Generation::load(host, EMBEDDED_NAME, EMBEDDED, Some(cache)).expect("it is a provider");
    Comparison::new(old, Generation::load(host, "mutant", &bytes, Some(cache)).expect("it is a provider"))
}

fn event(name: &str, payload: &str) -> OwnedFrame {
    OwnedFrame { message_type: MessageType::Event, name: name.to_owned(), payload: payload.as_bytes().to_vec() }
}

/// Text in forty pieces, a server tool in the middle of them, all frames in two batches.
fn stream(words: &str) -> Stream {
    let piece = |_| event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{words}"}}}}"#));
    let mut frames: Vec<OwnedFrame> = std::iter::once(event("messageStart", r#"{"role":"assistant"}"#)).collect();
    frames.extend((0..20).map(piece));
    let tool =
        r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"s","name":"python","type":"server_tool_use"}}}"#;
    frames.push(event("contentBlockStart", tool));
    frames.push(event("contentBlockStop", r#"{"contentBlockIndex":1}"#));
    let second: Vec<OwnedFrame> = (0..20).map(piece).collect();
    let opening = Opening { model: default_model(), carry: Vec::new(), request_id: None };
    Stream { opening, batches: vec![frames, second], ending: Ending::Complete, preparation: None }
}

fn preparation(texts: &[&str]) -> Preparation {
    let messages = texts.iter().map(|text| Message::User(vec![UserBlock::Text((*text).to_owned())])).collect();
    let options = quarry_contract::conversation::Options { max_tokens: Some(64), ..no_options() };
    Preparation {
        kind: RequestKind::Answer,
        settings: SettingsFrom::Merged(Box::new(default_settings())),
        region: "us-east-1".to_owned(),
        model: default_model(),
        context: Context { system_prompt: None, messages, tools: Vec::new() },
        options,
    }
}

fn kinds(differences: &Differences) -> Vec<(&str, u64)> {
    differences.groups().iter().map(|group| (group.kind.as_str(), group.count)).collect()
}

#[test]
fn a_stream_is_cut_down_to_what_differs_and_its_words_are_filler() {
    let comparison = comparison();
    let mut differences = Differences::new(Bounds::default());
    differences.add(&comparison, &Specimen::stream("first", stream("private words")));
    differences.add(&comparison, &Specimen::stream("second", stream("more private words")));
    assert_eq!(kinds(&differences), [("delta/attachment/kind", 2)]);
    let group = &differences.groups()[0];
    assert_eq!(group.first_in, "first");
    let smallest = group.specimen.as_ref().expect("it is small enough to be kept");
    let Input::Stream(kept) = &smallest.input else { panic!("{smallest:?}") };
    assert!(kept.batches.iter().flatten().count() <= 2, "{kept:?}");
    assert!(smallest.bytes() < Specimen::stream("", stream("private words")).bytes() / 4);
    assert_eq!(comparison.compare(smallest)[0], group.difference, "the specimen shows what is said of it");

    // Where the words are kept, and nothing can be left out for want of effort, they are those that came.
    let idle = Effort { runs: 0, time: Duration::ZERO };
    for prompts in [false, true] {
        let mut differences = Differences::new(Bounds { prompts, effort: idle, ..Bounds::default() });
        differences.add(&comparison, &Specimen::stream("", stream("private words")));
        let kept = differences.groups()[0].specimen.as_ref().map(|kept| kept.json().0).unwrap_or_default();
        assert_eq!(kept.contains("private words"), prompts, "{kept}");
        assert_eq!(kept.contains("xxxxxxx xxxxx"), !prompts, "{kept}");
    }
}

#[test]
fn a_request_and_its_stream_are_one_specimen() {
    let comparison = comparison();
    let mut whole = stream("words");
    whole.preparation = Some(Box::new(preparation(&["one", "two", "three"])));
    let mut differences = Differences::new(Bounds::default());
    differences.add(&comparison, &Specimen::stream("both", whole));
    let found: Vec<&str> = kinds(&differences).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(found, ["request/inferenceConfig", "request/inferenceCOnfig", "delta/attachment/kind"]);
    let verbs: Vec<&str> =
        differences.groups().iter().filter_map(|group| Some(group.specimen.as_ref()?.verb())).collect();
    assert_eq!(verbs, ["prepare", "prepare", "translate"], "each is kept with the half that shows it");
    let Some(Input::Preparation(kept)) = differences.groups()[0].specimen.as_ref().map(|kept| &kept.input) else {
        panic!("{:?}", differences.groups()[0])
    };
    assert_eq!(kept.context.messages.len(), 1, "{kept:?}");
}

#[test]
fn no_more_is_kept_than_may_be() {
    let comparison = comparison();
    let asked = Specimen::preparation("asked", preparation(&["text"]));
    let mut one = Differences::new(Bounds { kinds: 1, ..Bounds::default() });
    one.add(&comparison, &asked);
    one.add(&comparison, &asked);
    assert_eq!((kinds(&one), one.beyond()), (vec![("request/inferenceConfig", 2)], 2));
    assert_eq!((one.specimens(), one.differing()), (2, 2));
    for bounds in [Bounds { specimen_bytes: 100, ..Bounds::default() }, Bounds { bytes: 100, ..Bounds::default() }] {
        let mut none = Differences::new(bounds);
        none.add(&comparison, &asked);
        let group = &none.groups()[0];
        assert!(group.specimen.is_none() && group.withheld.contains("larger"), "{group:?}");
        assert_eq!((&group.difference.old, &group.difference.new), (&None, &None), "values are content too");
    }
}

/// A component that traps in `prepare`, or never returns from it where the thirteenth byte of the last text that it was handed is
/// a `Z`: everything that it is handed lies at the same place of its memory.
const DEPENDS_ON_A_TEXT: Body = Body {
    version: "0.1.0",
    memory: "2",
    function: "conversation#prepare",
    code: "(if (i32.eq (i32.load8_u (i32.const 65548)) (i32.const 90)) (then (loop $forever (br $forever)))) unreachable",
};

#[test]
fn a_difference_that_is_in_the_texts_is_kept_without_them() {
    let (host, cache) = short();
    let load =
        |body: &Body| Generation::load(host, body.code, &provider_component(body), Some(cache)).expect("a provider");
    let comparison =
        Comparison::new(load(&Body { code: "unreachable", ..DEPENDS_ON_A_TEXT }), load(&DEPENDS_ON_A_TEXT));
    let mut asked = preparation(&["hello"]);
    asked.options.stop_sequences = vec!["aaaaaaaaaaaaZanzibar".to_owned()];
    let asked = Specimen::preparation("asked", asked);
    let effort = Effort { runs: 1, ..Effort::default() };
    for prompts in [false, true] {
        let mut differences = Differences::new(Bounds { prompts, effort, ..Bounds::default() });
        assert_eq!(differences.add(&comparison, &asked).len(), 2, "the old one traps, the new one does not return");
        let group = &differences.groups()[0];
        assert_eq!((group.kind.as_str(), group.difference.place.as_str()), ("fault/trap", "prepare"), "{group:?}");
        assert_eq!(group.specimen.is_some(), prompts, "{group:?}");
        assert_eq!(group.withheld.contains("the original text"), !prompts, "{group:?}");
        assert_eq!(group.difference.old.is_some(), prompts, "values are content too: {group:?}");
    }
}

#[test]
fn a_call_that_takes_too_long_is_a_difference() {
    let (short, cache) = short();
    let endless = Body {
        version: "0.1.0",
        memory: "2",
        function: "conversation#explain",
        code: "(loop $forever (br $forever)) unreachable",
    };
    let old = Generation::load(short, EMBEDDED_NAME, EMBEDDED, Some(cache)).expect("it is a provider");
    let new = Generation::load(short, "endless", &provider_component(&endless), Some(cache)).expect("it is a provider");
    let error = ApiError {
        operation: "ConverseStream".to_owned(),
        model_id: None,
        region: None,
        stage: ApiStage::Response,
        status: Some(500),
        code: None,
        message: None,
        request_id: None,
        retry_after: None,
    };
    let found = Comparison::new(old, new).compare(&Specimen::failure("", error));
    let [deadline] = &found[..] else { panic!("{found:?}") };
    assert_eq!((deadline.kind.as_str(), deadline.place.as_str()), ("fault/deadline", "explain"), "{deadline:?}");
}

/// The words by which the embedded provider knows some families, of which no case names every rule.
const FAMILIES: [&str; 4] = ["minimax", "nemotron", "haiku", "jamba-instruct"];

#[test]
fn generated_inputs_show_a_rule_of_one_family_and_name_the_model() {
    let (host, cache) = host();
    let mut bytes = EMBEDDED.to_vec();
    // A family that is not known by its words any more goes by the rules for all others.
    for words in FAMILIES {
        let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(words.as_bytes())).collect();
        assert!(!places.is_empty(), "the component has the words {words:?}");
        places.iter().for_each(|at| bytes[at + words.len() - 1] = b'~');
    }
    let load = |name: &str, bytes: &[u8]| Generation::load(host, name, bytes, Some(cache)).expect("it is a provider");
    let comparison = Comparison::new(load("embedded", EMBEDDED), load("changed", &bytes));
    let specimens = of_generated(generated::inputs(&[]));
    let requests = specimens.iter().filter(|specimen| specimen.verb() == "prepare");
    let differing: Vec<&str> = requests
        .filter(|specimen| comparison.compare(specimen).iter().any(|found| found.kind.starts_with("request/")))
        .map(|specimen| specimen.name.as_str())
        .collect();
    for words in FAMILIES {
        let name = words.split(' ').next_back().unwrap_or(words);
        assert!(differing.iter().any(|specimen| specimen.contains(name)), "{words}: {differing:?}");
    }
    let is_of_another =
        |specimen: &&&str| !FAMILIES.iter().any(|words| words.split(' ').all(|word| specimen.contains(word)));
    let others: Vec<&&str> = differing.iter().filter(is_of_another).collect();
    assert!(others.is_empty(), "{others:?}");
}
