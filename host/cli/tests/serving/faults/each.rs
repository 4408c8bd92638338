//! One request for each fault, place, endpoint and mode.

use std::sync::Arc;

use super::ask::ask;
use super::check::check;
use super::together::{at_once, nothing_wrong};
use super::ways::EVERY_WAY;
use super::{TEXT, every_fault, gateway};

#[tokio::test]
async fn every_fault_on_every_endpoint_is_told_in_the_formats_own_way() {
    let gateway = Arc::new(gateway());
    let requests = every_fault().into_iter().flat_map(|played| EVERY_WAY.map(|way| (played.clone(), way)));
    let prompt = format!("echo {TEXT}");
    let wrong = at_once(16, requests, |(played, way)| {
        let (gateway, prompt) = (Arc::clone(&gateway), prompt.clone());
        async move { check(&played, way, &ask(&gateway, way, &played.model, &prompt).await?) }
    })
    .await;
    nothing_wrong(&gateway, &wrong);
    Arc::into_inner(gateway).expect("nobody asks any more").stop();
}
