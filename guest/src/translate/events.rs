//! One event of the stream at a time.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{BlockDelta, BlockStart, BlockStop, MessageStart, MessageStop, Metadata, ServiceTier};
use super::{State, Turn, usage};
use crate::contract::conversation::Delta;
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
                || format!("Bedrock sent the unknown event {other:?}, which was left out"),
                deltas,
            ),
        }
        Ok(())
    }

    fn message_start(&mut self, event: &MessageStart<'_>, deltas: &mut Vec<Delta>) {
        if let Some(role) = event.role.as_ref().map(|role| &*role.0)
            && role != "assistant"
        {
            return self.fail_damaged(&format!("the message has the role {role:?}; expected \"assistant\""), deltas);
        }
        if self.state == State::Open {
            let message = || "Bedrock started the message a second time, which was ignored".to_owned();
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
        keep(&mut self.details.additional_response_fields, event.additional_fields);
    }

    fn metadata(&mut self, event: &Metadata<'_>, deltas: &mut Vec<Delta>) {
        self.begin(deltas);
        self.unknown_members("metadata", &event.unknown, deltas);
        // Metadata may come before messageStop, and more than once: the last one with a usage holds.
        let tier = event.service_tier.and_then(|tier| serde_json::from_str::<ServiceTier<'_>>(tier.get()).ok());
        let tier = tier.as_ref().and_then(|tier| tier.name.as_ref()).map(|name| &*name.0);
        let read = event.usage.map(|json| usage::read(json.get(), &self.model, &self.options, tier));
        match read {
            Some(Ok((usage, wrong))) => {
                for name in wrong {
                    let message = || format!("the usage's {name} was left out, because it is no count");
                    self.notice("unreadable-usage", name, message, deltas);
                }
                self.usage = Some(usage);
            }
            Some(Err(error)) => {
                let message = || format!("the usage was left out, because Bedrock's event cannot be read: {error}");
                self.notice("unreadable-usage", "", message, deltas);
            }
            None => {}
        }
        self.usage.get_or_insert_with(usage::unknown);
        // What server tools took; Bedrock sends it empty where there are none.
        let taken = event.usage.and_then(|usage| serde_json::from_str::<ServerToolUsage<'_>>(usage.get()).ok());
        let taken = taken.and_then(|usage| usage.counts).filter(|counts| !matches!(counts.get(), "{}" | "null"));
        let details = &mut self.details;
        keep(&mut details.server_tool_usage, taken);
        keep(&mut details.metrics, event.metrics);
        keep(&mut details.trace, event.trace);
        keep(&mut details.performance_config, event.performance);
        if let Some(tier) = tier {
            details.service_tier = Some(tier.to_owned());
        }
    }
}

/// Keeps a document for the end of the turn.
fn keep(place: &mut Option<String>, json: Option<&RawValue>) {
    if let Some(json) = json {
        *place = Some(json.get().to_owned());
    }
}

/// Of `metadata.usage`, what has no place among the counts.
#[derive(Deserialize)]
struct ServerToolUsage<'a> {
    #[serde(rename = "serverToolUsage", borrow, default)]
    counts: Option<&'a RawValue>,
}

fn parse<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(payload)
}
