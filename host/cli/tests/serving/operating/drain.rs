//! SIGTERM: who comes is turned away, what is under way finishes, and what does not finish in time is told so.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::client::{Client, ENDPOINTS, WHOLE, ask, body, error_event, error_of, events, get, is_finished, text};
use crate::gateway::Gateway;

/// An answer of some seconds: all that is done while it comes has to be done by then, on a busy machine too.
const SLOW: &str = "sim.slow.200";
const WORDS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

#[test]
fn what_is_under_way_finishes_and_who_comes_is_turned_away() {
    let gateway = Gateway::start("{ quarry: { retry: { attempts: 1 } } }");
    let prompt = format!("echo {WORDS}");
    let mut kept = Client::open(&gateway);
    kept.post(ENDPOINTS[0], &[], &body(ENDPOINTS[0], "sim.stop.end_turn", "echo before", false));
    assert_eq!(kept.answer().status(), 200);
    let mut streams: Vec<_> = ENDPOINTS
        .iter()
        .map(|path| {
            let mut client = Client::open(&gateway);
            client.post(path, &[], &body(path, SLOW, &prompt, true));
            assert_eq!(client.head().status, 200, "{path}");
            let first = client.chunk().expect("it goes on").expect("it has begun");
            (path, client, first)
        })
        .collect();
    let mut whole = Client::open(&gateway);
    whole.post(WHOLE[0], &[], &body(WHOLE[0], SLOW, &prompt, false));
    assert_eq!(get(&gateway, "/readyz", &[]).status(), 200);
    super::wait_until_under_way(&gateway, streams.len() + 1);

    gateway.signal(Signal::TERM);
    gateway.wait_for_log("stopping", 1);
    let told = Instant::now();
    while get(&gateway, "/readyz", &[]).status() == 200 {
        assert!(told.elapsed() < Duration::from_secs(60), "it takes requests still");
    }
    assert_eq!(get(&gateway, "/healthz", &[]).status(), 200, "it lives");
    for path in ENDPOINTS {
        let answer = ask(&gateway, path, &[], &body(path, SLOW, "too late", true));
        assert_eq!(answer.status(), 503, "{path}: {answer:?}");
        assert!(answer.error().contains("shutting down"), "{path}: {answer:?}");
        assert_eq!(answer.retry_after(), Some(5), "{path}: {answer:?}");
    }
    kept.post(ENDPOINTS[0], &[], &body(ENDPOINTS[0], SLOW, "too late", false));
    assert_eq!(kept.answer().status(), 503, "a connection that was there before counts the same");
    assert_eq!(get(&gateway, "/v1/models", &[]).status(), 503);

    for (path, client, first) in &mut streams {
        let all = format!("{first}{}", client.rest());
        assert_eq!(text(&all), WORDS, "{path}: {all}");
        assert!(is_finished(&all) && error_event(&all).is_none(), "{path}: {all}");
    }
    let whole = whole.answer();
    assert_eq!(whole.status(), 200, "{whole:?}");
    assert!(whole.body.contains(WORDS), "{whole:?}");
    gateway.ends();
}

#[test]
fn what_outlives_the_drain_ends_with_an_error() {
    let gateway = Gateway::start("{ quarry: { drainSeconds: 0.3, retry: { attempts: 1 }, keepAliveSeconds: 20 } }");
    let open = |path, model: &str, stream| {
        let mut client = Client::open(&gateway);
        client.post(path, &[], &body(path, model, "count to 5000", stream));
        client
    };
    let mut streams = Vec::new();
    for path in ENDPOINTS {
        for model in [SLOW, "sim.silence.after-3"] {
            let mut client = open(path, model, true);
            assert_eq!(client.head().status, 200, "{path} {model}");
            let first = client.chunk().expect("it goes on").expect("it has begun");
            streams.push((path, model, client, first));
        }
    }
    // These have been sent nothing: no content comes, or the answer is to come whole.
    let mut unanswered: Vec<_> = ENDPOINTS.iter().map(|path| (path, open(path, "sim.silence.after-0", true))).collect();
    unanswered.extend(WHOLE.iter().map(|path| (path, open(path, SLOW, false))));
    // This one reads nothing, so it cannot be told anything, and is not waited for.
    let _deaf = open(ENDPOINTS[0], "us.amazon.nova-lite-v1:0", true);
    let under_way = streams.len() + unanswered.len() + 1;
    super::wait_until_under_way(&gateway, under_way);

    gateway.signal(Signal::TERM);
    for (path, model, client, first) in &mut streams {
        let all = format!("{first}{}", client.rest());
        let error = error_event(&all).unwrap_or_else(|| panic!("{path} {model}: no error event in {all}"));
        assert!(error.contains("shutting down"), "{path} {model}: {error}");
        assert!(!is_finished(&all), "{path} {model} has a false end: {all}");
        assert!(error_of(events(&all).last().expect("there are some")).is_some(), "{path} {model}: {all}");
    }
    for (path, client) in &mut unanswered {
        let answer = client.answer();
        assert_eq!(answer.status(), 503, "{path}: {answer:?}");
        assert!(answer.error().contains("shutting down"), "{path}: {answer:?}");
        assert!(answer.retry_after().is_some(), "{path}: {answer:?}");
    }
    gateway.ends();
}

#[test]
fn an_idle_gateway_is_seen_to_end() {
    const MINIMUM: Duration = Duration::from_secs(3);
    let gateway = Gateway::start("{ quarry: { drainMinimumSeconds: 3, retry: { attempts: 1 } } }");
    assert_eq!(get(&gateway, "/readyz", &[]).status(), 200);
    let told = Instant::now();
    gateway.signal(Signal::TERM);
    gateway.wait_for_log("stopping", 1);
    let mut turned_away = 0;
    while told.elapsed() < MINIMUM / 2 {
        turned_away += usize::from(get(&gateway, "/readyz", &[]).status() == 503);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(turned_away > 0);
    let answer = ask(&gateway, ENDPOINTS[0], &[], &body(ENDPOINTS[0], "sim.stop.end_turn", "too late", false));
    assert_eq!((answer.status(), answer.retry_after()), (503, Some(5)), "{answer:?}");
    gateway.ends();
    assert!(told.elapsed() >= MINIMUM, "{:?}", told.elapsed());
}
