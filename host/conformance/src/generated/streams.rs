//! Streams: every kind of block, stop reason, ending and fault.

use super::events::{
    block_start, block_stop, call, cited, delta, event, exception, image, metadata, redacted, server_tool, start, stop,
    text, thinking,
};
use super::models::wide;
use super::{Generated, generated};
use crate::contract::conversation::{Ending, MessageType, Opening};
use crate::contract::types::{CostTier, Model};
use crate::cost::inputs::{Answer, Input};
use crate::frames::{OwnedFrame, batch};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const STOP_REASONS: &[&str] = &[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
    "refusal",
    "pause_turn",
    "something_new",
];

/// Exceptions that the stream is known to have, two that it is not, and what they say.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("internalServerException", "The system encountered an unexpected error during processing."),
    ("modelStreamErrorException", "Model produced invalid sequence as part of ToolUse."),
    ("modelStreamErrorException", "The model stopped."),
    ("serviceUnavailableException", "Bedrock is unable to process your request."),
    ("throttlingException", "Too many tokens, please wait before trying again."),
    ("throttlingException", "Too many tokens per day, please wait before trying again."),
    ("validationException", "Input is too long for requested model."),
    ("validationException", "The provided request is not valid"),
    ("modelTimeoutException", "The model took too long."),
    ("accessDeniedException", "You don't have access to the model with the specified model ID."),
    ("serviceQuotaExceededException", "Your quota is used up."),
    ("ModelNotReadyException", "The model is not ready."),
    ("somethingNewException", ""),
];

pub(super) fn all() -> Vec<Generated> {
    let mut streams = Streams(Vec::new());
    streams.blocks();
    streams.stops();
    streams.failures();
    streams.endings();
    streams.usage();
    streams.models();
    streams.options();
    streams.0
}

struct Streams(Vec<Generated>);

impl Streams {
    fn add(&mut self, name: &str, frames: &[OwnedFrame]) {
        self.ended(name, wide(CLAUDE), frames, Ending::Complete);
    }

    fn ended(&mut self, name: &str, model: Model, frames: &[OwnedFrame], ending: Ending) {
        let opening = Opening { model, carry: Vec::new(), request_id: Some("request-1".to_owned()) };
        self.opened(name, opening, frames, ending);
    }

    fn opened(&mut self, name: &str, opening: Opening, frames: &[OwnedFrame], ending: Ending) {
        let batches = frames.chunks(1).map(batch).collect();
        let answer = Answer { opening, batches, ending };
        self.0.push(generated(format!("translate/{name}"), Input::Answer(Box::new(answer))));
    }

    fn blocks(&mut self) {
        let interleaved: Vec<OwnedFrame> = [call(0, &["{}"]), text(2), call(1, &[r#"{\"city\":"#, r#"\"Rome\"}"#])]
            .into_iter()
            .fold(Vec::new(), |all, block| interleave(&all, &block));
        let blocks: Vec<(&str, Vec<OwnedFrame>)> = vec![
            ("text", text(0)),
            ("text-empty", vec![delta(0, r#"{"text":""}"#), block_stop(0)]),
            ("text-blank-beside-text", [vec![delta(0, r#"{"text":"\n"}"#), block_stop(0)], text(1)].concat()),
            ("text-of-half-a-character", vec![delta(0, r#"{"text":"\ud83d"}"#), delta(0, r#"{"text":"\ude00"}"#)]),
            ("thinking", [thinking(0), text(1)].concat()),
            ("thinking-redacted", [redacted(0), text(1)].concat()),
            ("thinking-both", [thinking(0), redacted(1), thinking(2), call(3, &["{}"])].concat()),
            ("thinking-signature-only", vec![delta(0, r#"{"reasoningContent":{"signature":"c2ln"}}"#), block_stop(0)]),
            (
                "thinking-and-text-in-one-block",
                vec![delta(0, r#"{"reasoningContent":{"text":"Hm."}}"#), delta(0, r#"{"text":"a"}"#)],
            ),
            ("call", call(0, &[r#"{\"city\":\"Rome\",\"\":1.50}"#])),
            ("call-without-arguments", call(0, &[])),
            ("call-of-two", [call(0, &["{}"]), call(1, &["{}"])].concat()),
            ("call-with-arguments-to-repair", call(0, &[r#"{\"path\":\"C:\\dir\n\"}"#])),
            ("call-with-arguments-cut-off", call(0, &[r#"{\"city\":\"Ro"#])),
            ("call-with-arguments-no-object", call(0, &["[1]"])),
            (
                "call-with-input-in-its-start",
                vec![block_start(0, r#"{"toolUse":{"toolUseId":"a","name":"b","input":{"c":1}}}"#), block_stop(0)],
            ),
            ("call-without-its-start", vec![delta(0, r#"{"toolUse":{"input":"{}"}}"#), block_stop(0)]),
            ("call-behind-text", [text(0), call(1, &["{}"])].concat()),
            ("server-tool", [server_tool(0), cited(2)].concat()),
            ("citation", cited(0)),
            (
                "citation-before-text",
                vec![delta(0, r#"{"citation":{"title":"a"}}"#), delta(0, r#"{"text":"b"}"#), block_stop(0)],
            ),
            ("image", [image(0), text(1)].concat()),
            ("interleaved", interleaved),
            ("falling-indexes", [text(7), text(3)].concat()),
            ("block-begun-twice", [text(0), text(0)].concat()),
            ("block-without-stop", vec![delta(0, r#"{"text":"a"}"#)]),
            ("stop-of-an-unknown-block", vec![block_stop(9)]),
            ("unknown-start", vec![block_start(0, r#"{"hologram":{"depth":3}}"#), block_stop(0)]),
            ("unknown-delta", vec![delta(0, r#"{"hologram":{"depth":3}}"#), block_stop(0)]),
            ("unknown-event", [vec![event("heartbeat", r#"{"at":1}"#)], text(0)].concat()),
            (
                "unknown-members",
                vec![event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"a"},"mood":1}"#)],
            ),
            ("payload-no-json", vec![event("contentBlockDelta", "{\"contentBlockIndex\":")]),
            ("payload-of-a-wrong-kind", vec![event("contentBlockDelta", r#"{"contentBlockIndex":"x","delta":7}"#)]),
            ("nothing", Vec::new()),
        ];
        for (name, frames) in blocks {
            let reason = if name.starts_with("call") { "tool_use" } else { "end_turn" };
            let whole = [vec![start()], frames, vec![stop(reason), metadata()]].concat();
            self.add(name, &whole);
        }
    }

    fn stops(&mut self) {
        for reason in STOP_REASONS {
            for (what, frames) in [("text", text(0)), ("call", call(0, &["{}"])), ("nothing", Vec::new())] {
                let whole = [vec![start()], frames, vec![stop(reason), metadata()]].concat();
                self.add(&format!("stop-{reason}-behind-{what}"), &whole);
            }
        }
        let told = r#"{"stopReason":"refusal","additionalModelResponseFields":{"stop_details":{"type":"refusal","explanation":"No."},"stop_sequence":null}}"#;
        self.add("stop-with-fields", &[vec![start()], text(0), vec![event("messageStop", told), metadata()]].concat());
        let trace = r#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},"trace":{"guardrail":{"actionReason":"Guardrail blocked.","inputAssessment":{"gr-1":{"topicPolicy":{"topics":[{"name":"money","type":"DENY","action":"BLOCKED"}]},"sensitiveInformationPolicy":{"piiEntities":[{"match":"a@b.c","type":"EMAIL","action":"ANONYMIZED"}]}}}},"promptRouter":{"invokedModelId":"a.b"}}}"#;
        for reason in ["guardrail_intervened", "end_turn"] {
            let whole = [vec![start()], text(0), vec![stop(reason), event("metadata", trace)]].concat();
            self.add(&format!("guardrail-trace-{reason}"), &whole);
        }
    }

    fn failures(&mut self) {
        for (number, (name, message)) in EXCEPTIONS.iter().enumerate() {
            let failed = exception(name, message);
            self.add(&format!("exception-{number}-first"), std::slice::from_ref(&failed));
            self.add(&format!("exception-{number}-behind-text"), &[vec![start()], text(0), vec![failed]].concat());
        }
        let odd = |message_type: MessageType, name: &str, payload: &str| OwnedFrame {
            message_type,
            name: name.to_owned(),
            payload: payload.as_bytes().to_vec(),
        };
        let status = r#"{"message":"no","originalStatusCode":429,"originalMessage":"slow down"}"#;
        let frames = [
            ("error-frame", odd(MessageType::Error, "InternalError", "An internal error occurred.")),
            ("error-frame-throttling", odd(MessageType::Error, "ThrottlingException", "Too many requests")),
            ("exception-without-message", odd(MessageType::Exception, "throttlingException", "{}")),
            ("exception-no-json", odd(MessageType::Exception, "validationException", "no")),
            ("exception-of-the-model", odd(MessageType::Exception, "modelStreamErrorException", status)),
            ("unknown-message-type", odd(MessageType::Other("telegram".to_owned()), "a", "{}")),
        ];
        for (name, frame) in frames {
            self.add(name, &[vec![start()], text(0), vec![frame, stop("end_turn"), metadata()]].concat());
        }
    }

    /// A whole answer, cut behind each event, and ended in each way.
    fn endings(&mut self) {
        let whole =
            [vec![start()], thinking(0), text(1), call(2, &["{}"]), vec![stop("tool_use"), metadata()]].concat();
        for end in 0..whole.len() {
            self.add(&format!("cut-behind-{end}"), &whole[..end]);
        }
        let endings = [
            ("aborted", Ending::Aborted),
            ("idle", Ending::Idle(300_000)),
            ("broken", Ending::Broken("connection reset by peer".to_owned())),
            ("damaged", Ending::Damaged("the checksum is wrong".to_owned())),
            ("limited", Ending::Limited("time of a turn".to_owned())),
        ];
        for (name, ending) in endings {
            for end in [0, 2, 6, whole.len() - 1, whole.len()] {
                self.ended(&format!("{name}-behind-{end}"), wide(CLAUDE), &whole[..end], ending.clone());
            }
        }
        let tail = [vec![start()], text(0), vec![metadata(), stop("end_turn")]].concat();
        self.add("metadata-before-the-stop", &tail);
        self.add("behind-the-end", &[vec![start()], text(0), vec![stop("end_turn"), metadata()], text(1)].concat());
        self.add("two-starts", &[vec![start(), start()], text(0), vec![stop("end_turn"), metadata()]].concat());
    }

    fn usage(&mut self) {
        let usages = [
            ("none", r#"{"metrics":{"latencyMs":3}}"#),
            ("zero", r#"{"usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0}}"#),
            ("without-total", r#"{"usage":{"inputTokens":7,"outputTokens":5}}"#),
            ("total-differs", r#"{"usage":{"inputTokens":7,"outputTokens":5,"totalTokens":99}}"#),
            (
                "cached",
                r#"{"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":1015,"cacheReadInputTokens":800,"cacheWriteInputTokens":200,"cacheDetails":[{"ttl":"1h","inputTokens":150},{"ttl":"5m","inputTokens":50}]}}"#,
            ),
            (
                "other-names",
                r#"{"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":1015,"cacheReadInputTokenCount":800,"cacheWriteInputTokenCount":200}}"#,
            ),
            (
                "of-server-tools",
                r#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2,"serverToolUsage":{"webSearchRequests":1}}}"#,
            ),
            ("not-readable", r#"{"usage":{"inputTokens":-1,"outputTokens":"5"}}"#),
            ("large", r#"{"usage":{"inputTokens":250000,"outputTokens":5000,"totalTokens":255000}}"#),
            (
                "extras",
                r#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},"serviceTier":{"type":"flex"},"performanceConfig":{"latency":"optimized"},"somethingNew":1}"#,
            ),
        ];
        let tier =
            CostTier { input_tokens_above: 200_000, input: 6.0, output: 22.5, cache_read: 0.6, cache_write: 7.5 };
        for (name, payload) in usages {
            let whole = [vec![start()], text(0), vec![stop("end_turn"), event("metadata", payload)]].concat();
            for id in [CLAUDE, "openai.gpt-6-sol"] {
                let mut model = wide(id);
                model.cost.tiers.push(tier);
                self.ended(&format!("usage-{name}/{id}"), model, &whole, Ending::Complete);
            }
        }
    }

    /// The same answer of models of several vendors: what is read off an answer may hang on who gave it.
    fn models(&mut self) {
        let whole =
            [thinking(0), text(1), call(2, &[r#"{\"a\":\"\n\"}"#]), vec![stop("end_turn"), metadata()]].concat();
        let whole = [vec![start()], whole].concat();
        for id in [
            "amazon.nova-2-lite-v1:0",
            "openai.gpt-6-sol",
            "openai.gpt-oss-120b-1:0",
            "moonshotai.kimi-k3",
            "xai.grok-4.7",
        ] {
            self.ended(&format!("answer/{id}"), wide(id), &whole, Ending::Complete);
        }
    }

    /// What the parameters of a model may say of its turns.
    fn options(&mut self) {
        let whole = [vec![start()], text(0), call(1, &["{"]), vec![stop("tool_use"), metadata()]].concat();
        for (name, params) in [
            ("totalTokens", r#"{"totalTokens":"sum"}"#),
            ("malformedArguments", r#"{"malformedArguments":"fail"}"#),
            ("serviceTierCost", r#"{"serviceTierCost":{"flex":0.5}}"#),
            ("somethingNew", r#"{"somethingNew":1}"#),
        ] {
            let model = Model { params: Some(params.to_owned()), ..wide(CLAUDE) };
            let opening = Opening { model, carry: Vec::new(), request_id: None };
            self.opened(&format!("told-{name}"), opening, &whole, Ending::Complete);
        }
    }
}

/// Frames of two in turn.
fn interleave(one: &[OwnedFrame], other: &[OwnedFrame]) -> Vec<OwnedFrame> {
    let longest = one.len().max(other.len());
    (0..longest).flat_map(|at| one.get(at).into_iter().chain(other.get(at))).cloned().collect()
}
