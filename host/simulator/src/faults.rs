//! Faults by model id: the answer of such an id begins as usual, and then fails in the way that the id names.

/// A fault that a model id asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A modelled exception after so many events, the last thing in the stream.
    Exception { kind: StreamException, after: usize },
    /// A frame with `:message-type: error` after so many events.
    ErrorFrame { after: usize },
    /// The body ends cleanly after so many events.
    Truncate { after: usize },
    /// The body ends cleanly in the middle of the frame after so many events.
    CutMidFrame { after: usize },
    /// The connection is reset after so many events.
    Reset { after: usize },
    /// The frame after so many events has a wrong message CRC.
    BadCrc { after: usize },
    /// Bytes that are no frame follow the last frame.
    Leftover,
    /// A prelude, its CRC right, that declares almost 2 GiB.
    HugeFrame { after: usize },
    /// No stream: an HTTP error.
    Http(HttpFault),
    /// Nothing more comes after so many events, and the connection stays open.
    Silence { after: usize },
    /// An event each so many milliseconds.
    Slow { milliseconds: u64 },
    /// The bytes come one at a time.
    Drip,
    /// Events, block starts, deltas and members that no SDK knows.
    UnknownEvents,
    /// A tool call whose arguments are not JSON.
    MalformedTool,
    /// A guardrail intervenes.
    Guardrail,
    /// Text with citations.
    Citations,
    /// Tools that the service itself runs.
    ServerTools,
    /// The model refuses.
    Refusal,
    /// The payload after so many events is not JSON.
    MalformedJson { after: usize },
    /// No metadata event, so no usage.
    NoMetadata,
    /// This stop reason, whatever was said.
    Stop(String),
}

/// The five exceptions that a ConverseStream can end in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamException {
    Throttling,
    Validation,
    InternalServer,
    ModelStreamError,
    ServiceUnavailable,
}

/// The errors that come as an HTTP answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpFault {
    Throttling,
    ThrottlingForSeconds,
    NotReady,
    Expired,
    Denied,
    Signature,
    Unrecognized,
    Validation,
    Quota,
    TooLong,
    NotFound,
    ModelError,
    Timeout,
    Internal,
    Unavailable,
    Html,
}

/// A fault for the help text: the form of its id, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultHelp {
    /// The form of the model id; `K` and `MS` are numbers, `REASON` a word.
    pub id: &'static str,
    /// The effect on a request.
    pub does: &'static str,
}

const fn help(id: &'static str, does: &'static str) -> FaultHelp {
    FaultHelp { id, does }
}

/// Every fault that the simulator plays. `K` counts events from the beginning of the stream; `.after-K` may be left out and is then 3.
/// A `K` beyond the end of the stream means its end. `Converse` and `CountTokens` meet what is like it: an HTTP error for an exception, half of a body for a truncated stream.
pub const FAULTS: &[FaultHelp] = &[
    help("sim.exception.throttling.after-K", "throttlingException in mid-stream (over HTTP 429)"),
    help("sim.exception.validation.after-K", "validationException in mid-stream (over HTTP 400)"),
    help("sim.exception.internal-server.after-K", "internalServerException in mid-stream (over HTTP 500)"),
    help("sim.exception.model-stream-error.after-K", "modelStreamErrorException in mid-stream (over HTTP 424)"),
    help("sim.exception.service-unavailable.after-K", "serviceUnavailableException in mid-stream (over HTTP 503)"),
    help("sim.error-frame.after-K", "a frame with :message-type error, which no SDK models"),
    help("sim.truncate.after-K", "the body ends cleanly, without messageStop"),
    help("sim.cut-mid-frame.after-K", "the body ends cleanly in the middle of a frame"),
    help("sim.reset.after-K", "the connection is reset"),
    help("sim.bad-crc.after-K", "one frame has a wrong CRC"),
    help("sim.leftover", "bytes are left after the last frame"),
    help("sim.huge-frame.after-K", "a frame declares almost 2 GiB"),
    help("sim.malformed-json.after-K", "the payload of one event is not JSON"),
    help("sim.silence.after-K", "nothing more comes, and the connection stays open"),
    help("sim.slow.MS", "one event each MS milliseconds"),
    help("sim.drip", "the bytes come one at a time"),
    help("sim.unknown-events", "events, block starts, deltas and members that no SDK knows"),
    help("sim.malformed-tool", "a tool call whose arguments are not JSON"),
    help("sim.guardrail", "a guardrail intervenes: stop reason guardrail_intervened, and a trace"),
    help("sim.citations", "text with citation deltas"),
    help("sim.server-tools", "tools that the service itself runs, with their results"),
    help("sim.refusal", "stop reason refusal, with stop_details"),
    help("sim.no-metadata", "no metadata event, so no usage"),
    help("sim.stop.REASON", "this stop reason, known or not"),
    help("sim.http.429", "ThrottlingException"),
    help("sim.http.429-retry-after", "ThrottlingException with the header retry-after: 7"),
    help("sim.http.429-not-ready", "ModelNotReadyException"),
    help("sim.http.403-expired", "ExpiredTokenException"),
    help("sim.http.403-denied", "AccessDeniedException"),
    help("sim.http.403-signature", "InvalidSignatureException, as of a wrong clock"),
    help("sim.http.403-unrecognized", "UnrecognizedClientException"),
    help("sim.http.400-validation", "ValidationException"),
    help("sim.http.400-quota", "ServiceQuotaExceededException"),
    help("sim.http.400-too-long", "ValidationException: the input is too long"),
    help("sim.http.404", "ResourceNotFoundException"),
    help("sim.http.424", "ModelErrorException"),
    help("sim.http.408", "ModelTimeoutException"),
    help("sim.http.500", "InternalServerException"),
    help("sim.http.503", "ServiceUnavailableException"),
    help("sim.http.503-html", "a page of HTML, as a proxy on the way gives"),
];

/// Events before a fault when its id does not say.
const AFTER: usize = 3;

impl Fault {
    /// Reads the fault of a model id; `None` when it asks for none of [`FAULTS`].
    pub(crate) fn of_model_id(model_id: &str) -> Option<Self> {
        let name = model_id.strip_prefix("sim.")?;
        let (stem, after) = match name.rsplit_once(".after-") {
            Some((stem, count)) => (stem, Some(count.parse().ok()?)),
            None => (name, None),
        };
        if let Some(fault) = Self::after(stem, after.unwrap_or(AFTER)) {
            return Some(fault);
        }
        if after.is_some() {
            return None;
        }
        Some(match name {
            "leftover" => Self::Leftover,
            "drip" => Self::Drip,
            "unknown-events" => Self::UnknownEvents,
            "malformed-tool" => Self::MalformedTool,
            "guardrail" => Self::Guardrail,
            "citations" => Self::Citations,
            "server-tools" => Self::ServerTools,
            "refusal" => Self::Refusal,
            "no-metadata" => Self::NoMetadata,
            _ => match name.split_once('.')? {
                ("http", error) => Self::Http(HttpFault::of_name(error)?),
                ("slow", milliseconds) => Self::Slow { milliseconds: milliseconds.parse().ok()? },
                ("stop", reason) if !reason.is_empty() => Self::Stop(reason.to_owned()),
                _ => return None,
            },
        })
    }

    /// The faults that come after some events.
    fn after(stem: &str, after: usize) -> Option<Self> {
        Some(match stem {
            "error-frame" => Self::ErrorFrame { after },
            "truncate" => Self::Truncate { after },
            "cut-mid-frame" => Self::CutMidFrame { after },
            "reset" => Self::Reset { after },
            "bad-crc" => Self::BadCrc { after },
            "huge-frame" => Self::HugeFrame { after },
            "silence" => Self::Silence { after },
            "malformed-json" => Self::MalformedJson { after },
            _ => Self::Exception { kind: StreamException::of_name(stem.strip_prefix("exception.")?)?, after },
        })
    }
}

impl StreamException {
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "throttling" => Self::Throttling,
            "validation" => Self::Validation,
            "internal-server" => Self::InternalServer,
            "model-stream-error" => Self::ModelStreamError,
            "service-unavailable" => Self::ServiceUnavailable,
            _ => return None,
        })
    }
}

impl HttpFault {
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "429" => Self::Throttling,
            "429-retry-after" => Self::ThrottlingForSeconds,
            "429-not-ready" => Self::NotReady,
            "403-expired" => Self::Expired,
            "403-denied" => Self::Denied,
            "403-signature" => Self::Signature,
            "403-unrecognized" => Self::Unrecognized,
            "400-validation" => Self::Validation,
            "400-quota" => Self::Quota,
            "400-too-long" => Self::TooLong,
            "404" => Self::NotFound,
            "424" => Self::ModelError,
            "408" => Self::Timeout,
            "500" => Self::Internal,
            "503" => Self::Unavailable,
            "503-html" => Self::Html,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{FAULTS, Fault, HttpFault, StreamException};

    #[test]
    fn every_documented_id_is_understood() {
        for fault in FAULTS {
            let id = fault.id.replace("after-K", "after-7").replace("MS", "25").replace("REASON", "end_turn");
            assert!(Fault::of_model_id(&id).is_some(), "{id}");
            if let Some(stem) = id.strip_suffix(".after-7") {
                assert!(Fault::of_model_id(stem).is_some(), "{stem}");
            }
        }
    }

    #[test]
    fn numbers_and_kinds_are_read() {
        let read = Fault::of_model_id;
        assert_eq!(
            read("sim.exception.throttling.after-0"),
            Some(Fault::Exception { kind: StreamException::Throttling, after: 0 })
        );
        assert_eq!(read("sim.truncate"), Some(Fault::Truncate { after: 3 }));
        assert_eq!(read("sim.slow.40"), Some(Fault::Slow { milliseconds: 40 }));
        assert_eq!(read("sim.http.503-html"), Some(Fault::Http(HttpFault::Html)));
        assert_eq!(read("sim.stop.new_reason"), Some(Fault::Stop("new_reason".to_owned())));
    }

    #[test]
    fn what_is_no_fault_is_none() {
        for id in [
            "sim.",
            "sim.nothing",
            "sim.drip.after-2",
            "sim.truncate.after-x",
            "sim.http.999",
            "sim.slow.",
            "amazon.nova-lite-v1:0",
        ] {
            assert_eq!(Fault::of_model_id(id), None, "{id}");
        }
    }
}
