//! What an answer repeats of its request, because the SDKs' types want it there.

use serde::Serialize;

use super::super::bedrock_members::AskedOfAnswer;
use super::super::reader::Object;
use super::kept::{ItemText, Keeper};
use super::tools::ToolNames;
use crate::json::raw::{Json, compact};

/// What the answer needs of its request.
#[derive(Debug)]
pub(super) struct RequestFacts {
    /// What it repeats.
    pub(super) echo: Echo,
    /// How the client declared the tools that the model may call.
    pub(super) names: ToolNames,
    /// What the client asked for beside what OpenAI's object has.
    pub(super) of_answer: AskedOfAnswer,
    /// The response that it continues.
    pub(super) previous: Option<String>,
    /// The items that it added, where the client wants the answer kept.
    pub(super) to_keep: Option<Vec<ItemText>>,
    /// Where the answer is kept, if it is.
    pub(super) keeper: Option<Keeper>,
}

/// Members of the request, as they came, or as OpenAI fills them in.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Echo {
    instructions: Option<Json>,
    metadata: Json,
    parallel_tool_calls: bool,
    temperature: Option<Json>,
    top_p: Option<Json>,
    tool_choice: Json,
    tools: Json,
    max_output_tokens: Option<Json>,
    reasoning: Json,
    text: Json,
    user: Option<Json>,
    safety_identifier: Option<Json>,
    prompt_cache_key: Option<Json>,
    prompt_cache_retention: Option<Json>,
}

impl Echo {
    /// Copies the members. They stay in the object, to be read.
    pub(super) fn of(request: &Object<'_, '_>) -> Self {
        let given = |name: &str| request.raw(name).map(|raw| Json(compact(raw.get()).into_owned()));
        let or = |name: &str, default: &str| given(name).unwrap_or_else(|| Json(default.to_owned()));
        Echo {
            instructions: given("instructions"),
            metadata: or("metadata", "{}"),
            // `false` is taken only where there is nothing to call, and is then as true as `true`.
            parallel_tool_calls: request.raw("parallel_tool_calls").is_none_or(|raw| raw.get() != "false"),
            temperature: given("temperature"),
            top_p: given("top_p"),
            tool_choice: or("tool_choice", "\"auto\""),
            tools: or("tools", "[]"),
            max_output_tokens: given("max_output_tokens"),
            reasoning: or("reasoning", r#"{"effort":null,"summary":null}"#),
            text: or("text", r#"{"format":{"type":"text"}}"#),
            user: given("user"),
            safety_identifier: given("safety_identifier"),
            prompt_cache_key: given("prompt_cache_key"),
            prompt_cache_retention: given("prompt_cache_retention"),
        }
    }
}
