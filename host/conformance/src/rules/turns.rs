//! Rules of turns: what a stream of frames becomes, however it is cut, wherever it ends, whatever happens to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Rule;
use super::evidence::Evidence;
use super::streams::{Run, Stream, Way};
use crate::contract::conversation::{AnswerDetails, Delta, Ending, Outcome, StopReason, TurnFailure};
use crate::contract::types::{FailureKind, NamedJson, Usage};
use crate::properties::{content, is_whole};
use crate::protocol;

pub(super) const RULES: &[Rule] = &[
    protocol_rule(0),
    protocol_rule(1),
    protocol_rule(2),
    protocol_rule(3),
    protocol_rule(4),
    protocol_rule(5),
    protocol_rule(6),
    protocol_rule(7),
    Rule {
        name: "prefix-ends-in-error",
        holds: "a stream that lacks `messageStop` or `metadata` fails, with the kind `truncated` unless a frame states another",
        source: "`turn.finish`, `failure-kind.truncated`",
        holds_for: |evidence, _| each(evidence, prefix_ends_in_error),
    },
    Rule {
        name: "prefix-keeps-content",
        holds: "the end of an incomplete stream does not change the content received so far",
        source: "`turn-failure`",
        holds_for: |evidence, _| each(evidence, prefix_keeps_content),
    },
    Rule {
        name: "whole-streams-end-well",
        holds: "a complete stream with a stop reason of a complete answer ends with `done`",
        source: "`turn.finish`, `outcome`",
        holds_for: |evidence, _| each(evidence, whole_ends_well),
    },
    Rule {
        name: "exceptions-are-errors",
        holds: "an exception or an error frame fails the turn, with the kind that the contract names for it",
        source: "`message-type`, `failure-kind`",
        holds_for: |evidence, _| each(evidence, exception_is_error),
    },
    Rule {
        name: "endings-have-their-kind",
        holds: "a stream that is stopped, silent, broken or damaged before its end fails with the kind `aborted`, `timeout`, `transport` or `damaged`",
        source: "`ending`, `failure-kind`",
        holds_for: |evidence, _| each(evidence, ending_has_its_kind),
    },
    Rule {
        name: "text-comes-through",
        holds: "the text pieces contain Bedrock's text, in order",
        source: "`delta.text-delta`",
        holds_for: |evidence, _| each(evidence, text_comes_through),
    },
    Rule {
        name: "thinking-comes-through",
        holds: "the thinking pieces contain Bedrock's thinking, in order",
        source: "`delta.thinking-delta`",
        holds_for: |evidence, _| each(evidence, thinking_comes_through),
    },
    Rule {
        name: "arguments-come-through",
        holds: "a tool call's arguments are the JSON that Bedrock sent",
        source: "`toolcall-end.arguments`",
        holds_for: |evidence, _| each(evidence, arguments_come_through),
    },
    Rule {
        name: "tool-call-ids-are-unique",
        holds: "tool calls of one turn have ids, and calls with different ids in Bedrock have different ids",
        source: "`toolcall-start.id`",
        holds_for: |evidence, _| each(evidence, tool_call_ids_are_unique),
    },
    Rule {
        name: "stop-reason-comes-through",
        holds: "the outcome has Bedrock's own stop reason, and the matching one of `stop`, `length` and `tool-use`",
        source: "`outcome.raw-stop-reason`, `stop-reason`",
        holds_for: |evidence, _| each(evidence, stop_reason_comes_through),
    },
    Rule {
        name: "usage-comes-through",
        holds: "token counts are those that Bedrock sent",
        source: "`usage`",
        holds_for: |evidence, _| each(evidence, usage_comes_through),
    },
    Rule {
        name: "usage-is-sane",
        holds: "costs are finite and 0 or more, and the total is their sum; the tokens of 1-hour cache entries are part of all cache writes",
        source: "`usage`, `usage-cost`",
        holds_for: |evidence, _| each(evidence, usage_is_sane),
    },
    Rule {
        name: "cost-follows-prices",
        holds: "costs are the tokens times the model's prices, and 0 if a price is 0",
        source: "`cost`, `usage-cost`",
        holds_for: |evidence, _| each(evidence, cost_follows_prices),
    },
    Rule {
        name: "turn-details-are-json",
        holds: "the details of an outcome or a failure are valid JSON where they are Bedrock's own",
        source: "`answer-details`",
        holds_for: |evidence, _| each(evidence, details_are_json),
    },
    Rule {
        name: "turn-failures-are-told",
        holds: "the failure of a turn has a message, and the kind `aborted` only if the caller stopped the turn",
        source: "`failure.message`, `turn-failure`",
        holds_for: |evidence, _| each(evidence, failures_are_told),
    },
];

const fn protocol_rule(number: usize) -> Rule {
    let (name, holds) = protocol::RULES[number];
    Rule { name, holds, source: "`delta`", holds_for: |evidence, rule| of_protocol(evidence, rule.name) }
}

/// The first run that breaks something.
fn each(evidence: &Evidence<'_>, holds: impl Fn(&Stream, &Run) -> Result<(), String>) -> Result<(), String> {
    evidence.runs.iter().try_for_each(|run| {
        let stream = &evidence.streams[run.stream];
        holds(stream, run).map_err(|what| format!("{}: {what}", stream.label(&run.way)))
    })
}

fn of_protocol(evidence: &Evidence<'_>, rule: &str) -> Result<(), String> {
    each(evidence, |_, run| match &run.breach {
        Some(breach) if breach.rule == rule => Err(breach.what.clone()),
        _ => Ok(()),
    })
}

fn prefix_ends_in_error(stream: &Stream, run: &Run) -> Result<(), String> {
    let Way::Prefix(length) = run.way else { return Ok(()) };
    if is_whole(&stream.frames[..length]) {
        return Ok(());
    }
    match run.failed() {
        None => Err(format!("expected an error, got {:?}", run.all().last())),
        Some(failed) => {
            let said_by_a_frame = run.pushed.iter().any(|delta| matches!(delta, Delta::Error(_)));
            if said_by_a_frame || failed.failure.kind == FailureKind::Truncated {
                return Ok(());
            }
            Err(format!("expected a failure of the kind truncated, got {:?}", failed.failure.kind))
        }
    }
}

fn prefix_keeps_content(_: &Stream, run: &Run) -> Result<(), String> {
    let Way::Prefix(_) = run.way else { return Ok(()) };
    let all: Vec<Delta> = run.all().cloned().collect();
    let (before, after) = (content(&run.pushed), content(&all));
    if before == after || run.failed().is_none() {
        return Ok(());
    }
    Err(format!("the content was {before:?} and became {after:?}"))
}

/// Stop reasons of a complete answer, each with what it is to the gateway.
fn good(stop_reason: Option<&str>) -> Option<StopReason> {
    match stop_reason? {
        "end_turn" | "stop_sequence" => Some(StopReason::Stop),
        "max_tokens" => Some(StopReason::Length),
        "tool_use" => Some(StopReason::ToolUse),
        _ => None,
    }
}

fn whole_ends_well(stream: &Stream, run: &Run) -> Result<(), String> {
    let sent = &stream.sent;
    let expected = run.is_whole() && sent.exception.is_none() && sent.usage.is_some();
    if expected && good(sent.stop_reason.as_deref()).is_some() && run.done().is_none() {
        return Err(format!("expected `done`, got {:?}", run.all().last()));
    }
    Ok(())
}

fn exception_is_error(stream: &Stream, run: &Run) -> Result<(), String> {
    let (true, Some(exception)) = (run.is_whole(), &stream.sent.exception) else { return Ok(()) };
    let Some(failed) = run.failed() else {
        return Err(format!("after {exception} the turn ended with {:?}", run.all().last()));
    };
    let expected = match exception.as_str() {
        "throttlingException" => FailureKind::Throttled,
        "serviceUnavailableException" => FailureKind::Overloaded,
        "internalServerException" => FailureKind::Service,
        _ => return Ok(()),
    };
    if failed.failure.kind == expected {
        return Ok(());
    }
    Err(format!("{exception} is of the kind {expected:?}, and the failure is {:?}", failed.failure.kind))
}

fn ending_has_its_kind(stream: &Stream, run: &Run) -> Result<(), String> {
    let Way::Ending(ending) = &run.way else { return Ok(()) };
    let given = &stream.frames[..stream.frames.len() / 2];
    if is_whole(given) || run.pushed.iter().any(|delta| matches!(delta, Delta::Error(_))) {
        return Ok(());
    }
    let expected = match ending {
        Ending::Aborted => FailureKind::Aborted,
        Ending::Idle(_) => FailureKind::Timeout,
        Ending::Broken(_) => FailureKind::Transport,
        Ending::Damaged(_) => FailureKind::Damaged,
        Ending::Limited(_) | Ending::Complete => return Ok(()),
    };
    match run.failed() {
        Some(failed) if failed.failure.kind == expected => Ok(()),
        Some(failed) => Err(format!("expected the kind {expected:?}, got {:?}", failed.failure.kind)),
        None => Err(format!("expected the kind {expected:?}, and the turn did not fail")),
    }
}

/// Pieces of a kind by their blocks, one after the other.
fn pieces(run: &Run, piece: impl Fn(&Delta) -> Option<(u32, &str)>) -> String {
    let mut blocks = BTreeMap::<u32, String>::new();
    for (index, text) in run.all().filter_map(piece) {
        blocks.entry(index).or_default().push_str(text);
    }
    blocks.into_values().collect()
}

fn same_text(what: &str, sent: &str, given: &str) -> Result<(), String> {
    if sent == given { Ok(()) } else { Err(format!("Bedrock sent the {what} {sent:?}, and the pieces have {given:?}")) }
}

fn text_comes_through(stream: &Stream, run: &Run) -> Result<(), String> {
    if !run.is_whole() {
        return Ok(());
    }
    let given = pieces(run, |delta| match delta {
        Delta::TextDelta(fragment) => Some((fragment.content_index, fragment.delta.as_str())),
        _ => None,
    });
    same_text("text", &stream.sent.text, &given)
}

fn thinking_comes_through(stream: &Stream, run: &Run) -> Result<(), String> {
    // What stands for redacted thinking is the provider's own.
    let is_redacted = run.all().any(|delta| matches!(delta, Delta::ThinkingEnd(end) if end.redacted));
    if !run.is_whole() || is_redacted {
        return Ok(());
    }
    let given = pieces(run, |delta| match delta {
        Delta::ThinkingDelta(fragment) => Some((fragment.content_index, fragment.delta.as_str())),
        _ => None,
    });
    same_text("thinking", &stream.sent.thinking, &given)
}

fn arguments_come_through(stream: &Stream, run: &Run) -> Result<(), String> {
    if !run.is_whole() {
        return Ok(());
    }
    let mut blocks = Vec::new();
    for delta in run.all() {
        match delta {
            Delta::ToolcallStart(start) => blocks.push((start.content_index, String::new())),
            Delta::ToolcallEnd(end) => {
                let block = blocks.iter_mut().find(|(index, _)| *index == end.content_index);
                block.into_iter().for_each(|(_, arguments)| arguments.clone_from(&end.arguments));
            }
            _ => {}
        }
    }
    let value = |text: &str| serde_json::from_str::<Value>(if text.is_empty() { "{}" } else { text }).ok();
    let (sent, given): (Vec<_>, Vec<_>) = (
        stream.sent.calls.iter().map(|(_, arguments)| value(arguments)).collect(),
        blocks.iter().map(|(_, arguments)| value(arguments)).collect(),
    );
    if sent == given { Ok(()) } else { Err(format!("Bedrock sent {sent:?}, and the calls have {given:?}")) }
}

fn tool_call_ids_are_unique(_: &Stream, run: &Run) -> Result<(), String> {
    if !run.is_whole() {
        return Ok(());
    }
    let mut ids = BTreeSet::new();
    for delta in run.all() {
        if let Delta::ToolcallStart(start) = delta
            && (start.id.is_empty() || !ids.insert(&start.id))
        {
            return Err(format!("the id {:?} is empty, or another call has it too", start.id));
        }
    }
    Ok(())
}

fn stop_reason_comes_through(stream: &Stream, run: &Run) -> Result<(), String> {
    let (true, Some(Outcome { reason, raw_stop_reason, .. })) = (run.is_whole(), run.done()) else { return Ok(()) };
    let sent = stream.sent.stop_reason.as_deref();
    if sent != Some(raw_stop_reason) {
        return Err(format!("Bedrock sent {sent:?}, and the outcome has {raw_stop_reason:?}"));
    }
    match good(sent) {
        Some(expected) if expected != *reason => Err(format!("{raw_stop_reason} means {expected:?}, not {reason:?}")),
        _ => Ok(()),
    }
}

/// What the turn took, however it ended.
fn usage(run: &Run) -> Option<&Usage> {
    run.done().map(|outcome| &outcome.usage).or_else(|| run.failed().map(|failed| &failed.usage))
}

fn usage_comes_through(stream: &Stream, run: &Run) -> Result<(), String> {
    let (true, Some(usage), Some(sent)) = (run.is_whole() && run.done().is_some(), usage(run), &stream.sent.usage)
    else {
        return Ok(());
    };
    let counts = [
        ("inputTokens", usage.input),
        ("outputTokens", usage.output),
        ("totalTokens", usage.total),
        ("cacheReadInputTokens", usage.cache_read),
        ("cacheWriteInputTokens", usage.cache_write),
    ];
    counts.iter().try_for_each(|(name, given)| match sent[*name].as_u64().unwrap_or(0) {
        sent if sent == *given => Ok(()),
        sent => Err(format!("Bedrock sent {sent} {name}, and the usage has {given}")),
    })
}

fn usage_is_sane(_: &Stream, run: &Run) -> Result<(), String> {
    let Some(Usage { cost, cache_write, cache_write_long, .. }) = usage(run) else { return Ok(()) };
    let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
    if let Some(part) = parts.iter().chain([&cost.total]).find(|part| !part.is_finite() || **part < 0.0) {
        return Err(format!("a cost is {part}"));
    }
    let sum: f64 = parts.iter().sum();
    if (sum - cost.total).abs() > 1e-9 * sum.max(1.0) {
        return Err(format!("the total is {}, and the sum is {sum}", cost.total));
    }
    if cache_write_long > cache_write {
        return Err(format!("{cache_write_long} tokens of 1-hour entries exceed the {cache_write} of all writes"));
    }
    Ok(())
}

fn cost_follows_prices(stream: &Stream, run: &Run) -> Result<(), String> {
    let (true, Some(usage)) = (run.is_whole(), usage(run)) else { return Ok(()) };
    let prices = &stream.opening.model.cost;
    let parts = [
        ("input", usage.input, prices.input, usage.cost.input),
        ("output", usage.output, prices.output, usage.cost.output),
        ("cache-read", usage.cache_read, prices.cache_read, usage.cost.cache_read),
        (
            "cache-write",
            usage.cache_write.saturating_sub(usage.cache_write_long),
            prices.cache_write,
            usage.cost.cache_write,
        ),
    ];
    parts.iter().try_for_each(|(name, tokens, price, given)| {
        let expected = *tokens as f64 * price / 1e6;
        if (expected - given).abs() <= 1e-9 {
            return Ok(());
        }
        Err(format!("{tokens} tokens at {price} a million cost {expected}, and `{name}` is {given}"))
    })
}

/// The first of these that has no name or is not JSON.
pub(super) fn are_json(extras: &[NamedJson]) -> Result<(), String> {
    extras.iter().try_for_each(|NamedJson { name, value }| {
        if name.is_empty() {
            return Err("an extra has no name".to_owned());
        }
        is_json(value).map_err(|error| format!("{name:?} is not JSON: {error}"))
    })
}

pub(super) fn is_json(text: &str) -> Result<(), String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|error| error.to_string())
}

fn details_are_json(_: &Stream, run: &Run) -> Result<(), String> {
    let done = run.done().map(|outcome| &outcome.details);
    let Some(details) = done.or_else(|| run.failed().map(|failed| &failed.details)) else { return Ok(()) };
    let AnswerDetails {
        service_tier: _,
        server_tool_usage,
        additional_response_fields,
        metrics,
        trace,
        performance_config,
    } = details;
    let named = [
        ("server-tool-usage", server_tool_usage),
        ("additional-response-fields", additional_response_fields),
        ("metrics", metrics),
        ("trace", trace),
        ("performance-config", performance_config),
    ];
    named
        .into_iter()
        .filter_map(|(name, json)| Some((name, json.as_deref()?)))
        .try_for_each(|(name, json)| is_json(json).map_err(|error| format!("{name} is not JSON: {error}")))
}

fn failures_are_told(_: &Stream, run: &Run) -> Result<(), String> {
    let Some(TurnFailure { failure, .. }) = run.failed() else { return Ok(()) };
    if failure.message.trim().is_empty() {
        return Err("the failure has no message".to_owned());
    }
    let is_callers_doing = matches!(run.way, Way::Ending(Ending::Aborted));
    if failure.kind == FailureKind::Aborted && !is_callers_doing {
        return Err("the caller did not stop the turn, and the failure has the kind `aborted`".to_owned());
    }
    Ok(())
}
