//! Wire formats: how clients of one API ask, and how they are answered. One file or folder a format; all of them read into the
//! same [`Asked`] and render the same deltas.

use std::time::SystemTime;

use hyper::{HeaderMap, StatusCode};

use self::notices::Notices;
use self::responses::kept::{Keeper, Named};
use member_names::MemberName;

use super::refusal::Refusal;
use super::remote::Fetched;
use crate::blobs::Blobs;
use crate::contract::conversation::{Context, Delta, Options, Outcome, StopReason, TurnFailure};
pub(crate) use crate::contract::no_options;
use crate::contract::types::{FailureKind, Model};
use crate::pi::message::AssistantMessage;

pub(crate) mod chat_completions;
pub(crate) mod messages;
pub(crate) mod pi_stream;
pub(crate) mod responses;

pub(crate) mod bedrock_members;
pub(crate) mod member_names;
pub(crate) mod models;
pub(crate) mod notices;
pub(crate) mod openai_error;
pub(crate) mod openai_files;
pub(crate) mod openai_options;
pub(crate) mod openai_outcome;
pub(crate) mod reader;
pub(crate) mod sse;
pub(crate) mod thinking_token;

/// A format. Functions and not a trait with state: a format has none.
#[derive(Debug)]
pub(crate) struct Format {
    /// The path of its requests; logs and metrics name it so.
    pub(crate) path: &'static str,
    /// Reads a request.
    pub(crate) read: fn(&Received<'_>) -> Result<Request, ReadError>,
    /// The body of a refusal, as the format's own error object. The id is the one in [`Format::request_id_header`].
    pub(crate) refusal: fn(&Refusal, &str) -> Vec<u8>,
    /// The HTTP status of a refusal. Anthropic has one of its own for an overload.
    pub(crate) status: fn(&Refusal) -> StatusCode,
    /// The header in which clients of this format look for the request's id.
    pub(crate) request_id_header: &'static str,
    /// What the provider's options are called in it; empty where they have the contract's names.
    pub(crate) members: &'static [MemberName],
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    /// The body.
    pub(crate) body: &'a [u8],
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// What was fetched for this request so far.
    pub(crate) fetched: &'a Fetched,
}

/// Why a request could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The request cannot be accepted.
    Refused(Refusal),
    /// It names attachments by address, which are not there yet: fetch them (or refuse), and read again.
    Wants(Vec<Wanted>),
    /// It names earlier answers by their ids: look them up (or refuse), and read again.
    Recalls(Named),
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        ReadError::Refused(refusal)
    }
}

/// An attachment that a request names by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where in the request.
    pub(crate) path: String,
    /// Its address.
    pub(crate) url: String,
}

/// A request that was read, and the renderer of its answer.
pub(crate) struct Request {
    /// The request.
    pub(crate) asked: Asked,
    /// Renders the answer to it.
    pub(crate) writer: Box<dyn Writer>,
}

/// A request of a client, independent of its format.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The model, as the client names it: an id, an alias, with or without `amazon-bedrock/`.
    pub(crate) model: String,
    /// The facts that the client knows of the model. Those of the gateway come first.
    pub(crate) known: Option<Model>,
    /// The conversation.
    pub(crate) context: Context,
    /// Its attachments.
    pub(crate) blobs: Blobs,
    /// How to ask.
    pub(crate) options: Options,
    /// Whether the answer is to come as a stream.
    pub(crate) stream: bool,
    /// What was ignored of it.
    pub(crate) notices: Notices,
}

/// The gateway's id of a request, as headers and errors have it.
pub(crate) fn request_id(id: &str) -> String {
    format!("req_{id}")
}

/// The facts of an answer that are known when it begins.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The gateway's id of the request: 24 letters and digits, for ids such as `chatcmpl-…`.
    pub(crate) id: String,
    /// The id of the model that answers.
    pub(crate) model: String,
    /// When.
    pub(crate) created: SystemTime,
}

impl Head {
    /// The gateway's id of the request, as headers and errors have it.
    pub(crate) fn request_id(&self) -> String {
        request_id(&self.id)
    }

    /// When, in seconds since 1970.
    pub(crate) fn created_seconds(&self) -> u64 {
        self.created.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
    }
}

/// Renders one answer in one format. `begin` comes first, then either `events` again and again, or `whole` once.
pub(crate) trait Writer: Send {
    /// The facts that are known when the answer begins.
    fn begin(&mut self, head: &Head);

    /// Appends the events of some deltas, complete SSE messages only. `done` must be rendered as the format's end of an answer
    /// (the finish reason with the usage), `error` as its error event and nothing that looks like an end.
    fn events(&mut self, deltas: &[Delta], out: &mut Vec<u8>);

    /// The whole answer as a JSON document. The message is complete; an answer that failed never comes here.
    fn whole(&mut self, message: &AssistantMessage, outcome: &Outcome, out: &mut Vec<u8>);

    /// A failure that is an end like any other in this format, such as a refusal of the model with a stop reason of its own: what
    /// [`Writer::whole`] must be called with, in the place of an error. `events` sees to it by itself.
    fn ends_well(&self, _failure: &TurnFailure) -> Option<Outcome> {
        None
    }

    /// Has the answer kept, if its client wants that and the format has answers that requests name by ids.
    fn keep(&mut self, _keeper: Keeper) {}

    /// What to send when nothing else was sent for a while.
    fn keep_alive(&self) -> &'static [u8] {
        b": keep-alive\n\n"
    }
}

/// The end of an answer that the model refused to give, or that a filter or guardrail stopped, for formats that have a reason
/// for that: what came is the answer then, often the guardrail's own words. Only what Bedrock itself ended so.
pub(crate) fn filtered(failed: &TurnFailure) -> Option<Outcome> {
    let TurnFailure { failure, raw_stop_reason, usage, details } = failed;
    let raw = raw_stop_reason.clone()?;
    matches!(failure.kind, FailureKind::Refused | FailureKind::ContentFiltered).then(|| Outcome {
        reason: StopReason::Other(raw.clone()),
        raw_stop_reason: raw,
        usage: *usage,
        details: details.clone(),
    })
}
