//! Many requests at once: what one meets changes nothing for another.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::ask::ask;
use super::check::{check, is_good};
use super::ways::{EVERY_WAY, Endpoint, Way};
use super::{TEXT, every_fault, gateway};
use crate::gateway::Gateway;

/// Requests at once.
const AT_ONCE: usize = 32;

/// Ways of each fault: another pair for the next one.
const WAYS: usize = 2;

/// What is asked of a model that has no fault, and what it says: a stream of many events.
const COUNT_TO: usize = 150;
const GOOD_MODEL: &str = "us.anthropic.claude-sonnet-4-6";

/// Runs something for each of many, so many at a time; what went wrong comes back.
pub(super) async fn at_once<T, F>(limit: usize, all: impl IntoIterator<Item = T>, run: impl Fn(T) -> F) -> Vec<String>
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(limit));
    let mut running = JoinSet::new();
    for one in all {
        let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
        let ran = run(one);
        running.spawn(async move {
            let _permit = permit;
            ran.await
        });
    }
    let ended = running.join_all().await;
    assert!(!ended.is_empty(), "nothing was asked");
    ended.into_iter().filter_map(Result::err).collect()
}

/// Fails with all that went wrong and the end of the gateway's log.
pub(super) fn nothing_wrong(gateway: &Gateway, wrong: &[String]) {
    let log = gateway.log();
    let end = log.len().saturating_sub(4000);
    let end = log.get(end..).unwrap_or(&log);
    assert!(wrong.is_empty(), "{} wrong:\n{}\nthe log ends with:\n{end}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn faults_beside_good_streams_change_nothing_of_them() {
    let gateway = Arc::new(gateway());
    let counted: Arc<str> = (1..=COUNT_TO).map(|number| number.to_string()).collect::<Vec<_>>().join(", ").into();
    let ways = || EVERY_WAY.into_iter().filter(|way| way.endpoint != Endpoint::CountTokens);
    // Each fault has a good answer right beside it, of another format each time.
    let mut good = ways().filter(|way| way.stream).cycle();
    let mut next_good = || good.next().map(|way| (None, way));
    let played = every_fault().into_iter().flat_map(|played| vec![Some(played); WAYS]);
    let faults: Vec<_> = played.zip(ways().cycle()).collect();
    let requests: Vec<(_, Way)> = faults.into_iter().flat_map(|fault| [Some(fault), next_good()]).flatten().collect();
    let wrong = at_once(AT_ONCE, requests, |(played, way)| {
        let (gateway, counted) = (Arc::clone(&gateway), Arc::clone(&counted));
        async move {
            match played {
                Some(played) => {
                    let answer = ask(&gateway, way, &played.model, &format!("echo {TEXT}")).await?;
                    check(&played, way, &answer)
                }
                None => {
                    let prompt = format!("count to {COUNT_TO}");
                    is_good(way, &ask(&gateway, way, GOOD_MODEL, &prompt).await?, &counted)
                }
            }
        }
    })
    .await;
    nothing_wrong(&gateway, &wrong);
    Arc::into_inner(gateway).expect("nobody asks any more").stop();
}
