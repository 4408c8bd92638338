//! What each fault has to come to: the one table.

use super::TEXT;
use super::read::Finish;

/// What kind of failure a client is told of. The formats have their own words and statuses for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Invalid,
    RateLimit,
    Quota,
    Permission,
    NotFound,
    Overloaded,
    Timeout,
    /// AWS or the model failed, or what came from there cannot be used. The gateway's own credentials are among it: a client
    /// can do nothing about them.
    Upstream,
}

impl Kind {
    /// The status, as OpenAI and pi have it.
    pub(super) fn status(self) -> u16 {
        match self {
            Kind::Invalid => 400,
            Kind::RateLimit | Kind::Quota => 429,
            Kind::Permission => 403,
            Kind::NotFound => 404,
            Kind::Overloaded => 503,
            Kind::Timeout => 504,
            Kind::Upstream => 502,
        }
    }

    /// The status, as Anthropic has it.
    pub(super) fn anthropic_status(self) -> u16 {
        if self == Kind::Overloaded { 529 } else { self.status() }
    }

    /// OpenAI's `type`.
    pub(super) fn openai_type(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid_request_error",
            Kind::RateLimit => "rate_limit_error",
            Kind::Quota => "insufficient_quota",
            Kind::Permission => "permission_error",
            Kind::NotFound => "not_found_error",
            Kind::Overloaded | Kind::Timeout | Kind::Upstream => "server_error",
        }
    }

    /// Anthropic's `type`.
    pub(super) fn anthropic_type(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid_request_error",
            Kind::RateLimit | Kind::Quota => "rate_limit_error",
            Kind::Permission => "permission_error",
            Kind::NotFound => "not_found_error",
            Kind::Overloaded => "overloaded_error",
            Kind::Timeout => "timeout_error",
            Kind::Upstream => "api_error",
        }
    }

    /// What `x-should-retry` has to say; none where it depends.
    pub(super) fn should_retry(self) -> Option<&'static str> {
        match self {
            Kind::RateLimit | Kind::Overloaded | Kind::Timeout => Some("true"),
            Kind::Invalid | Kind::Quota | Kind::Permission | Kind::NotFound => Some("false"),
            Kind::Upstream => None,
        }
    }
}

/// What a fault has to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// AWS refuses the request: an error status always. The words are of the message.
    Refusal(Kind, &'static str),
    /// The stream breaks: an error event, or an error status where nothing was sent yet.
    Failure(Kind, &'static str),
    /// The same, but an answer that is whole by then stays whole.
    FailureUnlessWhole(Kind, &'static str),
    /// A good answer in spite of it, with this text.
    Answer(Finish, &'static str),
    /// The service stopped the answer with a reason of its own. Formats that have a word for that end with it; pi's protocol
    /// has none, so it is an error there, with these words.
    Filtered { text: &'static str, words: &'static str },
}

/// The arguments of the call of `sim.malformed-tool`.
pub(super) const MALFORMED_ARGUMENTS: &str = r#"{"query": "bed"#;

/// What a fault of the simulator's list has to come to when a model is asked.
pub(super) fn expected(fault: &str) -> Expected {
    use Expected::{Answer, Failure, FailureUnlessWhole, Filtered, Refusal};
    use Kind::{Invalid, NotFound, Overloaded, Permission, Quota, RateLimit, Timeout, Upstream};
    match fault {
        "sim.exception.throttling.after-K" => Failure(RateLimit, "Too many requests"),
        "sim.exception.validation.after-K" => Failure(Invalid, "Validation error"),
        "sim.exception.internal-server.after-K" => Failure(Upstream, "Internal server error"),
        "sim.exception.model-stream-error.after-K" => Failure(Upstream, "invalid sequence as part of ToolUse"),
        "sim.exception.service-unavailable.after-K" => Failure(Overloaded, "unable to process your request"),
        "sim.error-frame.after-K" => Failure(Upstream, "The simulator was asked to fail"),
        "sim.truncate.after-K" => FailureUnlessWhole(Upstream, "ended without a stop reason"),
        "sim.cut-mid-frame.after-K" => Failure(Upstream, "not a whole frame"),
        "sim.reset.after-K" => FailureUnlessWhole(Upstream, "The connection to Bedrock broke"),
        "sim.bad-crc.after-K" => Failure(Upstream, "checksum"),
        "sim.huge-frame.after-K" => Failure(Upstream, "declares 2147483631 bytes"),
        "sim.malformed-json.after-K" => Failure(Upstream, "cannot be read"),
        "sim.silence.after-K" => FailureUnlessWhole(Timeout, "sent nothing for "),
        "sim.no-metadata" => Failure(Upstream, "ended without metadata"),
        "sim.stop.REASON" => Failure(Upstream, "strange_word"),
        "sim.slow.MS" | "sim.drip" | "sim.unknown-events" | "sim.leftover" => Answer(Finish::Stop, TEXT),
        "sim.malformed-tool" => Answer(Finish::ToolCalls, TEXT),
        "sim.citations" => Answer(
            Finish::Stop,
            "The handbook says that bedrock is what lies under the soil, and that a quarry is where it is cut.",
        ),
        "sim.server-tools" => Answer(Finish::Stop, "1234 times 5678 is 7006652."),
        "sim.guardrail" => {
            Filtered { text: "Sorry, a guardrail has blocked this answer.", words: "guardrail_intervened" }
        }
        "sim.refusal" => Filtered { text: "I cannot ", words: "The simulator was asked to refuse" },
        "sim.http.429" | "sim.http.429-retry-after" => Refusal(RateLimit, "Too many requests"),
        "sim.http.429-not-ready" => Refusal(Overloaded, "not ready for inference"),
        "sim.http.403-expired" => Refusal(Upstream, "ExpiredTokenException"),
        "sim.http.403-denied" => Refusal(Permission, "AccessDeniedException"),
        "sim.http.403-signature" => Refusal(Upstream, "InvalidSignatureException"),
        "sim.http.403-unrecognized" => Refusal(Upstream, "UnrecognizedClientException"),
        "sim.http.400-validation" => Refusal(Invalid, "Validation error"),
        "sim.http.400-quota" => Refusal(Quota, "ServiceQuotaExceededException"),
        "sim.http.400-too-long" => Refusal(Invalid, "Input is too long"),
        "sim.http.404" => Refusal(NotFound, "ResourceNotFoundException"),
        "sim.http.424" => Refusal(Upstream, "ModelErrorException"),
        "sim.http.408" => Refusal(Timeout, "ModelTimeoutException"),
        "sim.http.500" => Refusal(Upstream, "Internal server error"),
        "sim.http.503" => Refusal(Overloaded, "unable to process your request"),
        "sim.http.503-html" => Refusal(Overloaded, "HTTP 503"),
        other => panic!("say in this table what {other} has to come to"),
    }
}

/// The `retry-after` that the client has to be given: the service's own, and none that nobody said.
pub(super) fn retry_after(fault: &str) -> Option<&'static str> {
    (fault == "sim.http.429-retry-after").then_some("7")
}

/// What it has to come to when tokens are counted, which has no stream: a kind and words of its message, or a count.
pub(super) fn when_counting(fault: &str) -> Option<(Kind, &'static str)> {
    match (fault, expected(fault)) {
        ("sim.reset.after-K", _) => Some((Kind::Upstream, "Connection reset")),
        ("sim.silence.after-K", _) => Some((Kind::Timeout, "did not answer CountTokens in time")),
        ("sim.truncate.after-K" | "sim.cut-mid-frame.after-K" | "sim.malformed-json.after-K", _) => {
            Some((Kind::Upstream, "it contains no count"))
        }
        (_, Expected::Refusal(kind, words)) => Some((kind, words)),
        (fault, Expected::Failure(kind, words)) if is_an_error_over_http(fault) => Some((kind, words)),
        // What is about the stream, or about what is said, has nothing to be about.
        _ => None,
    }
}

/// Faults of a stream that are an HTTP error where there is no stream.
fn is_an_error_over_http(fault: &str) -> bool {
    fault.starts_with("sim.exception.") || fault.starts_with("sim.error-frame.")
}
