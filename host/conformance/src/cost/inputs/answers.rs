//! Answers with much of something.

use super::{Answer, Input, Kind, joined, model};
use crate::contract::conversation::{Batch, Ending, Frame, MessageType, Opening};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "translate/deltas", input: |n| each(n, |i| delta(0, &format!("{{\"text\":\"word {i:05}\"}}"))) },
    Kind {
        name: "translate/deltas-of-one-read",
        input: |n| one(n, |i| vec![delta(0, &format!("{{\"text\":\"word {i:05}\"}}"))]),
    },
    Kind {
        name: "translate/text",
        input: |n| each(1, |_| delta(0, &format!("{{\"text\":\"{}\"}}", "word \\n".repeat(32 * n)))),
    },
    Kind { name: "translate/blocks", input: |n| one(n, |i| vec![delta(i, "{\"text\":\"word\"}"), stop(i)]) },
    Kind { name: "translate/open-blocks", input: |n| one(n, |i| vec![delta(i, "{\"text\":\"word\"}")]) },
    Kind {
        name: "translate/open-blocks-of-falling-numbers",
        input: |n| one(n, |i| vec![delta(1_000_000 - i, "{\"text\":\"word\"}")]),
    },
    Kind {
        name: "translate/calls",
        input: |n| one(n, |i| vec![call(i), delta(i, "{\"toolUse\":{\"input\":\"{}\"}}"), stop(i)]),
    },
    Kind { name: "translate/calls-at-once", input: |n| one(n, |i| vec![call(i)]) },
    Kind { name: "translate/arguments-in-pieces", input: arguments_in_pieces },
    Kind {
        name: "translate/arguments",
        input: |n| arguments(&format!("{{{}}}", joined(n, |i| format!("\\\"a{i:05}\\\":{i}")))),
    },
    Kind {
        name: "translate/arguments-to-mend",
        input: |n| arguments(&format!("{{\\\"a\\\":\\\"{}\\\"}}", "\\n\\\\d".repeat(16 * n))),
    },
    Kind {
        name: "translate/arguments-deep",
        input: |n| arguments(&format!("{}1{}", "{\\\"a\\\":".repeat(n), "}".repeat(n))),
    },
    Kind {
        name: "translate/thinking",
        input: |n| each(n, |i| delta(0, &format!("{{\"reasoningContent\":{{\"text\":\"thought {i:05}\"}}}}"))),
    },
    Kind {
        name: "translate/signature-in-pieces",
        input: |n| each(n, |_| delta(0, "{\"reasoningContent\":{\"signature\":\"c2ln\"}}")),
    },
    Kind {
        name: "translate/redacted-in-pieces",
        input: |n| each(n, |_| delta(0, "{\"reasoningContent\":{\"redactedContent\":\"c2ln\"}}")),
    },
    Kind {
        name: "translate/citations",
        input: |n| each(n, |i| delta(0, &format!("{{\"citation\":{{\"title\":\"page {i:05}\"}}}}"))),
    },
    Kind { name: "translate/results-of-server-tools", input: server_results },
    Kind {
        name: "translate/unknown-members",
        input: |n| {
            each(1, |_| delta(0, &format!("{{\"text\":\"word\",{}}}", joined(n, |i| format!("\"m{i:05}\":{i}")))))
        },
    },
    Kind {
        name: "translate/unknown-events",
        input: |n| one(n, |i| vec![frame(&format!("event{i:05}"), "{}".to_owned())]),
    },
    Kind {
        name: "translate/metadata",
        input: |n| one(n, |i| vec![frame("metadata", format!("{{\"metrics\":{{\"latencyMs\":{i}}},\"trace\":{{}}}}"))]),
    },
    Kind {
        name: "translate/trace",
        input: |n| {
            each(1, |_| {
                frame(
                    "metadata",
                    format!(
                        "{{\"trace\":{{\"guardrail\":{{\"inputAssessment\":{{{}}}}}}}}}",
                        joined(n, |i| format!(
                            "\"g{i:05}\":{{\"topicPolicy\":{{\"topics\":[{{\"name\":\"t{i:05}\",\"action\":\"BLOCKED\"}}]}}}}"
                        ))
                    ),
                )
            })
        },
    },
    Kind {
        name: "translate/exception",
        input: |n| {
            each(1, |_| {
                (
                    MessageType::Exception,
                    "throttlingException".to_owned(),
                    format!("{{\"message\":\"{}\"}}", "too many tokens ".repeat(16 * n)),
                )
            })
        },
    },
];

type Event = (MessageType, String, String);

fn frame(name: &str, payload: String) -> Event {
    (MessageType::Event, name.to_owned(), payload)
}

fn delta(index: usize, delta: &str) -> Event {
    frame("contentBlockDelta", format!("{{\"contentBlockIndex\":{index},\"delta\":{delta}}}"))
}

fn stop(index: usize) -> Event {
    frame("contentBlockStop", format!("{{\"contentBlockIndex\":{index}}}"))
}

fn call(index: usize) -> Event {
    let start = format!("{{\"toolUse\":{{\"toolUseId\":\"call-{index:05}\",\"name\":\"look\"}}}}");
    frame("contentBlockStart", format!("{{\"contentBlockIndex\":{index},\"start\":{start}}}"))
}

/// A read for each event.
fn each(count: usize, event: impl Fn(usize) -> Event) -> Input {
    answer((0..count).map(|index| vec![event(index)]).collect())
}

/// All events in one read.
fn one(count: usize, events: impl Fn(usize) -> Vec<Event>) -> Input {
    answer(vec![(0..count).flat_map(events).collect()])
}

fn arguments_in_pieces(count: usize) -> Input {
    let piece = |text: &str| vec![delta(0, &format!("{{\"toolUse\":{{\"input\":\"{text}\"}}}}"))];
    let begin = [vec![call(0)], piece("{\\\"a\\\":[0")];
    let pieces = (0..count).map(|index| piece(&format!(",{index}")));
    answer(begin.into_iter().chain(pieces).chain([piece("]}"), vec![stop(0)]]).collect())
}

fn arguments(text: &str) -> Input {
    answer(vec![vec![call(0), delta(0, &format!("{{\"toolUse\":{{\"input\":\"{text}\"}}}}")), stop(0)]])
}

fn server_results(count: usize) -> Input {
    let start = "{\"toolResult\":{\"toolUseId\":\"a\",\"type\":\"nova_grounding_result\",\"status\":\"success\"}}";
    let start = vec![frame("contentBlockStart", format!("{{\"contentBlockIndex\":0,\"start\":{start}}}"))];
    let pieces = (0..count).map(|index| vec![delta(0, &format!("{{\"toolResult\":[{{\"json\":{index}}}]}}"))]);
    answer([start].into_iter().chain(pieces).chain([vec![stop(0)]]).collect())
}

/// An answer with these reads between its beginning and its end.
fn answer(reads: Vec<Vec<Event>>) -> Input {
    let begin = vec![frame("messageStart", "{\"role\":\"assistant\"}".to_owned())];
    let usage = "{\"usage\":{\"inputTokens\":1,\"outputTokens\":1,\"totalTokens\":2}}";
    let end =
        vec![frame("messageStop", "{\"stopReason\":\"end_turn\"}".to_owned()), frame("metadata", usage.to_owned())];
    let batches = [begin].into_iter().chain(reads).chain([end]).map(batch).collect();
    let opening = Opening { model: model(), carry: Vec::new(), request_id: None };
    Input::Answer(Box::new(Answer { opening, batches, ending: Ending::Complete }))
}

fn batch(events: Vec<Event>) -> Batch {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut batch = Batch { frames: Vec::with_capacity(events.len()), bytes: Vec::new() };
    for (message_type, name, payload) in events {
        batch.frames.push(Frame { message_type, name_length: length(&name), payload_length: length(&payload) });
        batch.bytes.extend_from_slice(name.as_bytes());
        batch.bytes.extend_from_slice(payload.as_bytes());
    }
    batch
}
