//! Streams of events.

use super::super::super::Writer as _;
use super::{USAGE, data, fragment, outcome, streamed, usage, writer};
use crate::contract::conversation::{
    Attachment, Delta, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure,
};
use crate::contract::types::{Failure, FailureKind};
use crate::failures;

fn done(reason: StopReason, raw: &str) -> Delta {
    Delta::Done(outcome(reason, raw, &[]))
}

fn call(index: u32) -> Delta {
    let (id, name) = (format!("t{index}"), "g\"et".to_owned());
    Delta::ToolcallStart(ToolcallStart { content_index: index, id, name })
}

fn call_end(content_index: u32) -> Delta {
    Delta::ToolcallEnd(ToolcallEnd { content_index, arguments: "{}".to_owned(), problem: None })
}

fn thought(content_index: u32, signature: &str, redacted: bool) -> Delta {
    Delta::ThinkingEnd(ThinkingEnd { content_index, signature: Some(signature.to_owned()), redacted })
}

fn failure(kind: FailureKind, raw: Option<&str>, extras: &[(&str, &str)]) -> Delta {
    let failure = Failure { retryable: true, ..failures::failure(kind, "slow down".to_owned(), None, Some("r-1")) };
    let details = super::details(extras);
    Delta::Error(TurnFailure { failure, raw_stop_reason: raw.map(str::to_owned), usage: usage(), details })
}

fn started(index: u32, block: &str) -> String {
    format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#)
}

fn piece(index: u32, delta: &str) -> String {
    format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#)
}

fn stopped(index: u32) -> String {
    format!(r#"{{"type":"content_block_stop","index":{index}}}"#)
}

fn text(index: u32, text: &str) -> String {
    piece(index, &format!(r#"{{"type":"text_delta","text":"{text}"}}"#))
}

fn ended(reason: &str) -> [String; 2] {
    let delta = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}","stop_sequence":null}},"usage":{USAGE}}}"#
    );
    [delta, r#"{"type":"message_stop"}"#.to_owned()]
}

#[test]
fn a_stream_of_text_as_it_goes_over_the_wire() {
    let deltas = [
        Delta::Start,
        Delta::TextStart(0),
        Delta::TextDelta(fragment(0, "a\n\"b\"")),
        Delta::TextDelta(fragment(0, "")),
        Delta::TextEnd(0),
        done(StopReason::Stop, "end_turn"),
        Delta::TextStart(1),
    ];
    let expected = format!(
        concat!(
            "event: message_start\n",
            r#"data: {{"type":"message_start","message":{{"id":"msg_0123456789abcdefghijklmn","type":"message","role":"assistant","model":"anthropic.claude-test","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}}}}"#,
            "\n\nevent: content_block_start\n",
            r#"data: {{"type":"content_block_start","index":0,"content_block":{{"type":"text","text":""}}}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"a\n\"b\""}}}}"#,
            "\n\nevent: content_block_stop\n",
            r#"data: {{"type":"content_block_stop","index":0}}"#,
            "\n\nevent: message_delta\n",
            r#"data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{}}}"#,
            "\n\nevent: message_stop\n",
            r#"data: {{"type":"message_stop"}}"#,
            "\n\n",
        ),
        USAGE
    );
    assert_eq!(streamed(&deltas, &[]), expected);
}

#[test]
fn thinking_has_its_signature_and_redacted_thinking_its_data() {
    let deltas = [
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "hm")),
        thought(0, "c2ln", false),
        Delta::ThinkingStart(1),
        Delta::ThinkingDelta(fragment(1, "[Reasoning redacted]")),
        thought(1, "cmVk", true),
        // A signature without a text, as adaptive thinking gives it.
        Delta::ThinkingStart(2),
        thought(2, "c2ln", false),
        // Words that look like the placeholder are words.
        Delta::ThinkingStart(3),
        Delta::ThinkingDelta(fragment(3, "[Reasoning redacted]")),
        thought(3, "c2ln", false),
        done(StopReason::Stop, "end_turn"),
    ];
    let thinking = r#"{"type":"thinking","thinking":"","signature":""}"#;
    let signature = r#"{"type":"signature_delta","signature":"c2ln"}"#;
    let mut expected = vec![
        started(0, thinking),
        piece(0, r#"{"type":"thinking_delta","thinking":"hm"}"#),
        piece(0, signature),
        stopped(0),
        started(1, r#"{"type":"redacted_thinking","data":"cmVk"}"#),
        stopped(1),
        started(2, thinking),
        piece(2, signature),
        stopped(2),
        started(3, thinking),
        piece(3, r#"{"type":"thinking_delta","thinking":"[Reasoning redacted]"}"#),
        piece(3, signature),
        stopped(3),
    ];
    expected.extend(ended("end_turn"));
    assert_eq!(data(&streamed(&deltas, &[])), expected);
}

#[test]
fn thinking_that_is_redacted_on_the_way_becomes_two_blocks() {
    let deltas = [
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "hm")),
        Delta::ThinkingDelta(fragment(0, "[Reasoning redacted]")),
        thought(0, "cmVk", true),
        Delta::TextStart(1),
        Delta::TextEnd(1),
    ];
    let expected = [
        started(0, r#"{"type":"thinking","thinking":"","signature":""}"#),
        piece(0, r#"{"type":"thinking_delta","thinking":"hm"}"#),
        stopped(0),
        started(1, r#"{"type":"redacted_thinking","data":"cmVk"}"#),
        stopped(1),
        started(2, r#"{"type":"text","text":""}"#),
        stopped(2),
    ];
    assert_eq!(data(&streamed(&deltas, &[])), expected);
}

#[test]
fn interleaved_blocks_come_one_after_the_other() {
    let deltas = [
        Delta::TextStart(0),
        call(1),
        Delta::ToolcallDelta(fragment(1, "{\"a\"")),
        call(2),
        Delta::TextDelta(fragment(0, "x")),
        call_end(2),
        Delta::ToolcallDelta(fragment(1, ":1}")),
        Delta::TextEnd(0),
        Delta::TextStart(3),
        call_end(1),
        Delta::TextDelta(fragment(3, "y")),
        done(StopReason::ToolUse, "tool_use"),
    ];
    let arguments =
        |index, json: &str| piece(index, &format!(r#"{{"type":"input_json_delta","partial_json":{json}}}"#));
    let mut expected = vec![
        started(0, r#"{"type":"text","text":""}"#),
        text(0, "x"),
        stopped(0),
        started(1, r#"{"type":"tool_use","id":"t1","name":"g\"et","input":{}}"#),
        arguments(1, r#""{\"a\"""#),
        arguments(1, r#"":1}""#),
        stopped(1),
        started(2, r#"{"type":"tool_use","id":"t2","name":"g\"et","input":{}}"#),
        arguments(2, r#""{}""#),
        stopped(2),
        started(3, r#"{"type":"text","text":""}"#),
        text(3, "y"),
        stopped(3),
    ];
    expected.extend(ended("tool_use"));
    assert_eq!(data(&streamed(&deltas, &[])), expected);
    // Batches make no difference.
    let mut out = Vec::new();
    writer(&[]).events(&deltas, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), streamed(&deltas, &[]));
}

#[test]
fn citations_and_tools_of_the_service() {
    let citation = r#"{"location":{"documentPage":{"documentIndex":0,"start":1,"end":2}},"title":"T"}"#;
    let attachment = |content_index, kind: &str, value: &str| {
        Delta::Attachment(Attachment { content_index, kind: kind.to_owned(), value: value.to_owned() })
    };
    let deltas = [
        Delta::TextStart(0),
        // It cannot stand within a block.
        attachment(None, "server-tool-use", r#"{"toolUseId":"s","name":"n","type":"","input":{"a":1}}"#),
        attachment(Some(0), "citation", citation),
        Delta::TextEnd(0),
        attachment(None, "image", r#"{"bytes":"AQID"}"#),
    ];
    let citation = r#"{"type":"citations_delta","citation":{"type":"page_location","cited_text":"","document_index":0,"document_title":"T","start_page_number":1,"end_page_number":2,"file_id":null}}"#;
    let expected = [
        started(0, r#"{"type":"text","text":""}"#),
        piece(0, citation),
        stopped(0),
        started(1, r#"{"type":"server_tool_use","id":"s","name":"n","input":{}}"#),
        piece(1, r#"{"type":"input_json_delta","partial_json":"{\"a\":1}"}"#),
        stopped(1),
    ];
    assert_eq!(data(&streamed(&deltas, &[])), expected);
}

#[test]
fn an_error_ends_the_stream_and_looks_like_no_end() {
    let deltas = [
        Delta::TextStart(0),
        Delta::TextDelta(fragment(0, "x")),
        failure(FailureKind::Throttled, None, &[]),
        Delta::TextEnd(0),
    ];
    let expected = [
        started(0, r#"{"type":"text","text":""}"#),
        text(0, "x"),
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"r-1"}"#.to_owned(),
    ];
    assert_eq!(data(&streamed(&deltas, &[])), expected);
    let alone = streamed(&[failure(FailureKind::Overloaded, None, &[])], &[]);
    assert!(
        alone.starts_with("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\""),
        "{alone}"
    );
}

#[test]
fn a_refusal_ends_the_message_and_says_why() {
    let details = r#"{"type":"refusal","category":"cyber","explanation":"no"}"#;
    let fields = format!("{{\"stop_details\":{details}}}");
    let refused = failure(FailureKind::Refused, Some("refusal"), &[("additionalModelResponseFields", &fields)]);
    let deltas = [Delta::TextStart(0), Delta::TextDelta(fragment(0, "I")), call(1), refused];
    let expected = [
        started(0, r#"{"type":"text","text":""}"#),
        text(0, "I"),
        stopped(0),
        started(1, r#"{"type":"tool_use","id":"t1","name":"g\"et","input":{}}"#),
        piece(1, r#"{"type":"input_json_delta","partial_json":"{}"}"#),
        stopped(1),
        format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":"refusal","stop_sequence":null,"stop_details":{details}}},"usage":{USAGE}}}"#
        ),
        r#"{"type":"message_stop"}"#.to_owned(),
    ];
    assert_eq!(data(&streamed(&deltas, &[])), expected);
}

#[test]
fn nothing_for_a_while_is_a_ping() {
    assert_eq!(writer(&[]).keep_alive(), b"event: ping\ndata: {\"type\":\"ping\"}\n\n");
}

/// Whatever the order in which blocks interleave: one is open at a time, and none loses or mixes up a piece.
#[test]
fn any_order_of_blocks_gives_whole_blocks() {
    const BLOCKS: u32 = 5;
    const PIECES: u32 = 4;
    for seed in 1..500_u64 {
        let mut dice = seed;
        let mut roll = |sides: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(dice >> 33).unwrap_or_default() % sides
        };
        // Blocks begin in the order of their numbers; what follows is mixed.
        let mut left: Vec<(u32, u32)> = Vec::new();
        let (mut begun, mut deltas) = (0, Vec::new());
        while begun < BLOCKS || !left.is_empty() {
            if begun < BLOCKS && (left.is_empty() || roll(3) == 0) {
                deltas.push(Delta::TextStart(begun));
                left.push((begun, 0));
                begun += 1;
                continue;
            }
            let chosen = roll(left.len());
            let (block, piece) = left[chosen];
            if piece == PIECES {
                deltas.push(Delta::TextEnd(block));
                left.remove(chosen);
            } else {
                deltas.push(Delta::TextDelta(fragment(block, &format!("{block}.{piece};"))));
                left[chosen].1 += 1;
            }
        }
        deltas.push(done(StopReason::Stop, "end_turn"));
        let mut expected = Vec::new();
        let events = data(&streamed(&deltas, &[]));
        for (index, event) in (0..).zip(events.chunks(2 + PIECES as usize).take(BLOCKS as usize)) {
            // Blocks come in the order in which they could begin, which the pieces tell.
            let block = event[1].split("text\":\"").nth(1).and_then(|text| text.split('.').next()).unwrap_or("none");
            expected.push(block.to_owned());
            assert_eq!(event[0], started(index, r#"{"type":"text","text":""}"#), "seed {seed}");
            for piece in 0..PIECES {
                assert_eq!(event[1 + piece as usize], text(index, &format!("{block}.{piece};")), "seed {seed}");
            }
            assert_eq!(event[5], stopped(index), "seed {seed}");
        }
        expected.sort();
        assert_eq!(expected, ["0", "1", "2", "3", "4"], "seed {seed}");
        assert_eq!(events[events.len() - 2..], ended("end_turn"), "seed {seed}");
    }
}
