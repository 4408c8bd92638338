//! Differences between two lists of deltas.

use serde_json::{Map, Value, json};

use super::comparison::form;
use super::difference::{Found, document};
use crate::conformance::protocol;
use crate::contract::conversation::{
    Attachment, Delta, Fragment, Outcome, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure,
};
use crate::contract::types::{Notice, Usage, UsageCost};
use crate::json::failure::FailureForm;
use crate::json::turn::named_details;

/// How far a delta is looked for on the other side before it counts as replaced.
const WINDOW: usize = 32;

/// One by one. A delta that only one side has is told once, and what follows is compared with its own counterpart.
pub(super) fn deltas(found: &mut Found, old: &[Delta], new: &[Delta]) {
    if old == new {
        return;
    }
    let (mut at_old, mut at_new) = (0, 0);
    while at_old < old.len() || at_new < new.len() {
        let (rest_old, rest_new) = (&old[at_old..], &new[at_new..]);
        let (lost, gained) = unmatched(rest_old, rest_new);
        for (index, delta) in rest_old[..lost].iter().enumerate() {
            one_side(found, delta, at_old + index, true);
        }
        for (index, delta) in rest_new[..gained].iter().enumerate() {
            one_side(found, delta, at_new + index, false);
        }
        (at_old, at_new) = (at_old + lost, at_new + gained);
        if let (Some(one), Some(other)) = (old.get(at_old), new.get(at_new)) {
            if one != other {
                pair(found, at_old, one, other);
            }
            (at_old, at_new) = (at_old + 1, at_new + 1);
        }
    }
    // A candidate that breaks the protocol breaks clients, whatever else differs.
    if let (Ok(()), Err(broken)) = (protocol::check(old), protocol::check(new))
        && !new.is_empty()
    {
        // The words quote a delta, so only what is broken is told.
        let words = broken.split(": ").nth(1).unwrap_or("the turn returned no delta").to_owned();
        found.add("delta/protocol".to_owned(), "deltas".to_owned(), None, Some(&words.into()));
    }
}

/// How many deltas of each side have no counterpart before the next two of the same shape.
fn unmatched(old: &[Delta], new: &[Delta]) -> (usize, usize) {
    let (Some(one), Some(other)) = (old.first(), new.first()) else { return (old.len(), new.len()) };
    if same_shape(one, other) {
        return (0, 0);
    }
    let lost = old.iter().take(WINDOW).position(|delta| same_shape(delta, other));
    let gained = new.iter().take(WINDOW).position(|delta| same_shape(one, delta));
    match (lost, gained) {
        (Some(lost), Some(gained)) if lost <= gained => (lost, 0),
        (_, Some(gained)) => (0, gained),
        (Some(lost), None) => (lost, 0),
        // One in the place of another.
        (None, None) => (1, 1),
    }
}

fn same_shape(one: &Delta, other: &Delta) -> bool {
    (name(one), block(one)) == (name(other), block(other))
}

fn one_side(found: &mut Found, delta: &Delta, at: usize, is_old: bool) {
    let value = Value::Object(members(delta));
    let (old, new) = if is_old { (Some(&value), None) } else { (None, Some(&value)) };
    let what = if is_old { "missing" } else { "added" };
    found.add(format!("delta/{}/{what}", name(delta)), format!("deltas/{at}"), old, new);
}

fn pair(found: &mut Found, at: usize, old: &Delta, new: &Delta) {
    let kind = format!("delta/{}", name(old));
    found.values(&kind, &format!("deltas/{at}"), &Value::Object(members(old)), &Value::Object(members(new)));
}

/// The contract's name of a delta.
fn name(delta: &Delta) -> &'static str {
    match delta {
        Delta::Start => "start",
        Delta::TextStart(_) => "text-start",
        Delta::TextDelta(_) => "text-delta",
        Delta::TextEnd(_) => "text-end",
        Delta::ThinkingStart(_) => "thinking-start",
        Delta::ThinkingDelta(_) => "thinking-delta",
        Delta::ThinkingEnd(_) => "thinking-end",
        Delta::ToolcallStart(_) => "toolcall-start",
        Delta::ToolcallDelta(_) => "toolcall-delta",
        Delta::ToolcallEnd(_) => "toolcall-end",
        Delta::Attachment(_) => "attachment",
        Delta::Notice(_) => "notice",
        Delta::Done(_) => "done",
        Delta::Error(_) => "error",
    }
}

/// The content block that a delta belongs to.
fn block(delta: &Delta) -> Option<u32> {
    match delta {
        Delta::TextStart(index) | Delta::TextEnd(index) | Delta::ThinkingStart(index) => Some(*index),
        Delta::TextDelta(fragment) | Delta::ThinkingDelta(fragment) | Delta::ToolcallDelta(fragment) => {
            Some(fragment.content_index)
        }
        Delta::ThinkingEnd(end) => Some(end.content_index),
        Delta::ToolcallStart(start) => Some(start.content_index),
        Delta::ToolcallEnd(end) => Some(end.content_index),
        Delta::Attachment(attachment) => attachment.content_index,
        Delta::Start | Delta::Notice(_) | Delta::Done(_) | Delta::Error(_) => None,
    }
}

/// What a delta says besides its name, by the contract's names.
fn members(delta: &Delta) -> Map<String, Value> {
    let value = match delta {
        Delta::Start => json!({}),
        Delta::TextStart(index) | Delta::TextEnd(index) | Delta::ThinkingStart(index) => {
            json!({ "content-index": index })
        }
        Delta::TextDelta(fragment) | Delta::ThinkingDelta(fragment) | Delta::ToolcallDelta(fragment) => {
            let Fragment { content_index, delta } = fragment;
            json!({ "content-index": content_index, "delta": delta })
        }
        Delta::ThinkingEnd(ThinkingEnd { content_index, signature, redacted }) => {
            json!({ "content-index": content_index, "signature": signature, "redacted": redacted })
        }
        Delta::ToolcallStart(ToolcallStart { content_index, id, name }) => {
            json!({ "content-index": content_index, "id": id, "name": name })
        }
        Delta::ToolcallEnd(ToolcallEnd { content_index, arguments, problem }) => {
            json!({ "content-index": content_index, "arguments": document(arguments), "problem": problem })
        }
        Delta::Attachment(Attachment { content_index, kind, value }) => {
            json!({ "content-index": content_index, "kind": kind, "value": document(value) })
        }
        Delta::Notice(Notice { kind, message }) => json!({ "kind": kind, "message": message }),
        Delta::Done(Outcome { reason, raw_stop_reason, usage: used, details }) => {
            let reason = match reason {
                StopReason::Stop => "stop",
                StopReason::Length => "length",
                StopReason::ToolUse => "tool-use",
                StopReason::Other(other) => other,
            };
            json!({ "reason": reason, "raw-stop-reason": raw_stop_reason, "usage": usage(used), "details": form(named_details(details)) })
        }
        Delta::Error(TurnFailure { failure, raw_stop_reason, usage: used, details }) => json!({
            "failure": form(FailureForm::from(failure.clone())),
            "raw-stop-reason": raw_stop_reason,
            "usage": usage(used),
            "details": form(named_details(details)),
        }),
    };
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn usage(usage: &Usage) -> Value {
    let Usage { input, output, cache_read, cache_write, cache_write_long, total, cost } = usage;
    let UsageCost { input: for_input, output: for_output, cache_read: for_read, cache_write: for_write, total: sum } =
        cost;
    json!({
        "input": input, "output": output, "cache-read": cache_read, "cache-write": cache_write,
        "cache-write-long": cache_write_long, "total": total,
        "cost": { "input": for_input, "output": for_output, "cache-read": for_read, "cache-write": for_write, "total": sum },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::no_details;

    fn piece(content_index: u32, delta: &str) -> Delta {
        Delta::TextDelta(Fragment { content_index, delta: delta.to_owned() })
    }

    fn kinds(old: &[Delta], new: &[Delta]) -> Vec<(String, String)> {
        let mut found = Found::default();
        deltas(&mut found, old, new);
        found.into_list().into_iter().map(|difference| (difference.kind, difference.place)).collect()
    }

    fn tool_end(arguments: &str) -> Delta {
        Delta::ToolcallEnd(ToolcallEnd { content_index: 0, arguments: arguments.to_owned(), problem: None })
    }

    #[test]
    fn each_delta_is_held_against_its_own() {
        let old = [Delta::Start, Delta::TextStart(0), piece(0, "a"), piece(0, "b"), Delta::TextEnd(0)];
        let new = [Delta::TextStart(0), piece(0, "a"), piece(0, "c"), Delta::TextEnd(0)];
        let expected = [("delta/start/missing", "deltas/0"), ("delta/text-delta/delta", "deltas/3/delta")];
        assert_eq!(kinds(&old, &new), expected.map(|(kind, place)| (kind.to_owned(), place.to_owned())));
        let added: Vec<String> = kinds(&new, &old).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(added, ["delta/start/added", "delta/text-delta/delta"]);
    }

    #[test]
    fn arguments_are_json_and_their_names_are_nobodys_business() {
        assert_eq!(kinds(&[tool_end(r#"{"a":1,"b":2}"#)], &[tool_end(r#"{ "b": 2, "a": 1.0 }"#)]), []);
        let found = kinds(&[tool_end(r#"{"a":1,"b":{"c":1}}"#)], &[tool_end(r#"{"b":{"c":2}}"#)]);
        assert_eq!(found, [("delta/toolcall-end/arguments".to_owned(), "deltas/0/arguments".to_owned())]);
    }

    #[test]
    fn a_candidate_that_breaks_the_protocol_is_told_without_content() {
        let secret = piece(0, "secret");
        let mut found = Found::default();
        let done = || {
            let usage = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
            let (reason, raw_stop_reason) = (StopReason::Stop, "end_turn".to_owned());
            let usage = Usage {
                input: 0,
                output: 0,
                cache_read: 0,
                cache_write: 0,
                cache_write_long: 0,
                total: 0,
                cost: usage,
            };
            Delta::Done(Outcome { reason, raw_stop_reason, usage, details: no_details() })
        };
        let whole = [Delta::TextStart(0), secret.clone(), Delta::TextEnd(0), done()];
        deltas(&mut found, &whole, &[secret, Delta::TextEnd(0), done()]);
        let broken = found.into_list().pop();
        assert!(broken.as_ref().is_some_and(|found| found.kind == "delta/protocol"), "{broken:?}");
        assert!(!format!("{broken:?}").contains("secret"), "{broken:?}");
    }
}
