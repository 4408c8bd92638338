//! Where credentials come from: each source, what the command says of it, and what the wire then carried.

mod failing;
mod instance;
mod link;
mod network;
mod peer;
mod renewal;
mod sources;

use crate::support::{Answer, Responder};

/// Bedrock's control plane, which records what it is asked.
fn bedrock() -> Responder {
    Responder::start(|_| Answer::json(r#"{"modelSummaries":[],"inferenceProfileSummaries":[]}"#))
}

/// Who a request says that it is from: the access key's id, or `Bearer` and the token.
fn signed_by(responder: &Responder) -> String {
    let asked = responder.asked();
    let authorization = &asked.last().expect("it was asked").headers["authorization"];
    match authorization.split_once("Credential=") {
        Some((_, rest)) => rest.split('/').next().unwrap_or_default().to_owned(),
        None => authorization.clone(),
    }
}
