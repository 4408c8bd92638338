//! Versions that do something differently: a changed rule has to be accepted by its kind, a changed sentence needs no flag.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use super::swapping::{PROMPT, SLOW, streams_beside};
use crate::operating::process::metric;
use quarry_embedded::EMBEDDED;

/// A sentence of the provider, and another one.
const WORDS: (&str, &str) = ("usage did not)", "Usage did not)");

/// The kind of difference that a changed rule of Nova Pro shows as.
const RULE: &str = "request/inferenceConfig";

/// The embedded component with another word in a sentence.
fn wording(folder: &Path) -> Guest {
    let mut bytes = EMBEDDED.to_vec();
    let (from, to) = (WORDS.0.as_bytes(), WORDS.1.as_bytes());
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "{WORDS:?}");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    Guest::written(folder, "wording.wasm", &bytes).compiled()
}

/// One that drops the temperature for a listed family.
fn rule(folder: &Path) -> Guest {
    Guest::always(folder, "no-temperature")
}

fn file(guest: &Guest) -> &str {
    guest.file.to_str().expect("a plain path")
}

/// What was accepted: the kinds, each with how.
fn accepted(place: &Place) -> Vec<Vec<(String, String)>> {
    let lines = place.journal();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let kinds = |line: &Value| {
        let kinds = line["kinds"].as_array().expect("a list");
        kinds.iter().map(|kind| (text(&kind["kind"]), text(&kind["by"]))).collect()
    };
    lines.iter().filter(|line| line["event"] == "accepted").map(kinds).collect()
}

#[test]
fn other_words_and_another_rule_reach_a_gateway_under_load() {
    let place = Place::to_measure_in();
    let (wording, rule) = (wording(place.folder()), rule(place.folder()));
    let gateway = place.start();
    // The cases have limits of time that an unoptimised build on a busy machine does not keep.
    for guest in [&wording, &rule] {
        place.provider(&["verify", file(guest)]).well();
    }
    let undisturbed = Stream::of(&gateway, SLOW, PROMPT);
    assert!(undisturbed.is_done(), "{undisturbed:?}");

    let streams = streams_beside(&gateway, || {
        // A sentence needs no flag, and is told and written down.
        let ran = place.provider(&["activate", file(&wording)]);
        assert_eq!(ran.code, Some(0), "{ran:?}\n{}", gateway.log());
        assert!(ran.stderr.contains("differs wording/") && ran.stderr.contains("accepted by configuration"), "{ran:?}");
        assert_eq!(place.serving(), wording.digest);

        // A rule does, and is named with what accepts it.
        let ran = place.provider(&["activate", file(&rule)]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let command = format!("quarry provider activate {} --accept {RULE}", file(&rule));
        for words in ["Nothing was changed", RULE, "smallest prepare/", "nova-pro", &command] {
            assert!(ran.stderr.contains(words), "{words:?} is not told: {ran:?}");
        }
        assert!(!ran.stderr.contains("--accept wording"), "what is accepted already needs no flag: {ran:?}");
        assert_eq!(place.serving(), wording.digest);
        let status = place.provider(&["status"]).well();
        assert!(status.contains("not activated: its differences from"), "{status}");

        // A kind that is none is an error that names those that there are.
        let told = place.provider(&["activate", file(&rule), "--accept", "request/toolConfig"]).refused(&[RULE]);
        assert!(told.contains("--accept request/toolConfig: no difference is of this kind; there are: "), "{told}");
        assert_eq!(place.serving(), wording.digest);
        place.provider(&["activate", file(&rule), "--accept", RULE]).well();
        assert_eq!(place.serving(), rule.digest);
    });
    assert!(!streams.is_empty());
    for stream in &streams {
        assert_eq!(stream.bytes, undisturbed.bytes);
    }

    let journal = accepted(&place);
    let [words, kinds] = &journal[..] else { panic!("{journal:?}") };
    assert!(words.iter().all(|(kind, by)| kind.starts_with("wording/") && by == "configuration"), "{words:?}");
    assert!(kinds.iter().any(|(kind, by)| kind.starts_with(RULE) && by == "flag"), "{kinds:?}");
    let status = place.provider(&["status"]).well();
    assert!(!status.contains("not activated: its differences from"), "it is accepted now: {status}");
    let history = place.provider(&["history"]).well();
    assert!(history.contains("differences from") && history.contains("(by flag)"), "{history}");

    // Neither the way back nor the same change again asks.
    place.provider(&["rollback"]).well();
    assert_eq!(place.serving(), wording.digest);
    place.provider(&["activate", &rule.digest]).well();
    assert_eq!(accepted(&place).len(), 2);
    gateway.stop();
    let gateway = place.start();
    place.provider(&["rollback"]).well();
    place.provider(&["activate", &rule.digest]).well();
    assert_eq!(place.serving(), rule.digest, "over a restart too");
    gateway.stop();
}

#[test]
fn what_a_canary_was_begun_with_needs_no_second_acceptance_and_a_shadow_needs_none() {
    let place = Place::new();
    let rule = rule(place.folder());
    let gateway = place.start();
    let embedded = place.serving();
    place.provider(&["shadow", file(&rule), "--share", "10"]).well();
    assert_eq!(accepted(&place), [[]; 0]);
    let refused = place.provider(&["canary", file(&rule), "--share", "5"]).refused(&[RULE]);
    assert!(
        refused.contains(&format!("quarry provider canary {} --share 5 --accept {RULE}", file(&rule))),
        "{refused}"
    );
    place.provider(&["activate", &rule.digest]).refused(&[RULE]);
    let list = place.folder().join("allow.json5");
    fs::write(&list, "{ allow: [{ kind: 'request/*', reason: 'Nova Pro takes none' }] }").expect("it can be written");
    place.provider(&["canary", file(&rule), "--share", "5", "--allow", list.to_str().expect("a plain path")]).well();
    place.provider(&["canary", "--stop"]).well();
    assert_eq!(place.serving(), embedded);
    place.provider(&["canary", &rule.digest, "--share", "5"]).well();
    place.provider(&["canary", "--promote"]).well();
    assert_eq!(place.serving(), rule.digest);
    let journal = accepted(&place);
    let [kinds] = &journal[..] else { panic!("{journal:?}") };
    assert!(kinds.iter().any(|(kind, by)| kind.starts_with(RULE) && by == "file"), "{kinds:?}");
    gateway.stop();
}

#[test]
fn a_folder_activates_what_the_configuration_accepts() {
    let place = Place::new();
    let wording = wording(place.folder());
    let folder = place.folder().join("providers");
    fs::create_dir(&folder).expect("it can be made");
    let members =
        |accept: &str| format!("provider: {{ watch: {:?}, accept: {accept} }}", folder.to_str().expect("a path"));
    let gateway = place.start_configured(&members("[]"));
    let embedded = place.serving();
    fs::copy(&wording.file, folder.join(".wording.part")).expect("it can be copied");
    fs::rename(folder.join(".wording.part"), folder.join("wording.wasm")).expect("it can be renamed");
    gateway.wait_for_log("a component of the watched folder was not activated", 1);
    assert_eq!(place.serving(), embedded);
    let log = gateway.log();
    assert!(log.contains("to accept that, write quarry.provider.accept: [") && log.contains("wording/delta"), "{log}");
    let status = place.provider(&["status"]).well();
    assert!(status.contains("for a folder or a pin with quarry.provider.accept: ["), "{status}");
    assert_eq!(metric(&gateway, "quarry_provider_versions_unaccepted_total"), 1);
    let offered = place.journal().into_iter().rfind(|line| line["event"] == "offered").expect("it is written down");
    assert!(offered["refused"].as_str().is_some_and(|refused| refused.contains("quarry.provider.accept")), "{offered}");

    // The same file, once the configuration accepts it.
    let configuration = format!("{{ quarry: {{ retry: {{ attempts: 1 }}, {} }} }}", members("['wording']"));
    fs::write(&gateway.configuration, configuration).expect("it can be written");
    place.wait_until("it serves", |status| {
        status["serving"].as_str().is_some_and(|serving| serving.ends_with(&wording.digest))
    });
    let compared =
        place.journal().into_iter().filter(|line| line["step"] == "behaviour" && line["milliseconds"] != 0).count();
    assert_eq!(compared, 1, "it is not compared again");
    gateway.stop();
}

#[test]
fn a_pin_is_activated_at_the_start_if_the_configuration_accepts_what_differs() {
    let place = Place::new();
    let rule = rule(place.folder());
    let members = |accept: &str| format!("provider: {{ component: {:?}, accept: {accept} }}", file(&rule));
    let gateway = place.start_configured(&members("['wording']"));
    assert_ne!(place.serving(), rule.digest);
    assert!(gateway.log().contains("to accept that, write quarry.provider.accept: [\"wording\","), "{}", gateway.log());
    let status = place.provider(&["status"]).well();
    assert!(status.contains("not activated: its differences from") && status.contains(RULE), "{status}");
    let configuration = format!("{{ quarry: {{ {} }} }}", members("['wording', 'request']"));
    fs::write(&gateway.configuration, configuration).expect("it can be written");
    place.wait_until("it serves", |status| {
        status["serving"].as_str().is_some_and(|serving| serving.ends_with(&rule.digest))
    });
    gateway.stop();
}
