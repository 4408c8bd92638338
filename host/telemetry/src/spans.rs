//! The span of a request, with the attributes of OpenTelemetry's conventions for generative AI.
//!
//! The attributes go to the span's exporter alone: as fields of `tracing` they would be repeated on every log line of the
//! request, arrays could not be told from text, and there may be 32 fields at most.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Status, TraceContextExt as _};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::begun::{Answering, Begun};
use super::content::Content;
use crate::contract::conversation::Options;
use crate::contract::types::Usage;

/// The target of a request's span and of what is logged in it.
pub(super) const TARGET: &str = "quarry::request";

/// The name of a client's request among the spans of this target, until it ends with one that says more.
pub(super) const SERVER_SPAN: &str = "request";

/// `gen_ai.operation.name`: every endpoint that asks a model holds a conversation with it.
pub(super) const OPERATION: &str = "chat";

/// `gen_ai.provider.name` of Bedrock in the conventions.
pub(super) const PROVIDER: &str = "aws.bedrock";

/// One request's spans: the client's request, by the conventions for HTTP servers, and below it the call of the model, by those for
/// generative AI. Log lines are of the first.
#[derive(Debug)]
pub(super) struct RequestSpan {
    server: Span,
    /// From when a model is asked for; none before.
    client: Span,
    name: String,
}

impl RequestSpan {
    pub(super) fn begin(begun: &Begun<'_>) -> Self {
        let Begun { endpoint, request_id, key, method, arrival } = begun;
        let key = Some(*key).filter(|key| !key.is_empty());
        let client = arrival.client.map(tracing::field::display);
        let caller_request_id = arrival.caller_id.as_deref();
        let server =
            tracing::info_span!(target: TARGET, "request", request_id, caller_request_id, endpoint, key, client);
        RequestSpan { server, client: Span::none(), name: format!("{method} {endpoint}") }
    }

    pub(super) fn span(&self) -> &Span {
        &self.server
    }

    pub(super) fn child_of(&self, headers: &HeaderMap) {
        let parent = TraceContextPropagator::new().extract(&TraceHeaders(headers));
        if parent.span().span_context().is_valid() {
            // It fails where no spans are exported, which is no error.
            let _ = self.server.set_parent(parent);
        }
    }

    /// What holds from the beginning. Only once the parent is set: the first call that needs the span's context starts it.
    pub(super) fn describe(&self, begun: &Begun<'_>) {
        let set = |name, value: &str| self.server.set_attribute(name, value.to_owned());
        set("http.request.method", begun.method);
        set("http.route", begun.endpoint);
        set("url.path", begun.endpoint);
        set("quarry.request.id", begun.request_id);
        if let Some(client) = begun.arrival.client {
            set("client.address", &client.to_string());
        }
        if !begun.key.is_empty() {
            set("quarry.key.name", begun.key);
        }
    }

    pub(super) fn asked(&mut self, model: &str, stream: bool, options: &Options, tools: usize) {
        self.client = tracing::info_span!(target: TARGET, parent: &self.server, "model");
        self.set("gen_ai.operation.name", OPERATION);
        self.set("gen_ai.provider.name", PROVIDER);
        self.set("gen_ai.request.stream", stream);
        self.set("gen_ai.request.model", model.to_owned());
        self.client.context().span().update_name(format!("{OPERATION} {model}"));
        if let Some(max_tokens) = options.max_tokens {
            self.set("gen_ai.request.max_tokens", integer(max_tokens));
        }
        if let Some(temperature) = options.temperature {
            self.set("gen_ai.request.temperature", temperature);
        }
        if let Some(top_p) = options.top_p {
            self.set("gen_ai.request.top_p", top_p);
        }
        if !options.stop_sequences.is_empty() {
            self.set("gen_ai.request.stop_sequences", strings(options.stop_sequences.iter().map(String::as_str)));
        }
        if options.output_schema.is_some() {
            self.set("gen_ai.output.type", "json");
        }
        if let Some(thinking) = &options.thinking {
            self.set("quarry.request.thinking", thinking.clone());
        }
        // The conventions have the tools' definitions, which are a part of the prompt, and no count.
        self.set("quarry.request.tools", integer(tools as u64));
    }

    pub(super) fn version(&self, version: &str) {
        self.server.set_attribute("quarry.provider.version", version.to_owned());
    }

    pub(super) fn answering(&self, answering: &Answering<'_>) {
        let Answering { model, region, server, aws_request_id } = *answering;
        self.set("gen_ai.response.model", model.to_owned());
        self.set("cloud.region", region.to_owned());
        if let Some((host, port)) = server {
            self.set("server.address", host.to_owned());
            if let Some(port) = port {
                self.set("server.port", i64::from(port));
            }
        }
        if let Some(id) = aws_request_id {
            self.set("aws.request_id", id.to_owned());
            self.set("gen_ai.response.id", id.to_owned());
        }
    }

    pub(super) fn first_delta(&self, after: Duration) {
        self.set("gen_ai.response.time_to_first_chunk", after.as_secs_f64());
    }

    pub(super) fn used(&self, usage: &Usage) {
        // The conventions count cached tokens as input tokens, Bedrock does not.
        let input = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
        self.set("gen_ai.usage.input_tokens", integer(input));
        self.set("gen_ai.usage.output_tokens", integer(usage.output));
        self.set("gen_ai.usage.cache_read.input_tokens", integer(usage.cache_read));
        self.set("gen_ai.usage.cache_creation.input_tokens", integer(usage.cache_write));
    }

    pub(super) fn finished(&self, reason: &str) {
        self.set("gen_ai.response.finish_reasons", strings([reason]));
    }

    /// The request failed, and its client got this status: one below 500 says that the gateway did what it should.
    pub(super) fn failed(&self, word: &str, message: &str, status: u16) {
        self.set("error.type", word.to_owned());
        self.client.set_status(Status::error(message.to_owned()));
        self.server.set_attribute("error.type", word.to_owned());
        if !(400..500).contains(&status) {
            self.server.set_status(Status::error(message.to_owned()));
        }
    }

    pub(super) fn status(&self, status: u16) {
        self.server.set_attribute("http.response.status_code", i64::from(status));
        self.server.context().span().update_name(self.name.clone());
    }

    pub(super) fn retried(&self, kind: &str, wait: Duration) {
        let attributes =
            vec![KeyValue::new("error.type", kind.to_owned()), KeyValue::new("quarry.wait", wait.as_secs_f64())];
        self.client.add_event("quarry.retry", attributes);
    }

    pub(super) fn repaired(&self, kind: &'static str) {
        self.client.add_event("quarry.repair", vec![KeyValue::new("quarry.repair.kind", kind)]);
    }

    pub(super) fn fell_back(&self, from: &str, to: &str) {
        let attributes =
            vec![KeyValue::new("quarry.from.model", from.to_owned()), KeyValue::new("quarry.to.model", to.to_owned())];
        self.client.add_event("quarry.fallback", attributes);
    }

    /// What was said, for the span and for the log: only where the operator has asked for it.
    pub(super) fn content(&self, content: &Content, finish_reason: Option<&str>) {
        let (input, output) = (content.input(), content.output(finish_reason));
        tracing::info!(
            target: "quarry::content",
            parent: &self.server,
            { gen_ai.input.messages = input.as_str(), gen_ai.output.messages = output.as_str() },
            "content"
        );
        self.set("gen_ai.input.messages", input);
        self.set("gen_ai.output.messages", output);
    }

    fn set(&self, name: &'static str, value: impl Into<Value>) {
        self.client.set_attribute(name, value);
    }
}

fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    Value::Array(Array::String(texts.into_iter().map(|text| StringValue::from(text.to_owned())).collect()))
}

/// The client's `traceparent` and `tracestate`.
struct TraceHeaders<'a>(&'a HeaderMap);

impl opentelemetry::propagation::Extractor for TraceHeaders<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}
