//! After many rounds of all faults, with clients that stay and clients that leave, a gateway holds what it held before.

use std::sync::Arc;
use std::time::Duration;

use super::ask::{Leaves, ask, ask_and_leave};
use super::check::check;
use super::held::{Varying, at_rest, back_to};
use super::together::{at_once, nothing_wrong};
use super::ways::EVERY_WAY;
use super::{Place, Played, TEXT, every_fault, gateway};
use crate::gateway::Gateway;

/// Requests at once.
const AT_ONCE: usize = 16;

/// Rounds before the gateway is looked at for the first time: by then every pool, cache and label is as large as it gets.
const ROUNDS_TO_WARM_UP: usize = 1;

/// Rounds that have to leave nothing behind.
const ROUNDS: usize = 3;

/// How much the resident memory may have grown after all rounds, in KiB: 4 KiB for each of their over 1000 requests. What a
/// request leaves behind if it leaves anything (an answer, a connection's buffers, a session with its 64 KiB and more) is
/// larger; an allocator that works well is within a few hundred KiB.
const GROWTH: usize = 4 << 10;

/// Some clients leave after so long: the request is being prepared, or on its way to the model, or answered.
const SHORT: Duration = Duration::from_millis(15);

/// Every fault, in the middle of an answer where it can come there; silences only where they are to be waited for.
fn faults(with_silences: bool) -> impl Iterator<Item = Played> {
    let all = every_fault();
    let has_middle = |fault| all.iter().any(|other| other.fault == fault && other.place == Place::Middle);
    let is_chosen = |played: &&Played| {
        (played.place == Place::Middle || !has_middle(played.fault))
            && (with_silences || !played.model.starts_with("sim.silence"))
    };
    let chosen: Vec<_> = all.iter().filter(is_chosen).cloned().collect();
    chosen.into_iter()
}

/// Every fault in every way, answers read to their ends.
async fn round(gateway: &Arc<Gateway>, with_silences: bool) {
    let requests = faults(with_silences).flat_map(|played| EVERY_WAY.map(|way| (played.clone(), way)));
    let wrong = at_once(AT_ONCE, requests, |(played, way)| {
        let gateway = Arc::clone(gateway);
        async move { check(&played, way, &ask(&gateway, way, &played.model, &format!("echo {TEXT}")).await?) }
    })
    .await;
    nothing_wrong(gateway, &wrong);
}

/// Every fault in every way, with clients that leave in the middle.
async fn round_of_leavers(gateway: &Arc<Gateway>, _: bool) {
    let leaves = [Leaves::WithoutReading(SHORT), Leaves::AfterTheFirstBytes];
    let requests = faults(true).flat_map(|played| EVERY_WAY.map(|way| (played.model.clone(), way)));
    let requests = requests.flat_map(|(model, way)| leaves.map(|when| (model.clone(), way, when)));
    let wrong = at_once(AT_ONCE, requests, |(model, way, when)| {
        let gateway = Arc::clone(gateway);
        async move { ask_and_leave(&gateway, way, &model, &format!("echo {TEXT}"), when).await }
    })
    .await;
    nothing_wrong(gateway, &wrong);
}

/// Warms a gateway up, has it play rounds, and holds what it has then against what it had before.
async fn leaves_nothing(one_round: impl AsyncFn(&Arc<Gateway>, bool)) {
    let gateway = Arc::new(gateway());
    for _ in 0..ROUNDS_TO_WARM_UP {
        one_round(&gateway, false).await;
    }
    let (before, at_first) = at_rest(&gateway).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((before.clients, before.sessions, before.requests), (0, 0, 0), "{before:?}");
    assert!(before.descriptors > 0 && before.tasks > 0, "{before:?}");
    for number in 0..ROUNDS {
        one_round(&gateway, number == 0).await;
    }
    let after = back_to(&gateway, &before, at_first.threads).await;
    let after = after.unwrap_or_else(|error| panic!("{error}\n{}", gateway.log()));
    println!("{before:?}: {at_first:?} at first, {after:?} after {ROUNDS} rounds");
    let Varying { upstream, threads: _, resident } = after;
    assert!(upstream <= 2 * AT_ONCE, "{upstream} ends of upstream connections after {AT_ONCE} requests at once");
    assert!(resident <= at_first.resident + GROWTH, "{resident} KiB after {} KiB", at_first.resident);
    Arc::into_inner(gateway).expect("nobody asks any more").stop();
}

#[tokio::test]
async fn faults_leave_nothing_behind() {
    leaves_nothing(round).await;
}

#[tokio::test]
async fn clients_that_leave_in_the_middle_of_a_fault_leave_nothing_behind() {
    leaves_nothing(round_of_leavers).await;
}
