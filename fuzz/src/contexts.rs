//! Conversations, as `prepare` gets them: the bytes choose what is in one.

use arbitrary::{Result, Unstructured};
use quarry_guest::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Blob, BodyPart, CachePoints, Context, Document, Message, Options,
    RequestSettings, Thinking, Tool, ToolCall, ToolChoice, ToolResult, UserBlock,
};
use quarry_guest::contract::types::{Cost, Model, NamedJson};
use quarry_guest::prepare::prepare;

use crate::conversation_rules;

/// Models of the families that differ most.
const MODELS: &[&str] = &[
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-opus-4-8",
    "anthropic.claude-fable-5",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "amazon.nova-pro-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "us.deepseek.r1-v1:0",
    "openai.gpt-oss-120b-1:0",
    "openai.gpt-5.6-sol",
    "cohere.command-r-plus-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "ai21.jamba-1-5-large-v1:0",
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123",
];

const TEXTS: &[&str] = &["", " \n", "hello", "a \"quoted\"\ttext\\", "\u{1f600}\u{200b}", "\u{0}", "<empty>"];
const IDS: &[&str] =
    &["a", "b", "fn:0", "fn_0", "", "call_0123456789012345678901234567890123456789012345678901234567890123", "é"];
const NAMES: &[&str] = &[
    "look",
    "get-time",
    "get_time",
    "mcp__a.b/c",
    "",
    "ein_sehr_langer_name_0123456789012345678901234567890123456789",
];
const JSON: &[&str] = &[
    "{}",
    "{\"\":1}",
    "null",
    "[1]",
    "{\"a\":{\"\":{}}}",
    "{\"n\":123456789012345678901234567890.5}",
    "{",
    "\"text\"",
];
const MEDIA: &[&str] =
    &["image/png", "image/jpg", "image/svg+xml", "application/pdf", "text/plain", "video/mp4", "", "audio/wav"];

/// Any conversation with any options becomes a request that keeps the service's rules, or problems that say what is wrong; the same
/// conversation becomes the same request.
///
/// # Panics
/// When that does not hold.
pub fn contexts(data: &[u8]) {
    // Where the bytes end, so does the conversation.
    let Ok((model, context, options)) = Choices(Unstructured::new(data)).request() else { return };
    let settings = RequestSettings { guardrail: None, cache_retention: None };
    let prepared = prepare(&settings, "us-east-1", &model, context.clone(), options.clone());
    assert_eq!(
        prepared,
        prepare(&settings, "us-east-1", &model, context, options),
        "the same conversation makes another request"
    );
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => {
            assert!(!problems.is_empty(), "a request that was refused without a reason");
            return assert!(problems.iter().all(|problem| !problem.path.is_empty() && !problem.message.is_empty()));
        }
    };
    let mut body = Vec::new();
    for part in &prepared.body {
        match part {
            BodyPart::Json(bytes) => body.extend_from_slice(bytes),
            BodyPart::Blob(_) => body.extend_from_slice(b"AAAA"),
        }
    }
    let body = serde_json::from_slice(&body).expect("the body is JSON");
    if let Err(broken) = conversation_rules::check(&body) {
        panic!("{broken}\n{body}");
    }
}

/// Bytes that choose.
pub(crate) struct Choices<'a>(pub(crate) Unstructured<'a>);

impl Choices<'_> {
    fn of(&mut self, texts: &[&str]) -> Result<String> {
        self.0.choose(texts).map(|text| (*text).to_owned())
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.0.ratio(1, 4)? { value(self).map(Some) } else { Ok(None) }
    }

    fn some<T>(&mut self, most: usize, mut value: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        (0..self.0.int_in_range(0..=most)?).map(|_| value(self)).collect()
    }

    /// A model, a conversation and options.
    pub(crate) fn request(&mut self) -> Result<(Model, Context, Options)> {
        let model = Model {
            id: self.of(MODELS)?,
            name: self.of(&["", "Claude Opus 4.6", "Nova"])?,
            reasoning: self.0.arbitrary()?,
            input: self.some(3, |choices| choices.of(&["text", "image", "document", "video"]))?,
            cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
            context_window: self.0.int_in_range(0..=200_000)?,
            max_tokens: self.0.int_in_range(0..=64_000)?,
            params: None,
            extras: Vec::new(),
        };
        let own = model.id.clone();
        let context = Context {
            system_prompt: self.maybe(|choices| choices.of(TEXTS))?,
            tools: self.some(3, Self::tool)?,
            messages: self.some(9, |choices| choices.message(&own))?,
        };
        Ok((model, context, self.options()?))
    }

    fn tool(&mut self) -> Result<Tool> {
        let schemas =
            ["{\"type\":\"object\"}", "{}", "{\"anyOf\":[{\"type\":\"object\"}]}", "[]", "{\"type\":\"string\"}"];
        Ok(Tool {
            name: self.of(NAMES)?,
            description: self.of(TEXTS)?,
            parameters: self.of(&schemas)?,
            strict: self.maybe(|choices| choices.of(&["prefer", "require", "?"]))?,
        })
    }

    fn blob(&mut self) -> Result<Blob> {
        Ok(Blob { index: self.0.int_in_range(0..=3)?, media_type: self.of(MEDIA)?, size: self.0.int_in_range(0..=9)? })
    }

    fn user_block(&mut self) -> Result<UserBlock> {
        Ok(match self.0.int_in_range(0..=9)? {
            0 => UserBlock::Image(self.blob()?),
            1 => UserBlock::Document(Document {
                blob: self.blob()?,
                name: self.maybe(|choices| choices.of(&["a.pdf", "", "\u{3000}x", "a  b"]))?,
                context: self.maybe(|choices| choices.of(TEXTS))?,
                citations: self.0.arbitrary()?,
            }),
            2 => UserBlock::Video(self.blob()?),
            3 => UserBlock::GuardedText(self.of(TEXTS)?),
            4 => UserBlock::CachePoint(self.maybe(|choices| choices.of(&["5m", "1h", "2h"]))?),
            5 => UserBlock::Other(NamedJson { name: self.of(NAMES)?, value: self.of(JSON)? }),
            _ => UserBlock::Text(self.of(TEXTS)?),
        })
    }

    fn assistant_block(&mut self) -> Result<AssistantBlock> {
        Ok(match self.0.int_in_range(0..=5)? {
            0 => AssistantBlock::Thinking(Thinking {
                text: self.of(TEXTS)?,
                signature: self.maybe(|choices| choices.of(&["", "c2ln", "reasoning_content", "!"]))?,
                redacted: self.0.ratio(1, 4)?,
            }),
            1..=3 => AssistantBlock::ToolCall(ToolCall {
                id: self.of(IDS)?,
                name: self.of(NAMES)?,
                arguments: self.of(JSON)?,
            }),
            4 => AssistantBlock::Other(NamedJson { name: self.of(NAMES)?, value: self.of(JSON)? }),
            _ => {
                AssistantBlock::Text(AssistantText { text: self.of(TEXTS)?, citations: self.some(1, |c| c.of(JSON))? })
            }
        })
    }

    fn message(&mut self, own: &str) -> Result<Message> {
        Ok(match self.0.int_in_range(0..=9)? {
            0..=2 => Message::User(self.some(4, Self::user_block)?),
            3..=5 => Message::ToolResult(ToolResult {
                tool_call_id: self.of(IDS)?,
                tool_name: self.of(NAMES)?,
                content: self.some(3, Self::user_block)?,
                is_error: self.0.arbitrary()?,
            }),
            6 => Message::System(self.of(TEXTS)?),
            7 if self.0.ratio(1, 8)? => Message::Other(NamedJson { name: self.of(NAMES)?, value: self.of(JSON)? }),
            _ => Message::Assistant(AssistantMessage {
                content: self.some(4, Self::assistant_block)?,
                provider: "amazon-bedrock".to_owned(),
                api: "bedrock-converse-stream".to_owned(),
                model: self.of(&[own, "another.model-v1:0"])?,
                stop_reason: self.of(&["stop", "toolUse", "length", "error", "aborted", ""])?,
            }),
        })
    }

    fn options(&mut self) -> Result<Options> {
        Ok(Options {
            max_tokens: self.maybe(|choices| choices.0.int_in_range(0..=100_000))?,
            temperature: self.maybe(|choices| choices.0.arbitrary())?,
            top_p: self.maybe(|choices| choices.0.arbitrary())?,
            stop_sequences: self.some(1, |choices| choices.of(TEXTS))?,
            tool_choice: self.maybe(|choices| {
                Ok(match choices.0.int_in_range(0..=3)? {
                    0 => ToolChoice::Auto,
                    1 => ToolChoice::Any,
                    2 => ToolChoice::None,
                    _ => ToolChoice::Tool(choices.of(NAMES)?),
                })
            })?,
            thinking: self
                .maybe(|choices| choices.of(&["off", "minimal", "low", "high", "xhigh", "max", "adaptive", "?"]))?,
            thinking_budgets: self.some(1, |choices| Ok(("low".to_owned(), choices.0.int_in_range(0..=90_000)?)))?,
            interleaved_thinking: self.maybe(|choices| choices.0.arbitrary())?,
            thinking_display: self.maybe(|choices| choices.of(&["summarized", "omitted", "?"]))?,
            cache_retention: self.maybe(|choices| choices.of(&["none", "short", "long", "?"]))?,
            service_tier: self.maybe(|choices| choices.of(&["flex", " Priority ", "?"]))?,
            latency: self.maybe(|choices| choices.of(&["standard", "optimized", "?"]))?,
            guardrail: None,
            output_schema: None,
            request_metadata: self.some(1, |choices| Ok((choices.of(NAMES)?, choices.of(TEXTS)?)))?,
            prompt_variables: Vec::new(),
            additional_request_fields: self.maybe(|choices| choices.of(JSON))?,
            additional_response_field_paths: self.some(1, |choices| choices.of(&["/stop_sequence", "", "x"]))?,
            parallel_tool_calls: None,
            system_tools: Vec::new(),
            guard_last_turn_only: false,
            cache_points: CachePoints { system: Vec::new(), tools: Vec::new() },
            adjustments: Vec::new(),
        })
    }
}
