//! The events of `quarry chat --json`.

use std::iter;

use quarry_contract::conversation::{
    Attachment, Delta, Fragment, Outcome, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure,
};
use quarry_contract::no_details;
use quarry_contract::types::{Failure, FailureKind, Notice, Usage, UsageCost};
use quarry_pi::events::event_json;
use quarry_pi::message::Fold;
use serde_json::{Map, Value};

use crate::page::{self, table};
use crate::source::arms;

const PAGE: &str = "docs/reference/events.md";

fn usage() -> Usage {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    Usage { input: 1, output: 1, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 2, cost }
}

/// A turn with every delta, in the contract's order but for the failure, which is of another turn.
fn deltas() -> Vec<Delta> {
    let fragment = |content_index| Fragment { content_index, delta: "{}".into() };
    let outcome =
        Outcome { reason: StopReason::Stop, raw_stop_reason: "end_turn".into(), usage: usage(), details: no_details() };
    let failure = Failure {
        kind: FailureKind::Service,
        message: "m".into(),
        hint: None,
        retryable: true,
        retry_after_ms: None,
        code: None,
        status: None,
        request_id: None,
        suggestions: Vec::new(),
        repair: None,
    };
    vec![
        Delta::Start,
        Delta::TextStart(0),
        Delta::TextDelta(fragment(0)),
        Delta::TextEnd(0),
        Delta::ThinkingStart(1),
        Delta::ThinkingDelta(fragment(1)),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 1, signature: Some("s".into()), redacted: false }),
        Delta::ToolcallStart(ToolcallStart { content_index: 2, id: "i".into(), name: "n".into() }),
        Delta::ToolcallDelta(fragment(2)),
        Delta::ToolcallEnd(ToolcallEnd { content_index: 2, arguments: "{}".into(), problem: None }),
        Delta::Attachment(Attachment { content_index: Some(0), kind: "citation".into(), value: "{}".into() }),
        Delta::Notice(Notice { kind: "k".into(), message: "m".into() }),
        Delta::Done(outcome),
        Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage: usage(), details: no_details() }),
    ]
}

#[test]
fn the_events_are_those_that_are_written() {
    let documented = arms("wit/conversation.wit", "delta");
    let deltas = deltas();
    assert_eq!(deltas.len(), documented.len(), "{documented:?}");
    let mut fold = Fold::new("bedrock-converse-stream", "amazon-bedrock", "m", None);
    let rows: Vec<_> = iter::zip(&deltas, documented)
        .map(|(delta, (name, meaning))| {
            fold.apply(delta);
            let event: Map<String, Value> = serde_json::from_str(&event_json(delta, &fold)).expect("an object");
            let kind = event["type"].as_str().expect("an event has a type").to_owned();
            assert_eq!(kind, name.replace('-', "_"));
            let members = event.keys().filter(|member| *member != "type").map(|member| format!("`{member}`"));
            [format!("`{kind}`"), members.collect::<Vec<_>>().join(", "), meaning]
        })
        .collect();
    page::has_table(PAGE, "## The events", &table(["Event", "Members", "Meaning"], rows));
}
