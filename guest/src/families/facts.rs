//! The facts of a model: their names and types. The build script reads the data files by this, and the provider lists by it what it
//! knows.

use serde_json::Value;

use super::values::{
    Caching, FactValue, ForcedTool, Levels, Markup, MixedTurns, PropertyKeys, Replay, Sampling, ThinkingForm,
    ThinkingOff, Tiers, ToolCallIds, ToolImages, TopK,
};

/// The struct of all facts, and the way to each by its name.
macro_rules! facts {
    ($($(#[$of_fact:meta])* $field:ident: $type:ty = $name:literal,)*) => {
        /// What is known of a model, and what a request for it may hold.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Family { $($(#[$of_fact])* pub $field: $type,)* }

        /// The names of the facts, in their order.
        pub const NAMES: &[&str] = &[$($name),*];

        impl Family {
            /// Sets a fact.
            ///
            /// # Errors
            /// What would be right.
            pub fn set(&mut self, name: &str, json: &Value) -> Result<(), String> {
                match name {
                    $($name => self.$field = FactValue::read(json).ok_or_else(<$type as FactValue>::expected)?,)*
                    _ => return Err(format!("one of {}", NAMES.join(", "))),
                }
                Ok(())
            }

            /// The values of all facts, in the order of [`NAMES`].
            #[must_use]
            pub fn values(&self) -> Vec<Value> {
                vec![$(self.$field.shown()),*]
            }

            /// The facts of an object that has all of them.
            ///
            /// # Errors
            /// The fact that is missing or wrong.
            pub fn of_all(facts: &serde_json::Map<String, Value>) -> Result<Self, String> {
                Ok(Family {
                    $($field: facts
                        .get($name)
                        .and_then(FactValue::read)
                        .ok_or_else(|| format!("{} has to be {}", $name, <$type as FactValue>::expected()))?,)*
                })
            }

            /// All facts as a Rust expression.
            #[must_use]
            pub fn literal(&self) -> String {
                let fields = [$(format!("{}: {}", stringify!($field), self.$field.literal())),*];
                format!("Family {{ {} }}", fields.join(", "))
            }
        }
    };
}

facts! {
    /// Whether it is Anthropic's Claude, whose answers Bedrock cuts at 4096 tokens unless told otherwise.
    claude: bool = "claude",
    /// Whether ConverseStream serves it. Others stand in the table because the listing has them.
    converse: bool = "converse",
    /// Size of the context, in tokens; 0 where it is not known.
    context_window: u64 = "contextWindow",
    /// The most tokens that one answer may have; 0 where it is not known.
    max_tokens: u64 = "maxTokens",
    /// The least `maxTokens` that is taken.
    min_tokens: u64 = "minTokens",
    /// Whether it can think before it answers.
    thinks: bool = "thinks",
    /// Whether it takes images.
    images: bool = "images",
    /// Whether it takes documents.
    documents: bool = "documents",
    /// Whether `system` is taken.
    system_prompt: bool = "systemPrompt",
    /// Whether `toolConfig` is taken.
    tools: bool = "tools",
    /// How far a tool call can be forced.
    forced_tool: ForcedTool = "forcedTool",
    /// Whether a tool call can be forced while it thinks.
    forced_while_thinking: bool = "forcedWhileThinking",
    /// Whether a tool's name may have a hyphen.
    hyphens_in_tool_names: bool = "hyphensInToolNames",
    /// Which keys the properties of a tool may have.
    property_keys: PropertyKeys = "propertyKeys",
    /// What a `toolUseId` looks like.
    tool_call_ids: ToolCallIds = "toolCallIds",
    /// Where the images of a tool result go.
    tool_images: ToolImages = "toolImages",
    /// Whether a `toolResult` may have a `status`.
    tool_status: bool = "toolStatus",
    /// What may stand beside tool calls and their results.
    mixed_turns: MixedTurns = "mixedTurns",
    /// Whether text of the assistant may stand behind its tool calls.
    text_behind_calls: bool = "textBehindCalls",
    /// How thinking of earlier turns goes back.
    replay: Replay = "replay",
    /// Whether redacted thinking goes back.
    redacted_replay: bool = "redactedReplay",
    /// How thinking is asked for.
    thinking: ThinkingForm = "thinking",
    /// Its levels.
    thinking_levels: Levels = "thinkingLevels",
    /// How it is switched off.
    thinking_off: ThinkingOff = "thinkingOff",
    /// Whether adaptive thinking takes `block_binding`.
    block_binding: bool = "blockBinding",
    /// Whether a budget of thinking takes Anthropic's switch for thinking between tool calls.
    interleaved_thinking: bool = "interleavedThinking",
    /// Whether a conversation may end with the assistant, whose message the model then goes on with.
    continues_answers: bool = "continuesAnswers",
    /// What of temperature and top-p is taken.
    sampling: Sampling = "sampling",
    /// How top-k is given.
    top_k: TopK = "topK",
    /// Whether `stopSequences` is taken.
    stop_sequences: bool = "stopSequences",
    /// The longest stop sequence, in characters; 0 where there is no such limit.
    stop_length: u64 = "stopLength",
    /// Which cache points are taken.
    caching: Caching = "caching",
    /// Whether cache points are taken among the tools too, and not in `system` and `messages` only.
    caches_tools: bool = "cachesTools",
    /// Whether `outputConfig.textFormat` is taken; others are held to a schema by a tool.
    output_format: bool = "outputFormat",
    /// Whether `toolSpec.strict` is known to be taken.
    strict_tools: bool = "strictTools",
    /// Whether a Claude's `disable_parallel_tool_use` is taken.
    one_call_at_a_time: bool = "oneCallAtATime",
    /// Whether `anthropic_beta` is taken.
    anthropic_beta: bool = "anthropicBeta",
    /// The service tiers that are taken besides `default`.
    service_tiers: Tiers = "serviceTiers",
    /// Whether a refusal is explained in the response field `/stop_details`.
    refusal_details: bool = "refusalDetails",
    /// Whether `inputTokens` of a stream counts what the cache served or took, which Bedrock's documentation says it does not.
    input_counts_cache: bool = "inputCountsCache",
    /// What the text of its answers may hold that is no text.
    markup: Markup = "markup",
}
