//! What a provider returns: from the types of the next contract to the host's.

use quarry::contract as target;

use super::bindings::exports::quarry::provider as source;
use super::convert::{Convert, given_and_returned, record, variant};

given_and_returned!();

record!(about::Identity { name, version, provider, api, config_paths, variables } without { homepage });

variant!(config::Severity { Error, Warning });
record!(config::Problem { severity, place, path, message, expected });
record!(config::Merged { settings, warnings });

variant!(types::FailureKind {
    Throttled,
    Overloaded,
    Quota,
    ContextOverflow,
    Denied,
    CredentialsMissing,
    CredentialsInvalid,
    ModelNotEnabled,
    ModelNotFound,
    NeedsInferenceProfile,
    Validation,
    Transport,
    Timeout,
    Truncated,
    Damaged,
    ContentFiltered,
    Refused,
    ModelOutput,
    Service,
    Aborted,
    Other(word),
});
record!(types::Failure { kind, message, hint, retryable, retry_after_ms, code, status, request_id, suggestions });
record!(types::Notice { kind, message });
record!(types::UsageCost { input, output, cache_read, cache_write, total });
record!(types::Usage { input, output, cache_read, cache_write, cache_write_long, total, cost });

record!(models::CacheEntry { key, ttl, value });
variant!(models::Need {
    CredentialSource,
    CacheRead(key),
    CacheWrite(entry),
    FoundationModels,
    InferenceProfiles,
});
record!(models::LeftOut { id, reason, message });
variant!(models::CatalogSource { Config, Live, Cache, StaleCache, Disabled, Failed });
record!(models::Catalog { models, left_out, source, failures, notices });
variant!(models::Step { Needs(needs), Done(catalog) });

variant!(conversation::BodyPart { Json(bytes), Blob(index) });
record!(conversation::Prepared { model_id, body, carry, notices });
record!(conversation::Problem { path, message, expected });

record!(conversation::Fragment { content_index, delta });
record!(conversation::ToolcallStart { content_index, id, name });
record!(conversation::ThinkingEnd { content_index, signature, redacted });
record!(conversation::ToolcallEnd { content_index, arguments, problem });
record!(conversation::Attachment { content_index, kind, value });
variant!(conversation::StopReason { Stop, Length, ToolUse, Other(word) });
record!(conversation::Outcome { reason, raw_stop_reason, usage, extras });
record!(conversation::TurnFailure { failure, raw_stop_reason, usage, extras });

/// Deltas, without those that the host's contract has no word for.
pub(super) fn deltas(deltas: Vec<source::conversation::Delta>) -> Vec<target::conversation::Delta> {
    deltas.into_iter().filter_map(delta).collect()
}

fn delta(delta: source::conversation::Delta) -> Option<target::conversation::Delta> {
    use source::conversation::Delta as Next;
    use target::conversation::Delta as Today;
    Some(match delta {
        Next::Start => Today::Start,
        Next::TextStart(index) => Today::TextStart(index),
        Next::TextDelta(fragment) => Today::TextDelta(fragment.convert()),
        Next::TextEnd(index) => Today::TextEnd(index),
        Next::ThinkingStart(index) => Today::ThinkingStart(index),
        Next::ThinkingDelta(fragment) => Today::ThinkingDelta(fragment.convert()),
        Next::ThinkingEnd(end) => Today::ThinkingEnd(end.convert()),
        Next::ToolcallStart(start) => Today::ToolcallStart(start.convert()),
        Next::ToolcallDelta(fragment) => Today::ToolcallDelta(fragment.convert()),
        Next::ToolcallEnd(end) => Today::ToolcallEnd(end.convert()),
        Next::Attachment(attachment) => Today::Attachment(attachment.convert()),
        Next::Notice(notice) => Today::Notice(notice.convert()),
        Next::Done(outcome) => Today::Done(outcome.convert()),
        Next::Error(failure) => Today::Error(failure.convert()),
        // Today's callers are told of content only.
        Next::Progress(_) => return None,
    })
}
