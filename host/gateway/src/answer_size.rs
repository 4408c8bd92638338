//! The most that one answer may be: whoever answers decides how long it is, and what came is kept for clients that do not stream.

use crate::contract::conversation::{
    AnswerDetails, Attachment, Delta, Fragment, Outcome, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure,
};
use crate::contract::types::Notice;

/// Most bytes of one answer, as JSON shows its texts. The longest answers of models have some MiB: 128,000 tokens of text are about
/// 0.6 MiB, a picture 1 to 4. The Responses format has all of it in memory four times at its end.
pub(super) const MOST: usize = 8 << 20;

/// What a delta counts besides its texts, where it is no piece of a block: a peer that begins blocks without end fills the
/// memory too.
const BESIDE: usize = 64;

/// The size of an answer so far.
#[derive(Debug, Default)]
pub(super) struct AnswerSize(usize);

impl AnswerSize {
    /// Counts more of it. Whether it is more than an answer may be.
    pub(super) fn is_over_with(&mut self, deltas: &[Delta]) -> bool {
        self.0 = deltas.iter().fold(self.0, |size, delta| size.saturating_add(size_of(delta)));
        self.0 > MOST
    }
}

fn size_of(delta: &Delta) -> usize {
    match delta {
        Delta::TextDelta(Fragment { content_index: _, delta })
        | Delta::ThinkingDelta(Fragment { content_index: _, delta })
        | Delta::ToolcallDelta(Fragment { content_index: _, delta }) => escaped(delta),
        Delta::Start | Delta::TextStart(_) | Delta::TextEnd(_) | Delta::ThinkingStart(_) => BESIDE,
        Delta::ThinkingEnd(ThinkingEnd { content_index: _, signature, redacted: _ }) => {
            BESIDE + signature.as_deref().map_or(0, escaped)
        }
        Delta::ToolcallStart(ToolcallStart { content_index: _, id, name }) => BESIDE + escaped(id) + escaped(name),
        Delta::ToolcallEnd(ToolcallEnd { content_index: _, arguments, problem }) => {
            BESIDE + escaped(arguments) + problem.as_deref().map_or(0, escaped)
        }
        Delta::Attachment(Attachment { content_index: _, kind, value }) => BESIDE + escaped(kind) + escaped(value),
        Delta::Notice(Notice { kind, message }) => BESIDE + escaped(kind) + escaped(message),
        Delta::Done(Outcome { reason: _, raw_stop_reason, usage: _, details }) => {
            BESIDE + escaped(raw_stop_reason) + of_details(details)
        }
        Delta::Error(TurnFailure { failure, raw_stop_reason, usage: _, details }) => {
            let texts = [Some(&failure.message), failure.hint.as_ref(), raw_stop_reason.as_ref()];
            let suggestions = failure.suggestions.iter();
            let texts: usize = texts.into_iter().flatten().chain(suggestions).map(|text| escaped(text)).sum();
            BESIDE + texts + of_details(details)
        }
    }
}

fn of_details(details: &AnswerDetails) -> usize {
    let AnswerDetails {
        service_tier,
        server_tool_usage,
        additional_response_fields,
        metrics,
        trace,
        performance_config,
    } = details;
    [service_tier, server_tool_usage, additional_response_fields, metrics, trace, performance_config]
        .into_iter()
        .flatten()
        .map(|text| BESIDE + escaped(text))
        .sum()
}

/// Bytes of a text in a JSON string: a control character takes six.
fn escaped(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        ..0x20 => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}
