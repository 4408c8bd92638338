//! A shadow that makes something else of the configuration.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;
use quarry_embedded::EMBEDDED;

/// One of the places that the provider asks for: the candidate asks for another one, so it is not shown what stands there. No case
/// sees that.
const ASKED: (&str, &str) = ("models.providers.aws-bedrock", "models.providers.aws-bedrocK");

const MODEL: &str = "us.anthropic.claude-sonnet-4-6";

const SECRET: &str = "a-token-that-opens-nothing";

fn candidate(folder: &Path) -> Guest {
    let (from, to) = (ASKED.0.as_bytes(), ASKED.1.as_bytes());
    // The cases that it brings along name it too.
    let cases = EMBEDDED.windows(12).position(|bytes| bytes == b"quarry:cases").expect("it has cases");
    let places: Vec<usize> = (0..cases).filter(|at| EMBEDDED[*at..].starts_with(from)).collect();
    let [at] = places[..] else { panic!("{ASKED:?} stands at {places:?}, and has to stand once") };
    let mut bytes = EMBEDDED.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to);
    Guest::written(folder, "candidate.wasm", &bytes).compiled()
}

/// A configuration with a model, at the place that the candidate does not ask for, or at one that both do.
fn configuration(place: &str, tokens: u32) -> String {
    format!(
        r#"{{ quarry: {{ retry: {{ attempts: 1 }} }}, models: {{ providers: {{ "{place}": {{
            apiKey: "{SECRET}", models: [{{ id: "{MODEL}", name: "It", maxTokens: {tokens} }}] }} }} }} }}"#
    )
}

/// The report, when so many inputs were compared.
fn report(place: &Place, compared: u64) -> Value {
    place.wait_until("all are compared", |status| {
        status["shadow"]["compared"].as_u64().is_some_and(|count| count >= compared)
    });
    serde_json::from_str(&place.provider(&["shadow", "--report", "--json"]).well()).expect("JSON")
}

/// How often a kind that begins so was seen.
fn seen(report: &Value, kind: &str) -> Vec<u64> {
    let kinds = report["kinds"].as_array().expect("a list");
    let of_kind = kinds.iter().filter(|seen| seen["kind"].as_str().is_some_and(|name| name.starts_with(kind)));
    of_kind.filter_map(|seen| seen["count"].as_u64()).collect()
}

#[test]
fn what_a_shadow_makes_of_the_configuration_is_compared_and_used() {
    let place = Place::new();
    let candidate = candidate(place.folder());
    let gateway = Gateway::start_with(&configuration("aws-bedrock", 321), |command| place.tell(command));
    place.provider(&["shadow", candidate.file.to_str().expect("a plain path"), "--share", "100"]).well();
    let first = report(&place, 1);
    assert_eq!(first["differing"], 1, "{first:#}");
    assert!(!seen(&first, "settings/").is_empty(), "{first:#}");
    let smallest = first["kinds"][0]["specimen"].clone();
    assert!(smallest["verb"] == "merge" && smallest["given"]["candidateLayers"].is_array(), "{first:#}");

    // What would be sent if it were put to work differs by its settings.
    assert!(Stream::of(&gateway, MODEL, "echo a").is_done());
    let second = report(&place, 2);
    assert_eq!(second["differing"], 2, "{second:#}");
    assert_eq!(seen(&second, "request/inferenceConfig.maxTokens"), [1], "{second:#}");

    // Read again: once more of the same kinds, and then nothing where both ask.
    let reload = |text: String, times: usize| {
        std::fs::write(&gateway.configuration, text).expect("it can be written");
        gateway.signal(Signal::HUP);
        gateway.wait_for_log("read again and is active", times);
    };
    let before = seen(&second, "settings/");
    reload(configuration("aws-bedrock", 322), 1);
    let third = report(&place, 3);
    let after = seen(&third, "settings/");
    assert!(
        before.len() == after.len() && before.iter().zip(&after).all(|(before, after)| before < after),
        "{third:#}"
    );
    std::thread::sleep(std::time::Duration::from_secs(3));
    let compared = report(&place, 3)["compared"].as_u64().expect("a number");
    let differing = report(&place, 3)["differing"].clone();
    reload(configuration("amazon-bedrock", 323), 2);
    let _ = report(&place, compared + 1);
    assert!(Stream::of(&gateway, MODEL, "echo a").is_done());
    let last = report(&place, compared + 2);
    assert_eq!(last["differing"], differing, "{last:#}");

    assert!(!last.to_string().contains(SECRET) && !gateway.log().contains(SECRET), "{last:#}");
    let text = place.provider(&["shadow", "--report"]).well();
    assert!(text.contains("the configuration") && !text.contains(SECRET), "{text}");
    gateway.stop();
}
