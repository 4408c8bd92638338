//! One request, as metrics, logs and spans see it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use prometheus_client::metrics::gauge::Gauge;
use tracing::Span;

use super::begun::{Answering, Begun};
use super::content::Content;
use super::ending::{Ending, ErrorAnswer};
use super::gen_ai::Operation;
use super::labels::{
    BlameLabels, EndpointLabels, KeyRequestLabels, KeyTokenLabels, Label, Outcome, RequestLabels, VersionLabels,
    VersionRequestLabels, status_class,
};
use super::metrics::Metrics;
use super::models::NONE;
use super::spans::{RequestSpan, TARGET};
use super::trend::Ended;
use super::turn::Turn;
use crate::blame::Blame;
use crate::contract::conversation::{Delta, Options};
use crate::contract::types::{Failure, Usage};

mod attempts;

/// The status of a request whose client went away before it was answered: nginx's word for it, no client sees it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// One request, from its arrival to its end, which is when this is dropped: what neither came to a terminal delta nor was
/// refused by then was aborted by the client.
#[derive(Debug)]
pub struct Observation {
    metrics: Arc<Metrics>,
    in_flight: Gauge,
    span: RequestSpan,
    endpoint: &'static str,
    key: Label,
    version: Label,
    begun: Instant,
    turn: Turn,
    asked: Option<String>,
    asked_at: Option<Instant>,
    server: Option<String>,
    model: Option<String>,
    answering: Option<String>,
    aws_request_id: Option<String>,
    usage: Option<Usage>,
    received: usize,
    sent: u64,
    attempts: u32,
    status: Option<u16>,
    ending: Option<Ending>,
    member: Option<String>,
    blame: Option<Blame>,
    content: Option<Content>,
    on_end: OnEnd,
}

/// Is called with how the request ended, and whose fault it is if it failed.
type Told = Box<dyn FnOnce(Outcome, Option<Blame>) + Send + Sync>;

/// The receiver of the request's outcome.
struct OnEnd(Option<Told>);

impl std::fmt::Debug for OnEnd {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("OnEnd").field(&self.0.is_some()).finish()
    }
}

impl Observation {
    /// A request arrived.
    #[must_use]
    pub fn begin(metrics: &Arc<Metrics>, begun: &Begun<'_>) -> Observation {
        let span = RequestSpan::begin(begun);
        span.describe(begun);
        let in_flight = metrics.families.in_flight.get_or_create_owned(&EndpointLabels { endpoint: begun.endpoint });
        in_flight.inc();
        begun.arrival.observed();
        let arrived = begun.arrival.at;
        Observation {
            metrics: Arc::clone(metrics),
            in_flight,
            span,
            endpoint: begun.endpoint,
            key: metrics.keys.label(begun.key),
            version: metrics.versions.none(),
            begun: arrived,
            turn: Turn::begin(metrics, arrived),
            asked: None,
            asked_at: None,
            server: None,
            model: None,
            answering: None,
            aws_request_id: None,
            usage: None,
            received: 0,
            sent: 0,
            attempts: 1,
            status: None,
            ending: None,
            member: None,
            blame: None,
            content: None,
            on_end: OnEnd(None),
        }
    }

    /// The request's span. What is logged in it carries the request's id.
    #[must_use]
    pub fn span(&self) -> &Span {
        self.span.span()
    }

    /// Makes the span a child of the one that the client's `traceparent` header names (W3C Trace Context). To be called right
    /// after [`Observation::begin`]: a span that is entered has begun.
    pub fn child_of(&self, headers: &HeaderMap) {
        self.span.child_of(headers);
    }

    /// What the client asks for: the model as the client calls it, whether the answer is to be streamed, how, and how many tools the
    /// model may call.
    pub fn asked(&mut self, model: &str, stream: bool, options: &Options, tools: usize) {
        self.span.asked(model, stream, options, tools);
        self.asked = Some(model.to_owned());
        self.asked_at = Some(Instant::now());
    }

    /// The request was assigned to this version of the provider: the first digits of its digest.
    pub fn version(&mut self, version: &str) {
        self.version = self.metrics.versions.label(version);
        self.span.version(version);
    }

    /// The request's body has so many bytes.
    pub fn received(&mut self, bytes: usize) {
        self.received = bytes;
    }

    /// So many bytes of the answer's body more were handed on.
    pub fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Records the model of the request: the resolved id of the model that the client named.
    pub fn asks(&mut self, model: &str) {
        self.turn.use_model(self.metrics.find(model));
        self.model = Some(model.to_owned());
    }

    /// AWS took the request.
    pub fn answering(&mut self, answering: &Answering<'_>) {
        self.span.answering(answering);
        self.turn.use_model(self.metrics.find(answering.model));
        self.answering = Some(answering.model.to_owned());
        self.server = answering.server.map(|(host, _)| host.to_owned());
        self.aws_request_id = answering.aws_request_id.map(str::to_owned);
    }

    /// Members of the request were ignored: their places, and the same in one line.
    pub fn ignored(&self, places: &[String], told: &str) {
        for place in places {
            self.metrics.ignored(place.rsplit('.').next().unwrap_or(place));
        }
        tracing::info!(target: TARGET, parent: self.span(), notices = told, "members of the request were ignored");
    }

    /// The request failed for this reason before its answer began. To be called before [`Observation::refused`], which says what
    /// the client got.
    pub fn failed(&mut self, failure: &Failure) {
        self.aws_request_id.clone_from(&failure.request_id);
        self.ending = Some(Ending::of(failure));
        self.blame.get_or_insert(Blame::of(failure));
    }

    /// The deltas of one read, and the time that the provider component took to make them. Cheap: a clock read, and nothing
    /// is allocated or locked, except at the first delta, at the last, and once a second.
    pub fn deltas(&mut self, deltas: &[Delta], provider_time: Duration) {
        self.pushed(provider_time);
        self.took(deltas);
    }

    /// The provider component was pushed what one read brought, and took so long. For reads whose deltas are held back until
    /// it is known whether they are the answer's: see [`Observation::took`].
    pub fn pushed(&mut self, provider_time: Duration) {
        self.turn.pushed(provider_time);
    }

    /// Deltas that are handed on, of reads that were told of before.
    pub fn took(&mut self, deltas: &[Delta]) {
        let Some(last) = deltas.last() else { return };
        let first = self.turn.took(deltas);
        self.began(first);
        if let Some(content) = &mut self.content {
            content.collect(deltas);
        }
        match last {
            Delta::Done(outcome) => {
                self.used(&outcome.usage);
                self.ending = Some(Ending::Done { reason: outcome.raw_stop_reason.clone() });
            }
            Delta::Error(error) => {
                self.used(&error.usage);
                self.metrics.upstream_error(&self.turn.model, &error.failure.kind);
                self.ending = Some(Ending::of(&error.failure));
                self.blame.get_or_insert(Blame::of(&error.failure));
            }
            _ => {}
        }
    }

    /// So many events of a stream more were passed on unread.
    pub fn relayed(&mut self, events: usize) {
        if events > 0 {
            let first = self.turn.came(events, || true);
            self.began(first);
        }
    }

    /// The answer's first content came after so long.
    fn began(&mut self, first: Option<Duration>) {
        let Some(after) = first else { return };
        self.span.first_delta(after);
        // Bedrock streams an answer of this model, so the model exists.
        if let Some(model) = self.answering.as_deref().filter(|_| self.turn.model.is_other()) {
            self.turn.use_model(self.metrics.learn(model));
        }
    }

    /// The client got an error and nothing was streamed. After an `error` delta, or [`Observation::failed`], it adds the status.
    pub fn refused(&mut self, answer: &ErrorAnswer<'_>) {
        self.status = Some(answer.status);
        self.member = answer.member.map(str::to_owned);
        self.blame.get_or_insert(answer.blame);
        if !matches!(self.ending, Some(Ending::Failed { .. })) {
            self.ending = Some(Ending::refused(answer));
        }
    }

    /// The blame of a failure, where it is known better than by the failure's kind.
    pub fn blame(&mut self, blame: Blame) {
        self.blame = Some(blame);
    }

    /// The request ended, in an answer that asks no model: `/v1/models`, a count of tokens.
    pub fn answered(&mut self, status: u16) {
        self.status = Some(status);
        self.ending.get_or_insert(Ending::Done { reason: String::new() });
    }

    /// The request's prompt: text, or messages in the JSON of the conventions' `gen_ai.input.messages`. Only to be called where
    /// the operator has asked for prompts in logs and spans: from then on the answer is collected for them too.
    pub fn prompt(&mut self, prompt: &str) {
        self.content = Some(Content::of(prompt));
    }

    /// Reports the outcome to `observer` when the request ends, with the blame of a failure.
    pub fn on_end(&mut self, told: impl FnOnce(Outcome, Option<Blame>) + Send + Sync + 'static) {
        self.on_end = OnEnd(Some(Box::new(told)));
    }

    fn used(&mut self, usage: &Usage) {
        self.turn.model.add_usage(usage);
        for (kind, tokens) in [
            ("input", usage.input),
            ("output", usage.output),
            ("cache_read", usage.cache_read),
            ("cache_write", usage.cache_write),
        ] {
            let labels = KeyTokenLabels { key: self.key.clone(), kind };
            self.metrics.families.key_tokens.get_or_create(&labels).inc_by(tokens);
        }
        self.span.used(usage);
        self.usage = Some(*usage);
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.turn.flush();
        self.in_flight.dec();
        let whole = self.begun.elapsed();
        let first = self.turn.first_delta();
        let ending = self.ending.take().unwrap_or(Ending::Aborted);
        let outcome = ending.outcome();
        // A fallback that answered leaves nobody to blame.
        let blame = self.blame.filter(|_| outcome == Outcome::Error);
        if let Some(told) = self.on_end.0.take() {
            told(outcome, blame);
        }
        // What was streamed was streamed with 200, whatever came later.
        let untold = if first.is_none() && outcome == Outcome::Aborted { CLIENT_CLOSED_REQUEST } else { 200 };
        let status = self.status.unwrap_or(untold);
        let model = &self.turn.model;
        let families = &self.metrics.families;
        let endpoint = self.endpoint;
        let (class, word) = (status_class(status), outcome.word());
        let labels = RequestLabels { endpoint, model: model.label.clone(), status: class, outcome: word };
        families.requests.get_or_create(&labels).inc();
        if let Some(blame) = blame {
            families.failed_requests.get_or_create(&BlameLabels { blame: blame.label() }).inc();
        }
        let blamed = blame.map_or(NONE, Blame::label);
        let labels = KeyRequestLabels { key: self.key.clone(), outcome: word, blame: blamed };
        families.key_requests.get_or_create(&labels).inc();
        let labels = VersionRequestLabels { version: self.version.clone(), outcome: word, blame: blamed };
        families.version_requests.get_or_create(&labels).inc();
        families.whole.get_or_create(&EndpointLabels { endpoint }).observe(whole);
        if let Some(first) = first {
            model.first_delta.observe(first);
            let labels = VersionLabels { version: self.version.clone() };
            families.version_first_delta.get_or_create(&labels).observe(first);
        }
        let (version, usage) = (&*self.version.0, self.usage);
        self.metrics.trend.record(&Ended { version, outcome, blame, first, usage });
        self.span.status(status);
        let finish_reason = ending.finish_reason();
        if let Some(reason) = finish_reason {
            self.span.finished(reason);
        }
        let error = ending.error(self.content.is_some());
        if let Some((word, message)) = error {
            self.span.failed(word, message.unwrap_or_default(), status);
        }
        if let Some(gen_ai) = self.metrics.gen_ai.get()
            && let Some(asked) = self.asked_at
        {
            gen_ai.record(&Operation {
                model: &self.turn.model.label.0,
                error: error.map(|(word, _)| word),
                server: self.server.as_deref(),
                asked: asked.elapsed(),
                whole,
                first,
                usage: self.usage,
            });
        }
        self.log(status, outcome, blame, error, whole);
        if let Some(content) = &self.content {
            self.span.content(content, finish_reason);
        }
    }
}

impl Observation {
    /// The one line that every request gets.
    fn log(
        &self,
        status: u16,
        outcome: Outcome,
        blame: Option<Blame>,
        error: Option<(&str, Option<&str>)>,
        whole: Duration,
    ) {
        tracing::info!(
            target: TARGET,
            parent: self.span(),
            status,
            outcome = outcome.word(),
            error = error.map(|(word, _)| word),
            why = error.and_then(|(_, message)| message),
            member = self.member.as_deref().filter(|_| error.is_some()),
            blame = blame.map(Blame::label),
            model = self.answering.as_deref().or(self.model.as_deref()),
            version = Some(&*self.version.0).filter(|version| *version != NONE),
            asked = self.asked.as_deref(),
            attempts = self.attempts,
            input_tokens = self.usage.map(|usage| usage.input),
            output_tokens = self.usage.map(|usage| usage.output),
            cache_read_tokens = self.usage.map(|usage| usage.cache_read),
            cache_write_tokens = self.usage.map(|usage| usage.cache_write),
            deltas = self.turn.deltas(),
            request_bytes = self.received,
            response_bytes = self.sent,
            first_delta_ms = self.turn.first_delta().map(milliseconds),
            duration_ms = milliseconds(whole),
            aws_request_id = self.aws_request_id.as_deref(),
            "request"
        );
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
