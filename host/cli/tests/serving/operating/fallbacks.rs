//! A throttled request is tried again, then put to the configured models, in their order; once there is content, never.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Answer, Client, ENDPOINTS, WHOLE, ask, body, error_event, events, is_finished, text};
use super::process::metric;
use super::upstream::{Play, Upstream};
use crate::gateway::{Gateway, KEY, hash};

const CHAT: &str = "/v1/chat/completions";
/// The chain. The simulator answers for each as for any model.
const FIRST: &str = "sim.stop.end_turn";
const SECOND: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const THIRD: &str = "us.amazon.nova-lite-v1:0";

fn chain(upstream: &Upstream, quarry: &str) -> String {
    let model = format!(
        r#"{{ primary: "amazon-bedrock/{FIRST}", fallbacks: ["amazon-bedrock/{SECOND}", "amazon-bedrock/{THIRD}"] }}"#
    );
    upstream.configuration(&format!("agents: {{ defaults: {{ model: {model} }} }}, quarry: {{ {quarry} }}"))
}

fn throttled(times: usize) -> Vec<Play> {
    vec![Play::throttled(""); times]
}

fn asked(upstream: &Upstream) -> [usize; 3] {
    [FIRST, SECOND, THIRD].map(|model| upstream.seen(model).len())
}

/// Asks for the default model.
fn ask_default(gateway: &Gateway, key: &str) -> Answer {
    ask(gateway, CHAT, &[("x-api-key", key)], &body(CHAT, "default", "echo hello", false))
}

#[test]
fn throttled_requests_are_tried_again_and_then_put_to_the_next_model() {
    let upstream = Upstream::start();
    let retry = "retry: { attempts: 3, baseMilliseconds: 40, mostMilliseconds: 1500, budgetPercent: 1000 }";
    let gateway = Gateway::behind(&chain(&upstream, retry));

    // Twice throttled, then answered: nobody notices, and the same model answers.
    upstream.plays(FIRST, throttled(2));
    let answer = ask_default(&gateway, "");
    assert_eq!((answer.status(), answer.json()["model"].as_str()), (200, Some(FIRST)), "{answer:?}");
    assert_eq!(asked(&upstream), [3, 0, 0]);

    // All attempts throttled: the next model, then the one after it. Which one answered is told.
    upstream.plays(FIRST, throttled(3));
    upstream.plays(SECOND, throttled(3));
    let mut client = Client::open(&gateway);
    client.post(CHAT, &[], &body(CHAT, FIRST, "echo hello", true));
    assert_eq!(client.head().status, 200);
    let all = client.rest();
    assert_eq!((text(&all).as_str(), is_finished(&all)), ("hello", true), "{all}");
    assert!(events(&all).iter().all(|event| event["model"] == THIRD), "{all}");
    assert_eq!(asked(&upstream), [6, 3, 1]);

    // `retry-after` is kept to, and one that is longer than the longest wait makes it the next model's turn at once.
    upstream.plays(FIRST, [Play::throttled("retry-after: 1\r\n")]);
    assert_eq!(ask_default(&gateway, "").json()["model"], FIRST);
    let times: Vec<_> = upstream.seen(FIRST).iter().map(|seen| seen.at).collect();
    assert!(times[7] - times[6] >= Duration::from_secs(1), "{times:?}");
    upstream.plays(FIRST, [Play::throttled("retry-after: 60\r\n")]);
    assert_eq!(ask_default(&gateway, "").json()["model"], SECOND);
    assert_eq!(asked(&upstream), [9, 4, 1]);

    // What another model would refuse as well is not put to it.
    let name = "ValidationException";
    upstream.plays(FIRST, [Play::Error { after: Duration::ZERO, status: 400, name, headers: "" }]);
    assert_eq!(ask_default(&gateway, "").status(), 400);
    assert_eq!(asked(&upstream), [10, 4, 1]);

    // All fail: the last failure, with the service's name and id, and its wait.
    for (path, stream) in ENDPOINTS.map(|path| (path, true)).into_iter().chain(WHOLE.map(|path| (path, false))) {
        for model in [FIRST, SECOND] {
            upstream.plays(model, throttled(3));
        }
        upstream.plays(THIRD, vec![Play::throttled("retry-after: 0\r\n"); 2]);
        upstream.plays(THIRD, [Play::throttled("retry-after: 7\r\n")]);
        let answer = ask(&gateway, path, &[], &body(path, FIRST, "hello", stream));
        assert_eq!((answer.status(), answer.retry_after()), (429, Some(7)), "{path} {stream}: {answer:?}");
        assert!(answer.head.header("x-amzn-requestid").is_some_and(|id| id.starts_with("r-")), "{answer:?}");
        assert!(answer.error().contains("ThrottlingException of the test"), "{answer:?}");
    }
    gateway.stop();
}

#[test]
fn waits_have_jitter() {
    let upstream = Upstream::start();
    let retry = "retry: { attempts: 8, baseMilliseconds: 400, mostMilliseconds: 400 }, fallbacks: false";
    let gateway = Gateway::behind(&chain(&upstream, retry));
    upstream.plays(FIRST, throttled(8));
    assert_eq!(ask_default(&gateway, "").status(), 429);
    assert_eq!(asked(&upstream), [8, 0, 0], "without fallbacks no other model is asked");
    let times: Vec<_> = upstream.seen(FIRST).iter().map(|seen| seen.at).collect();
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Without jitter none is shorter than 400 ms. That seven even draws all come near to it does not happen.
    assert!(waits.iter().any(|wait| *wait < Duration::from_millis(390)), "{waits:?}");
    gateway.stop();
}

#[test]
fn after_the_first_content_nothing_is_tried_again() {
    let upstream = Upstream::start();
    let model = "sim.exception.throttling.after-6";
    let retry = "retry: { attempts: 3, baseMilliseconds: 1 }";
    let gateway = Gateway::behind(&chain(&upstream, retry));
    for path in ENDPOINTS {
        let before = upstream.seen(model).len();
        let answer = ask(&gateway, path, &[], &body(path, model, "echo a b c d e f g h i j k l m n o p", true));
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
        assert!(error_event(&answer.body).is_some() && !is_finished(&answer.body), "{path}: {answer:?}");
        assert_eq!(upstream.seen(model).len(), before + 1, "{path}: it was asked again");
    }
    assert_eq!(asked(&upstream), [0, 0, 0], "no other model was asked");
    // As the first thing in a stream it is as good as a refusal: nobody has seen anything.
    let model = "sim.exception.throttling.after-0";
    let answer = ask(&gateway, CHAT, &[], &body(CHAT, model, "echo hello", true));
    assert_eq!((answer.status(), text(&answer.body).as_str()), (200, "hello"), "{answer:?}");
    assert_eq!((upstream.seen(model).len(), asked(&upstream)), (3, [0, 1, 0]));
    gateway.stop();
}

#[test]
fn a_key_never_gets_a_fallback_that_it_may_not_use() {
    let upstream = Upstream::start();
    let hash = hash(KEY);
    let keys = format!(
        r#"keys: [{{ name: "one", hash: "{hash}", models: ["{FIRST}", "{THIRD}"] }}], retry: {{ attempts: 1 }}"#
    );
    let gateway = Gateway::behind(&chain(&upstream, &keys));
    upstream.plays(FIRST, throttled(2));
    let answer = ask_default(&gateway, KEY);
    assert_eq!((answer.status(), &answer.json()["model"]), (200, &Value::from(THIRD)), "{answer:?}");
    upstream.plays(THIRD, throttled(1));
    assert_eq!(ask_default(&gateway, KEY).status(), 429);
    assert_eq!(asked(&upstream), [2, 0, 2]);
    gateway.stop();
}

#[test]
fn the_retries_of_all_requests_have_a_budget() {
    const REQUESTS: usize = 80;
    let upstream = Upstream::start();
    let retry = "retry: { attempts: 4, baseMilliseconds: 1, budgetPercent: 10 }, fallbacks: false";
    let gateway = Gateway::behind(&chain(&upstream, retry));
    upstream.plays(FIRST, throttled(REQUESTS * 4));
    let began = Instant::now();
    for _ in 0..REQUESTS {
        let answer = ask_default(&gateway, "");
        assert_eq!(answer.status(), 429, "{answer:?}");
        assert_eq!(answer.head.header("x-should-retry"), Some("true"), "it is AWS's error: {answer:?}");
    }
    let seconds = usize::try_from(began.elapsed().as_secs() + 1).expect("it is short");
    let retries = asked(&upstream)[0] - REQUESTS;
    // The three a second of the last ten seconds, and ten per cent.
    assert!((30..=30 + REQUESTS / 10 + 3 * seconds).contains(&retries), "{retries} retries in {seconds} s");
    assert_eq!(metric(&gateway, "quarry_retries_total"), retries);
    let denied = metric(&gateway, "quarry_retries_denied_total");
    assert!((1..=REQUESTS).contains(&denied), "{denied} of {REQUESTS}");
    gateway.stop();
}
