//! A client that goes away while the model is silent takes the request to the model along.

use std::time::{Duration, Instant};

use super::TEXT;
use super::ask::{Leaves, ask, ask_and_leave};
use super::held::look;
use super::ways::{EVERY_WAY, Endpoint, Way};
use crate::gateway::Gateway;

/// How long the gateway may take to notice, and to let everything go. It takes milliseconds; the rest is for a machine that is busy.
const NOTICED: Duration = Duration::from_secs(60);

/// After so long the model has been asked and is silent.
const IN_THE_SILENCE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_client_that_leaves_a_silent_model_ends_its_request() {
    // Silences are long here, so nothing but the client's leave ends a request.
    let gateway = Gateway::start("{ quarry: { retry: { attempts: 1 }, limits: { idleSeconds: 3600 } } }");
    // The first request of all takes long, and may not have been sent on when its client leaves. This one keeps no connection.
    let first =
        ask(&gateway, EVERY_WAY[0], "sim.reset.after-0", "hello").await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(first.status, 502, "{first:?}");
    let model = "sim.silence.after-4";
    let mut longest = Duration::ZERO;
    for way in EVERY_WAY {
        // With no bytes of the answer there is nothing to leave after.
        let leaves: &[Leaves] = if way.stream {
            &[Leaves::WithoutReading(IN_THE_SILENCE), Leaves::AfterTheFirstBytes]
        } else {
            &[Leaves::WithoutReading(IN_THE_SILENCE)]
        };
        for when in leaves {
            let asked = ask_and_leave(&gateway, way, model, &format!("echo {TEXT}"), *when).await;
            asked.unwrap_or_else(|error| panic!("{way:?}, {when:?}: {error}"));
            let left = Instant::now();
            loop {
                let (held, varying) = look(&gateway).await.unwrap_or_else(|error| panic!("{error}"));
                // A connection whose answer was not read to its end cannot be used again, and is closed.
                let rest = (held.clients, held.sessions, held.requests, varying.upstream);
                if rest == (0, 0, 0, 0) {
                    longest = longest.max(left.elapsed());
                    break;
                }
                assert!(left.elapsed() < NOTICED, "{way:?}, {when:?}: {held:?} {varying:?}\n{}", gateway.log());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    println!("gone after {longest:?} at most");
    // Nothing is the worse for it.
    let way = Way { endpoint: Endpoint::ChatCompletions, stream: true };
    let answer = ask(&gateway, way, "sim.unknown-events", "echo hello").await.unwrap_or_else(|error| panic!("{error}"));
    super::check::is_good(way, &answer, "hello").unwrap_or_else(|error| panic!("{error}"));
    gateway.stop();
}
