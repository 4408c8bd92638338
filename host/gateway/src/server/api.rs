//! The HTTP API: the table that the routes, the message about unknown paths and the OpenAPI document are made of.

use serde_json::{Value, json};

use super::bedrock::{self, Call, Listing};
use crate::refusal::RefusalKind;
use crate::wire::{Format, chat_completions, messages, pi_stream, responses};

/// What answers at an endpoint.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// A conversation in a format.
    Conversation(&'static Format),
    /// A count of tokens.
    CountTokens,
    /// A call of Bedrock's runtime.
    Bedrock(Call),
    /// A listing of Bedrock's control plane.
    Listing(Listing),
    /// The models.
    Models,
    /// One model.
    Model,
    /// Whether the process lives.
    Health,
    /// Whether requests are accepted.
    Readiness,
    /// The metrics.
    Metrics,
    /// This document.
    Document,
}

/// An endpoint of the API.
pub(super) struct Endpoint {
    /// Its path, as axum writes it.
    pub(super) path: &'static str,
    pub(super) handler: Handler,
    summary: &'static str,
    /// Members that the body must have; `None` where there is no body.
    required: &'static [&'static str],
    /// Members that an answer in JSON has.
    answered: &'static [&'static str],
}

const fn endpoint(
    path: &'static str,
    handler: Handler,
    required: &'static [&'static str],
    answered: &'static [&'static str],
    summary: &'static str,
) -> Endpoint {
    Endpoint { path, handler, summary, required, answered }
}

/// Every endpoint.
pub(super) static ENDPOINTS: [Endpoint; 18] = [
    endpoint(
        chat_completions::CHAT_COMPLETIONS.path,
        Handler::Conversation(&chat_completions::CHAT_COMPLETIONS),
        &["messages"],
        &["id", "object", "created", "model", "choices", "usage"],
        "OpenAI Chat Completions, streamed or not",
    ),
    endpoint(
        responses::RESPONSES.path,
        Handler::Conversation(&responses::RESPONSES),
        &["input"],
        &["id", "object", "created_at", "status", "model", "output", "usage"],
        "OpenAI Responses, streamed or not",
    ),
    endpoint(
        messages::MESSAGES.path,
        Handler::Conversation(&messages::MESSAGES),
        &["max_tokens", "messages"],
        &["id", "type", "role", "model", "content", "stop_reason", "usage"],
        "Anthropic Messages, streamed or not",
    ),
    endpoint(
        messages::COUNT_TOKENS.path,
        Handler::CountTokens,
        &["messages"],
        &["input_tokens"],
        "Anthropic's token count",
    ),
    endpoint(
        pi_stream::PI_STREAM.path,
        Handler::Conversation(&pi_stream::PI_STREAM),
        &["model", "context"],
        &[],
        "`streamProxy` of pi-agent-core",
    ),
    endpoint(
        Call::Converse.path(),
        Handler::Bedrock(Call::Converse),
        &["messages"],
        &["output", "stopReason", "usage"],
        "Bedrock's `Converse`, passed through",
    ),
    endpoint(
        Call::ConverseStream.path(),
        Handler::Bedrock(Call::ConverseStream),
        &["messages"],
        &[],
        "Bedrock's `ConverseStream`, passed through",
    ),
    endpoint(
        Call::CountTokens.path(),
        Handler::Bedrock(Call::CountTokens),
        &["input"],
        &["inputTokens"],
        "Bedrock's `CountTokens`, passed through",
    ),
    endpoint(
        Listing::FoundationModels.path(),
        Handler::Listing(Listing::FoundationModels),
        &[],
        &["modelSummaries"],
        "Bedrock's `ListFoundationModels`, as far as the key allows the models",
    ),
    endpoint(
        Listing::FoundationModel.path(),
        Handler::Listing(Listing::FoundationModel),
        &[],
        &["modelDetails"],
        "Bedrock's `GetFoundationModel`",
    ),
    endpoint(
        Listing::InferenceProfiles.path(),
        Handler::Listing(Listing::InferenceProfiles),
        &[],
        &["inferenceProfileSummaries"],
        "Bedrock's `ListInferenceProfiles`, as far as the key allows the profiles",
    ),
    endpoint(
        Listing::InferenceProfile.path(),
        Handler::Listing(Listing::InferenceProfile),
        &[],
        &["inferenceProfileId", "inferenceProfileArn"],
        "Bedrock's `GetInferenceProfile`",
    ),
    endpoint(
        "/v1/models",
        Handler::Models,
        &[],
        &["data"],
        "The models, in OpenAI's format, or in Anthropic's if `anthropic-version` is sent",
    ),
    endpoint("/v1/models/{*id}", Handler::Model, &[], &["id"], "One model, in the same formats"),
    endpoint("/healthz", Handler::Health, &[], &[], "Liveness: 200 while the process runs"),
    endpoint(
        "/readyz",
        Handler::Readiness,
        &[],
        &[],
        "Readiness: 503 while the gateway drains or is full, and with `quarry.readiness.credentials` until AWS accepts its credentials",
    ),
    endpoint("/metrics", Handler::Metrics, &[], &[], "Metrics in OpenMetrics text"),
    endpoint("/openapi.json", Handler::Document, &[], &["openapi", "info", "paths"], "The API as an OpenAPI document"),
];

impl Endpoint {
    /// Its method, in upper case.
    pub(super) fn method(&self) -> &'static str {
        if self.required.is_empty() { "GET" } else { "POST" }
    }

    /// Whether a client key is needed where the gateway has keys.
    fn needs_key(&self) -> bool {
        !matches!(self.handler, Handler::Health | Handler::Readiness | Handler::Document)
    }

    /// The path as OpenAPI and people write it.
    fn shown(&self) -> String {
        self.path.replace("{*id}", "{id}")
    }

    /// What the parameter of the path is.
    fn id_of(&self) -> &'static str {
        match self.handler {
            Handler::Bedrock(_) | Handler::Listing(_) => "The id or ARN, percent-encoded",
            _ => "The model's id, which may contain slashes",
        }
    }

    /// The media types of an answer that is no failure.
    fn answers(&self) -> &'static [&'static str] {
        match self.handler {
            Handler::Conversation(format) if format.path == pi_stream::PI_STREAM.path => &["text/event-stream"],
            Handler::Conversation(_) => &["application/json", "text/event-stream"],
            Handler::Bedrock(Call::ConverseStream) => &["application/vnd.amazon.eventstream"],
            Handler::CountTokens
            | Handler::Bedrock(_)
            | Handler::Listing(_)
            | Handler::Models
            | Handler::Model
            | Handler::Document => &["application/json"],
            Handler::Health | Handler::Readiness => &["text/plain"],
            Handler::Metrics => &["application/openmetrics-text"],
        }
    }

    /// The kinds of failure that it answers with.
    fn failures(&self) -> &'static [RefusalKind] {
        use RefusalKind::{
            Authentication, Internal, Invalid, NotFound, Overloaded, Permission, RateLimit, Timeout, TooLarge, Upstream,
        };
        match self.handler {
            Handler::Conversation(_) | Handler::CountTokens | Handler::Bedrock(_) => &[
                Invalid,
                Authentication,
                Permission,
                NotFound,
                TooLarge,
                RateLimit,
                Internal,
                Upstream,
                Overloaded,
                Timeout,
            ],
            Handler::Models | Handler::Model | Handler::Listing(_) => {
                &[Invalid, Authentication, Permission, NotFound, RateLimit, Internal, Upstream, Overloaded, Timeout]
            }
            Handler::Metrics => &[Authentication, Permission, RateLimit],
            Handler::Readiness => &[Overloaded],
            Handler::Health | Handler::Document => &[],
        }
    }

    fn operation(&self) -> Value {
        let content = |types: &[&str], members: &[&str]| -> Value {
            let media = |kind: &&str| match *kind {
                "application/json" => json!({ "schema": with_members(members) }),
                _ => json!({ "schema": { "type": "string" } }),
            };
            types.iter().map(|kind| ((*kind).to_owned(), media(kind))).collect()
        };
        let answer = content(self.answers(), self.answered);
        let mut responses = json!({ "200": { "description": "The answer", "content": answer } });
        for kind in self.failures() {
            let types: &[&str] =
                if matches!(self.handler, Handler::Readiness) { &["text/plain"] } else { &["application/json"] };
            let (status, member) = match self.handler {
                Handler::Bedrock(_) | Handler::Listing(_) => (bedrock::status(*kind), "message"),
                _ => (kind.status(), "error"),
            };
            responses[status.as_str()] = json!({
                "description": status.canonical_reason().unwrap_or_default(),
                "content": content(types, &[member]),
            });
        }
        let mut operation = json!({ "summary": self.summary, "responses": responses });
        if self.needs_key() {
            operation["security"] = json!([{ "bearer": [] }, { "apiKey": [] }]);
        }
        if !self.required.is_empty() {
            let media = json!({ "schema": with_members(self.required) });
            operation["requestBody"] = json!({ "required": true, "content": { "application/json": media } });
        }
        if self.shown().contains("{id}") {
            operation["parameters"] = json!([{
                "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
                "description": self.id_of(),
            }]);
        }
        operation
    }
}

/// The schema of an object that has these members, and others that are its format's.
fn with_members(members: &[&str]) -> Value {
    json!({ "type": "object", "required": members })
}

/// The endpoints in a sentence, for whoever asked at none of them.
pub(super) fn listed() -> String {
    let of = |method| {
        let paths = ENDPOINTS.iter().filter(|endpoint| endpoint.method() == method).map(Endpoint::shown);
        paths.collect::<Vec<_>>().join(", ")
    };
    format!("POST {}; GET {}", of("POST"), of("GET"))
}

/// The API as an OpenAPI 3.1 document. The owners of the formats document their bodies. This document has the members that a request
/// needs, and those that every answer has.
#[must_use]
pub fn document() -> Value {
    let mut paths = json!({});
    for endpoint in &ENDPOINTS {
        paths[endpoint.shown()][endpoint.method().to_lowercase()] = endpoint.operation();
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Quarry", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0 OR MIT" } },
        "paths": paths,
        "components": { "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer" },
            "apiKey": { "type": "apiKey", "in": "header", "name": "x-api-key" },
        } },
    })
}
