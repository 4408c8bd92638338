//! `POST /api/stream`: what pi-agent-core's `streamProxy` speaks (read at 0.87.1), for agents of pi and OpenClaw.
//!
//! A request is `{model, context, options}`, the answer always a stream of `data: EVENT` lines: pi's events without `partial`,
//! which the client rebuilds. A refusal is `{"error": "text"}`; the client shows the text.
//!
//! # What counts
//! - Of `model` its `id`, and what the client knows of it (`reasoning`, `input`, `cost`, `contextWindow`, `maxTokens`,
//!   `thinkingLevelMap`), which counts where the gateway knows nothing itself. `provider` must be Bedrock's, if it is there.
//! - `context` as pi writes it, the transcript form of 0.87 with its system messages included (see `pi::context`).
//! - `options`: `temperature`, `topP`, `maxTokens`, `stopSequences`, `reasoning`, `thinkingBudgets`, `interleavedThinking`,
//!   `thinkingDisplay`, `cacheRetention`, `toolChoice`, `requestMetadata`. `deferred` is refused unless `false`.
//!
//! # What is ignored
//! - `model.baseUrl`, `model.headers`, `model.api`: where a request goes, and with which headers, is the operator's to say. A
//!   client could send the gateway's credentials elsewhere with them.
//! - `model.compat`, `model.inputLimits`, `model.promptCache`, `model.samplingParams`, `options.samplingParams`,
//!   `options.metadata`: pi's own Bedrock provider does not read them either.
//! - `options.sessionId`, `options.headers`, `options.transport`, `options.timeoutMs`, `options.maxRetries`,
//!   `options.maxRetryDelayMs`, `options.websocketConnectTimeoutMs`: hints for a connection that the gateway makes in its own way.
//! - Other members of `model`: pi adds some from version to version, and none says anything that a request to Bedrock could hold.
//! - Members of messages and blocks that pi does not send to a model (`timestamp`, `usage`, `details`).
//!
//! # What the client does not see
//! Citations, results of the service's own tools and notices: the protocol has no event for them, and the client complains of
//! events that it does not know.
//!
//! # Signatures
//! The client keeps `contentSignature` as the block's `thinkingSignature` and has no place for `redacted`. So redacted thinking,
//! and thinking of a model that is not the one asked for by its very id (an alias, a fallback), carries a token
//! (`wire::thinking_token`) that comes back as it was. Any other carries Bedrock's own signature, so that pi can go on with such
//! a session without the gateway.

mod events;
mod model;
mod request;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{Format, sse};
use crate::refusal::Refusal;

/// The format.
pub(crate) static PI_STREAM: Format = Format {
    path: "/api/stream",
    read: request::read,
    refusal,
    status: |refusal| refusal.status,
    request_id_header: "x-request-id",
    members: &[],
};

#[derive(Debug, Serialize)]
struct Refused {
    error: String,
}

fn refusal(refusal: &Refusal, _request_id: &str) -> Vec<u8> {
    let mut body = Vec::new();
    sse::json(&mut body, &Refused { error: refusal.message_with_request_id() });
    body
}
