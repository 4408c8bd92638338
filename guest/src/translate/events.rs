//! One event of the stream at a time.

use std::borrow::Cow;

use serde::Deserialize;

use super::wire::{BlockDelta, BlockStart, BlockStop, MessageStart, MessageStop, Metadata, ServiceTier};
use super::{State, Turn, usage};
use crate::contract::conversation::Delta;
use crate::contract::types::NamedJson;
use crate::surrogates::without_lone_surrogates;

impl Turn {
    /// Takes an event.
    pub(super) fn event(&mut self, name: &str, payload: &[u8], deltas: &mut Vec<Delta>) {
        let Err(error) = self.read_event(name, payload, deltas) else { return };
        // A payload that cannot be read changed nothing. Half a character in it is no reason to end the answer: pi's JSON takes it.
        if let Ok(Cow::Owned(mended)) = std::str::from_utf8(payload).map(without_lone_surrogates)
            && self.read_event(name, mended.as_bytes(), deltas).is_ok()
        {
            return;
        }
        self.fail_damaged(&format!("the payload of {name} cannot be read: {error}"), deltas);
    }

    fn read_event(&mut self, name: &str, payload: &[u8], deltas: &mut Vec<Delta>) -> Result<(), serde_json::Error> {
        match name {
            // By far the most frequent first.
            "contentBlockDelta" => self.block_delta(parse(payload)?, deltas),
            "contentBlockStop" => self.block_stop(&parse(payload)?, deltas),
            "contentBlockStart" => self.block_start(parse(payload)?, deltas),
            "messageStart" => self.message_start(&parse(payload)?, deltas),
            "messageStop" => self.message_stop(parse(payload)?, deltas),
            "metadata" => self.metadata(&parse(payload)?, deltas),
            other => self.notice(
                "unknown-event",
                other,
                || format!("Bedrock sent the event {other:?}, which this provider does not know; it was left out"),
                deltas,
            ),
        }
        Ok(())
    }

    fn message_start(&mut self, event: &MessageStart<'_>, deltas: &mut Vec<Delta>) {
        if let Some(role) = event.role.as_ref().map(|role| &*role.0)
            && role != "assistant"
        {
            return self.fail_damaged(&format!("a message of the role {role:?} began; expected \"assistant\""), deltas);
        }
        if self.state == State::Open {
            let message = || "Bedrock began the message a second time; the answer goes on".to_owned();
            self.notice("repeated-event", "messageStart", message, deltas);
        }
        self.begin(deltas);
        self.unknown_members("messageStart", &event.unknown, deltas);
    }

    fn block_start(&mut self, event: BlockStart<'_>, deltas: &mut Vec<Delta>) {
        self.begin(deltas);
        self.unknown_members("contentBlockStart", &event.unknown, deltas);
        if let Some(start) = event.start {
            self.open_block(event.index.unwrap_or(0), start, deltas);
        }
    }

    fn block_delta(&mut self, event: BlockDelta<'_>, deltas: &mut Vec<Delta>) {
        self.begin(deltas);
        if !event.unknown.is_empty() {
            self.unknown_members("contentBlockDelta", &event.unknown, deltas);
        }
        if let Some(delta) = event.delta {
            self.feed_block(event.index.unwrap_or(0), delta, deltas);
        }
    }

    fn block_stop(&mut self, event: &BlockStop<'_>, deltas: &mut Vec<Delta>) {
        self.unknown_members("contentBlockStop", &event.unknown, deltas);
        self.close_block(event.index.unwrap_or(0), deltas);
    }

    fn message_stop(&mut self, event: MessageStop<'_>, deltas: &mut Vec<Delta>) {
        self.begin(deltas);
        self.unknown_members("messageStop", &event.unknown, deltas);
        self.raw_stop_reason = Some(event.stop_reason.map_or_else(String::new, |reason| reason.0.into_owned()));
        self.keep("additionalModelResponseFields", event.additional_fields);
    }

    fn metadata(&mut self, event: &Metadata<'_>, deltas: &mut Vec<Delta>) {
        self.begin(deltas);
        self.unknown_members("metadata", &event.unknown, deltas);
        // Metadata may come before messageStop, and more than once: the last one holds.
        let tier = event.service_tier.and_then(|tier| serde_json::from_str::<ServiceTier<'_>>(tier.get()).ok());
        let tier = tier.as_ref().and_then(|tier| tier.name.as_ref()).map(|name| &*name.0);
        let read = event.usage.map(|json| usage::read(json.get(), &self.model, &self.options, tier));
        self.usage = Some(match read {
            Some(Ok(usage)) => usage,
            Some(Err(error)) => {
                let message = || format!("the usage that Bedrock sent cannot be read, so none is told: {error}");
                self.notice("unreadable-usage", "", message, deltas);
                usage::unknown()
            }
            None => usage::unknown(),
        });
        // What server tools took; Bedrock sends it empty where there are none.
        let taken = event.usage.and_then(|usage| serde_json::from_str::<ServerToolUsage<'_>>(usage.get()).ok());
        let taken = taken.and_then(|usage| usage.counts).filter(|counts| !matches!(counts.get(), "{}" | "null"));
        self.keep("serverToolUsage", taken);
        self.keep("metrics", event.metrics);
        self.keep("trace", event.trace);
        self.keep("performanceConfig", event.performance);
        self.keep("serviceTier", event.service_tier);
    }

    /// Keeps a document for the end of the turn.
    fn keep(&mut self, name: &str, json: Option<&serde_json::value::RawValue>) {
        if let Some(json) = json {
            self.extras.retain(|extra| extra.name != name);
            self.extras.push(NamedJson { name: name.to_owned(), value: json.get().to_owned() });
        }
    }
}

/// Of `metadata.usage`, what has no place among the counts.
#[derive(Deserialize)]
struct ServerToolUsage<'a> {
    #[serde(rename = "serverToolUsage", borrow, default)]
    counts: Option<&'a serde_json::value::RawValue>,
}

fn parse<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(payload)
}
