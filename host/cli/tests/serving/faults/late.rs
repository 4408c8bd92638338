//! Failures that come before the answer began and after the headers went out: the status is 200 by then, so the error has to be
//! an event.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ask::{ask, get};
use super::check::is_in_the_formats_words;
use super::expected::Kind;
use super::read::{Outcome, outcome};
use super::together::{at_once, nothing_wrong};
use super::ways::EVERY_WAY;
use crate::gateway::Gateway;

/// What `sim.http.429-retry-after` asks to wait.
const RETRY_AFTER: Duration = Duration::from_secs(7);

/// Whether something was sent to keep the connection alive: Anthropic has an event of its own for it.
fn was_kept_alive(body: &str) -> bool {
    body.contains(": keep-alive\n\n") || body.contains("event: ping\n")
}

#[tokio::test]
async fn a_failure_after_the_headers_is_an_event_of_the_stream() {
    let gateway = Arc::new(Gateway::start(
        "{ quarry: { retry: { attempts: 2, mostMilliseconds: 10000 }, limits: { idleSeconds: 1 }, keepAliveSeconds: 0.2 } }",
    ));
    let failures = [
        // Two attempts, each of which is silent for a second.
        ("sim.silence.after-0", Duration::from_secs(2), Kind::Timeout, "sent nothing for 1 s"),
        ("sim.http.429-retry-after", RETRY_AFTER, Kind::RateLimit, "Too many requests"),
    ];
    let streams = EVERY_WAY.into_iter().filter(|way| way.stream);
    let requests = streams.flat_map(|way| failures.map(|failure| (way, failure)));
    let wrong = at_once(16, requests, |(way, (model, at_least, kind, words))| {
        let gateway = Arc::clone(&gateway);
        async move {
            let began = Instant::now();
            let answer = ask(&gateway, way, model, "echo hello").await?;
            let took = began.elapsed();
            let judged = match outcome(way, &answer)? {
                Outcome::BrokenOff { text, told } if text.is_empty() => {
                    // AWS's id of the request was not known when the headers went out, so only the error can tell it.
                    let named = told.request_id.is_some() || told.message.contains("(AWS request id: ");
                    let named = named.then_some(()).ok_or_else(|| format!("no id of the request in {told:?}"));
                    named.and_then(|()| is_in_the_formats_words(way, &told, (kind, words)))
                }
                outcome => Err(format!("{outcome:?}")),
            };
            let judged = match judged {
                Ok(()) if took < at_least => Err(format!("it was tried again after {took:?}")),
                Ok(()) if !was_kept_alive(&answer.body) => Err("nothing was sent in the silence".to_owned()),
                judged => judged,
            };
            judged.map_err(|wrong| format!("{model} at {way:?}: {wrong}\n  {answer:?}"))
        }
    })
    .await;
    nothing_wrong(&gateway, &wrong);
    let metrics = get(&gateway, "/metrics").await.unwrap_or_else(|error| panic!("{error}"));
    let ended: Vec<_> = metrics.lines().filter(|line| line.starts_with("quarry_requests_total{")).collect();
    let as_seen = |line: &&str| line.contains("status=\"2xx\",outcome=\"error\"");
    assert!(!ended.is_empty() && ended.iter().all(as_seen), "the clients saw 200 and an error: {ended:#?}");
    Arc::into_inner(gateway).expect("nobody asks any more").stop();
}
