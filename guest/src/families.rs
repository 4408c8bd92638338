//! Families of models: the one place where model ids are matched.
//!
//! A family is a row of [`FAMILIES`]: patterns, and what its models take that others refuse. A model that no row matches gets
//! [`PLAIN`], the form that most models take. Rows stand from the special to the general; the first that matches counts.

use crate::contract::types::Model;

mod elsewhere;
mod geography;
mod limits;
mod listed;
mod table;

pub use elsewhere::is_served_elsewhere;
pub use geography::without_geography;
pub use limits::{Limits, known_limits, limits_from, window_in};
pub use listed::family_as_listed;
pub use table::{FAMILIES, PLAIN};

/// What a request for models of one family may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// What the family is called here.
    pub name: &'static str,
    /// Patterns, any of which may match: words that all occur in the model's canonical id, id or name, in lower case and
    /// with runs of spaces, `_`, `.` and `:` as one `-`.
    pub matches: &'static [&'static str],
    /// Whether it is Anthropic's Claude, whose answers Bedrock cuts at 4096 tokens unless told otherwise.
    pub claude: bool,
    /// Whether `system` is taken.
    pub system_prompt: bool,
    /// Whether `toolConfig` is taken.
    pub tools: bool,
    /// How far a tool call can be forced.
    pub forced_tool: ForcedTool,
    /// Whether a tool's name may have a hyphen.
    pub hyphens_in_tool_names: bool,
    /// What a `toolUseId` looks like.
    pub tool_call_ids: ToolCallIds,
    /// Where the images of a tool result go.
    pub tool_images: ToolImages,
    /// How thinking of earlier turns goes back to the model.
    pub replay: Replay,
    /// How thinking is asked for.
    pub thinking: Thinking,
    /// Whether a budget of thinking takes Anthropic's switch for thinking between tool calls.
    pub interleaved_thinking: bool,
    /// Whether a conversation may end with the assistant, whose message the model then goes on with.
    pub continues_answers: bool,
    /// What of temperature and top-p is taken.
    pub sampling: Sampling,
    /// Which cache points are taken.
    pub caching: Caching,
    /// Whether cache points are taken among the tools too, and not in `system` and `messages` only.
    pub caches_tools: bool,
    /// Whether `outputConfig.textFormat` is taken; others are held to a schema by a tool.
    pub output_format: bool,
    /// Whether `toolSpec.strict` is known to be taken.
    pub strict_tools: bool,
    /// Whether a Claude's `disable_parallel_tool_use` is taken.
    pub one_call_at_a_time: bool,
    /// Whether a `serviceTier` other than `default` is taken.
    pub service_tiers: bool,
    /// Whether a refusal is explained in the response field `/stop_details`.
    pub refusal_details: bool,
    /// Whether `inputTokens` of a stream counts what the cache served or took, which Bedrock's documentation says it does not.
    pub input_counts_cache: bool,
}

/// How far a tool call can be forced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedTool {
    /// `toolChoice.tool`, by name.
    ByName,
    /// `toolChoice.any`, not by name.
    Any,
    /// Not at all: the model decides.
    Never,
}

/// What a `toolUseId` looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolCallIds {
    /// `[a-zA-Z0-9_-]{1,64}`.
    Plain,
    /// `[a-zA-Z0-9]{9}`.
    NineAlphanumerics,
}

/// Where the images of a tool result go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolImages {
    /// Inside the `toolResult`.
    Inside,
    /// Inside it; behind all the results where the result is an error.
    BehindErrors,
    /// Behind all the results.
    Behind,
}

/// How thinking of earlier turns goes back to the model that thought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// `reasoningText` with its signature; text where it has none.
    Signed,
    /// `reasoningText` without a signature.
    Unsigned,
    /// As text.
    AsText,
    /// Not at all.
    Omitted,
}

/// How thinking is asked for in `additionalModelRequestFields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// There is no known way.
    Unknown,
    /// Claude: `thinking.type` = `adaptive`, with an effort.
    Adaptive(Adaptive),
    /// Claude: `thinking.type` = `enabled`, with a budget of tokens.
    Budgeted,
    /// `reasoning_effort`, three levels.
    ReasoningEffort,
    /// `reasoning.effort`, all levels.
    Effort,
    /// `reasoningConfig`, three levels, off unless asked for.
    ReasoningConfig,
}

/// What adaptive thinking of a Claude takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    /// Whether `block_binding` is taken.
    pub block_binding: bool,
    /// Efforts besides `low`, `medium` and `high`.
    pub efforts: &'static [&'static str],
    /// Whether it cannot be switched off.
    pub mandatory: bool,
}

/// What of temperature and top-p is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Both.
    Both,
    /// One of them.
    Either,
    /// None.
    Neither,
}

/// Which cache points are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// None.
    Never,
    /// Those of five minutes, placed only when asked for: the service caches by itself.
    OptIn,
    /// Those of five minutes.
    Short,
    /// Those of five minutes and of one hour.
    ShortAndLong,
}

/// The family of a model. What an application profile's ARN hides, its name or `canonicalModelId` may tell (pi and OpenClaw
/// go by the name too); the latter is what discovery found, or stands in the model's `params`, where OpenClaw puts it.
#[must_use]
pub fn family_of(model: &Model) -> &'static Family {
    let found = model.extras.iter().find(|extra| extra.name == "canonicalModelId").map_or("", |extra| &extra.value);
    let configured = model.params.as_deref().and_then(|params| serde_json::from_str::<Canonical>(params).ok());
    let configured = configured.and_then(|params| params.canonical_model_id).unwrap_or_default();
    let candidates = [found, &configured, &model.id, &model.name].map(simplify);
    FAMILIES.iter().find(|family| candidates.iter().any(|candidate| family.is_named_by(candidate))).unwrap_or(&PLAIN)
}

/// What a model's `params` may tell of its family.
#[derive(serde::Deserialize)]
struct Canonical {
    #[serde(rename = "canonicalModelId")]
    canonical_model_id: Option<String>,
}

impl Family {
    fn is_named_by(&self, candidate: &str) -> bool {
        self.matches.iter().any(|pattern| pattern.split(' ').all(|word| candidate.contains(word)))
    }
}

/// Lower case, and runs of spaces, `_`, `.` and `:` as one `-` (pi does).
fn simplify(text: &str) -> String {
    let mut simple = String::with_capacity(text.len());
    let mut in_run = false;
    for character in text.chars() {
        let separates = character.is_whitespace() || matches!(character, '_' | '.' | ':');
        if !separates {
            simple.extend(character.to_lowercase());
        } else if !in_run {
            simple.push('-');
        }
        in_run = separates;
    }
    simple
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::{Cost, NamedJson};

    fn family(id: &str, name: &str) -> &'static str {
        family_of(&model(id, name)).name
    }

    fn model(id: &str, name: &str) -> Model {
        Model {
            id: id.to_owned(),
            name: name.to_owned(),
            reasoning: false,
            input: Vec::new(),
            cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
            context_window: 0,
            max_tokens: 0,
            params: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn the_special_row_comes_before_the_general_one() {
        assert_eq!(family("us.anthropic.claude-opus-4-6-v1", ""), "claude-opus-4-6");
        assert_eq!(family("anthropic.claude-opus-4-5-20251101-v1:0", ""), "claude-4-5");
        assert_eq!(family("anthropic.claude-opus-4-20250514-v1:0", ""), "claude-4");
        assert_eq!(family("anthropic.claude-3-7-sonnet-20250219-v1:0", ""), "claude-3-cached");
        assert_eq!(family("anthropic.claude-3-haiku-20240307-v1:0", ""), "claude");
        assert_eq!(family("openai.gpt-oss-120b-1:0", ""), "gpt-oss");
        assert_eq!(family("openai.gpt-5.6-sol", ""), "gpt-5-6-sol");
        assert_eq!(family("mistral.mistral-7b-instruct-v0:2", ""), "mistral-instruct");
        assert_eq!(family("us.deepseek.r1-v1:0", ""), "deepseek-r1");
        assert_eq!(family("amazon.nova-2-lite-v1:0", ""), "nova-2");
        assert_eq!(family("amazon.nova-lite-v1:0", ""), "nova");
        assert_eq!(family("meta.llama3-8b-instruct-v1:0", ""), "llama-3");
        assert_eq!(family("meta.llama3-1-8b-instruct-v1:0", ""), "llama");
        assert_eq!(family("ai21.jamba-1-5-large-v1:0", ""), "plain");
    }

    #[test]
    fn an_opaque_profile_is_known_by_its_name_or_canonical_id() {
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123";
        assert_eq!(family(arn, ""), "plain");
        assert_eq!(family(arn, "Claude Opus 4.6"), "claude-opus-4-6");
        let mut canonical = model(arn, "");
        canonical
            .extras
            .push(NamedJson { name: "canonicalModelId".to_owned(), value: "\"claude-sonnet-4-6\"".to_owned() });
        assert_eq!(family_of(&canonical).name, "claude-sonnet-4-6");
        let mut configured = model(arn, "");
        configured.params = Some(r#"{"canonicalModelId":"claude-opus-4-6-v1"}"#.to_owned());
        assert_eq!(family_of(&configured).name, "claude-opus-4-6");
    }

    #[test]
    fn every_row_but_the_last_resort_can_be_reached_by_its_own_pattern() {
        for family in FAMILIES {
            for pattern in family.matches {
                let model = model(&pattern.replace(' ', "-"), "");
                assert_eq!(family_of(&model).name, family.name, "{pattern}");
            }
        }
    }
}
