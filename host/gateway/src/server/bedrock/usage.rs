//! The token counts of an answer that passes through, and how it ends.

use serde::Deserialize;

use crate::contract::conversation::{Batch, Delta, MessageType, Outcome, StopReason};
use crate::contract::no_details;
use crate::contract::types::{Usage, UsageCost};

/// Token counts, as Converse reports them. Bedrock counts cached tokens beside `inputTokens`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

/// What is read of a document of `Converse`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    stop_reason: String,
    usage: Counts,
}

/// What is read of the event `messageStop`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MessageStop {
    stop_reason: String,
}

/// What is read of the event `metadata`.
#[derive(Debug, Deserialize)]
struct Metadata {
    usage: Counts,
}

impl Counts {
    fn usage(self) -> Usage {
        let (cache_read, cache_write) =
            (self.cache_read_input_tokens.unwrap_or_default(), self.cache_write_input_tokens.unwrap_or_default());
        Usage {
            input: self.input_tokens,
            output: self.output_tokens,
            cache_read,
            cache_write,
            cache_write_long: 0,
            total: self.total_tokens.unwrap_or(self.input_tokens.saturating_add(self.output_tokens)),
            // Prices are the provider's, and no provider read the answer.
            cost: UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 },
        }
    }
}

/// The end of an answer with these counts.
fn done(stop_reason: &str, counts: Counts) -> Delta {
    Delta::Done(Outcome {
        reason: StopReason::Other(stop_reason.to_owned()),
        raw_stop_reason: stop_reason.to_owned(),
        usage: counts.usage(),
        details: no_details(),
    })
}

/// The end that a document of `Converse` reports. `None` where it has no counts: then it is no such document.
pub(super) fn of_document(body: &[u8]) -> Option<Delta> {
    let Document { stop_reason, usage } = serde_json::from_slice(body).ok()?;
    (usage != Counts::default()).then(|| done(&stop_reason, usage))
}

/// What was seen of a stream of `ConverseStream`.
#[derive(Debug, Default)]
pub(super) struct Progress {
    stop_reason: Option<String>,
    counts: Option<Counts>,
    /// The name and the payload of the exception that ended it.
    exception: Option<(String, Vec<u8>)>,
}

impl Progress {
    /// Reads frames. Events that are neither the end nor the counts are not looked into.
    pub(super) fn read(&mut self, batch: &Batch) {
        let mut rest = batch.bytes.as_slice();
        for frame in &batch.frames {
            let Some((name, behind)) = rest.split_at_checked(frame.name_length as usize) else { return };
            let Some((payload, behind)) = behind.split_at_checked(frame.payload_length as usize) else { return };
            rest = behind;
            match (&frame.message_type, name) {
                (MessageType::Event, b"messageStop") => {
                    let stop: MessageStop = serde_json::from_slice(payload).unwrap_or_default();
                    self.stop_reason = Some(stop.stop_reason);
                }
                (MessageType::Event, b"metadata") => {
                    self.counts = serde_json::from_slice(payload).ok().map(|Metadata { usage }| usage);
                }
                (MessageType::Exception | MessageType::Error, _) => {
                    self.exception = Some((String::from_utf8_lossy(name).into_owned(), payload.to_vec()));
                }
                _ => {}
            }
        }
    }

    /// The exception that AWS ended the stream with.
    pub(super) fn exception(&self) -> Option<(&str, &[u8])> {
        self.exception.as_ref().map(|(name, payload)| (name.as_str(), payload.as_slice()))
    }

    /// The end of a stream that is whole: it has a stop reason and counts.
    pub(super) fn done(&self) -> Option<Delta> {
        Some(done(self.stop_reason.as_deref()?, self.counts?))
    }

    /// The counts, as far as they were reported.
    pub(super) fn usage(&self) -> Usage {
        self.counts.unwrap_or_default().usage()
    }
}
