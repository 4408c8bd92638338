//! A fault that the cases miss: a shadow finds it within a hundred streams of real traffic, and shows it.

use serde_json::{Value, json};

use super::guests::Guest;
use super::place::Place;
use crate::gateway::Gateway;
use crate::operating::client::{ask, events, is_finished};

/// Streams that it has.
const STREAMS: u64 = 100;

/// Of those, one in so many calls the tool that the candidate spoils.
const ONE_IN: u64 = 30;

/// What no report may hold.
const SECRET: &str = "Zanzibar";

/// Asks for the weather: mostly of this planet.
fn ask_for_the_weather(gateway: &Gateway, number: u64) {
    let place = if number.is_multiple_of(ONE_IN) { "mars_weather" } else { "earth_weather" };
    let tool = |name: &str| {
        let city = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        json!({"type": "function", "function": {"name": name, "description": "The weather", "parameters": city}})
    };
    let body = json!({
        "model": "us.anthropic.claude-sonnet-4-6",
        "stream": true,
        "messages": [
            {"role": "system", "content": format!("Never speak of {SECRET}.")},
            {"role": "user", "content": format!("Ask {place} for city \"{SECRET}\", and not for {number} others")},
        ],
        "tools": [tool("earth_weather"), tool("mars_weather")],
    });
    let answer = ask(gateway, "/v1/chat/completions", &[], &body);
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert!(is_finished(&answer.body) && answer.body.contains(place), "{answer:?}");
    let piece = |event: Value| {
        event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str().map(str::to_owned)
    };
    let arguments: String = events(&answer.body).into_iter().filter_map(piece).collect();
    assert!(arguments.contains(SECRET), "the client gets the arguments whatever a shadow makes of them: {answer:?}");
}

#[test]
fn one_kind_of_difference_that_the_cases_miss_is_found_within_a_hundred_streams() {
    let place = Place::new();
    // It passed the cases: the gate alone does not find it.
    let spoiling = Guest::always(place.folder(), "wrong-tool");
    let file = spoiling.file.to_str().expect("a plain path");
    let gateway = place.start();
    place.provider(&["shadow", file, "--share", "100"]).well();
    for number in 1..=STREAMS {
        ask_for_the_weather(&gateway, number);
    }
    place.wait_until("all are compared", |status| {
        let count = |name: &str| status["shadow"][name].as_u64().unwrap_or_default();
        count("compared") + count("dropped") >= STREAMS
    });
    let report: Value =
        serde_json::from_str(&place.provider(&["shadow", "--report", "--json"]).well()).expect("it is JSON");
    assert_eq!((&report["dropped"], &report["differing"]), (&json!(0), &json!(STREAMS / ONE_IN)), "{report}");

    // All of them are one kind, with the smallest input that shows it.
    let kinds = report["kinds"].as_array().expect("a list");
    let [kind] = &kinds[..] else { panic!("not one kind: {report:#}") };
    assert_eq!((&kind["kind"], &kind["count"]), (&json!("delta/toolcall-end/arguments"), &json!(STREAMS / ONE_IN)));
    assert_eq!((&kind["new"], &kind["specimen"]["verb"]), (&Value::Null, &json!("translate")), "{kind:#}");
    assert!(!report.to_string().contains(SECRET), "what was said is told: {report:#}");
    let mut given = kind["specimen"]["given"].clone();
    let events = given["events"].as_array().expect("a stream has events");
    let of_the_call =
        |event: &Value| event.as_object().into_iter().flatten().all(|(_, event)| event["contentBlockIndex"] == 1);
    assert!(!events.is_empty() && events.iter().all(of_the_call), "more than the call itself is left: {given:#}");

    // It is a recording: two components that are run on it differ in the same.
    given.as_object_mut().expect("an object").remove("request");
    let case = json!({"about": "the smallest specimen", "given": given, "expect": {}});
    let folder = place.folder().join("smallest/translate");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("it.json"), case.to_string()).expect("it can be written");
    let ran = place.provider(&["diff", "embedded", file, "--cases", "smallest", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let again: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(again["kinds"][0]["kind"], kind["kind"], "{again:#}");
    assert_eq!(again["kinds"].as_array().map(Vec::len), Some(1), "{again:#}");

    // Nobody was served by it.
    assert_eq!(place.admin().requests(&spoiling.digest), 0);
    gateway.stop();
}
