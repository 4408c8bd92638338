//! How to ask.

use serde::{Deserialize, Serialize};

use super::adjustment::AdjustmentForm;
use super::raw::{Json, Members};
use super::settings::GuardrailForm;
use crate::conversation::{CachePoints, Options, OutputSchema, SystemCachePoint, ToolCachePoint, ToolChoice};

/// The JSON form of options. What says nothing is left out when it is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OptionsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoiceForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<String>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    thinking_budgets: Members<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interleaved_thinking: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_display: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_retention: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guardrail: Option<GuardrailForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<OutputSchemaForm>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    request_metadata: Members<String>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    prompt_variables: Members<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_request_fields: Option<Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_response_field_paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system_tools: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    guard_last_turn_only: bool,
    #[serde(skip_serializing_if = "CachePointsForm::is_empty")]
    cache_points: CachePointsForm,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    adjustments: Vec<AdjustmentForm>,
}

/// The JSON form of cache points outside the messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CachePointsForm {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<SystemCachePointForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolCachePointForm>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemCachePointForm {
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCachePointForm {
    after: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
}

impl CachePointsForm {
    fn is_empty(&self) -> bool {
        self.system.is_empty() && self.tools.is_empty()
    }
}

impl From<CachePointsForm> for CachePoints {
    fn from(CachePointsForm { system, tools }: CachePointsForm) -> Self {
        let in_system = |SystemCachePointForm { at, ttl }| SystemCachePoint { at, ttl };
        let behind_tool = |ToolCachePointForm { after, ttl }| ToolCachePoint { after, ttl };
        CachePoints {
            system: system.into_iter().map(in_system).collect(),
            tools: tools.into_iter().map(behind_tool).collect(),
        }
    }
}

impl From<CachePoints> for CachePointsForm {
    fn from(CachePoints { system, tools }: CachePoints) -> Self {
        let in_system = |SystemCachePoint { at, ttl }| SystemCachePointForm { at, ttl };
        let behind_tool = |ToolCachePoint { after, ttl }| ToolCachePointForm { after, ttl };
        CachePointsForm {
            system: system.into_iter().map(in_system).collect(),
            tools: tools.into_iter().map(behind_tool).collect(),
        }
    }
}

/// The JSON form of a tool choice: `auto`, `any`, `none`, or `{"tool": NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ToolChoiceForm {
    Auto,
    Any,
    None,
    Tool(String),
}

/// The JSON form of the shape of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OutputSchemaForm {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    schema: Json,
}

impl From<OptionsForm> for Options {
    fn from(form: OptionsForm) -> Self {
        let OptionsForm {
            max_tokens,
            temperature,
            top_p,
            stop_sequences,
            tool_choice,
            thinking,
            thinking_budgets,
            interleaved_thinking,
            thinking_display,
            cache_retention,
            service_tier,
            latency,
            guardrail,
            output_schema,
            request_metadata,
            prompt_variables,
            additional_request_fields,
            additional_response_field_paths,
            parallel_tool_calls,
            system_tools,
            guard_last_turn_only,
            cache_points,
            adjustments,
        } = form;
        Options {
            max_tokens,
            temperature,
            top_p,
            stop_sequences,
            tool_choice: tool_choice.map(|choice| match choice {
                ToolChoiceForm::Auto => ToolChoice::Auto,
                ToolChoiceForm::Any => ToolChoice::Any,
                ToolChoiceForm::None => ToolChoice::None,
                ToolChoiceForm::Tool(name) => ToolChoice::Tool(name),
            }),
            thinking,
            thinking_budgets: thinking_budgets.0,
            interleaved_thinking,
            thinking_display,
            cache_retention,
            service_tier,
            latency,
            guardrail: guardrail.map(Into::into),
            output_schema: output_schema.map(|OutputSchemaForm { name, description, schema }| OutputSchema {
                name,
                description,
                schema: schema.0,
            }),
            request_metadata: request_metadata.0,
            prompt_variables: prompt_variables.0,
            additional_request_fields: additional_request_fields.map(|json| json.0),
            additional_response_field_paths,
            parallel_tool_calls,
            system_tools,
            guard_last_turn_only,
            cache_points: cache_points.into(),
            adjustments: adjustments.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Options> for OptionsForm {
    fn from(options: Options) -> Self {
        let Options {
            max_tokens,
            temperature,
            top_p,
            stop_sequences,
            tool_choice,
            thinking,
            thinking_budgets,
            interleaved_thinking,
            thinking_display,
            cache_retention,
            service_tier,
            latency,
            guardrail,
            output_schema,
            request_metadata,
            prompt_variables,
            additional_request_fields,
            additional_response_field_paths,
            parallel_tool_calls,
            system_tools,
            guard_last_turn_only,
            cache_points,
            adjustments,
        } = options;
        OptionsForm {
            max_tokens,
            temperature,
            top_p,
            stop_sequences,
            tool_choice: tool_choice.map(|choice| match choice {
                ToolChoice::Auto => ToolChoiceForm::Auto,
                ToolChoice::Any => ToolChoiceForm::Any,
                ToolChoice::None => ToolChoiceForm::None,
                ToolChoice::Tool(name) => ToolChoiceForm::Tool(name),
            }),
            thinking,
            thinking_budgets: Members(thinking_budgets),
            interleaved_thinking,
            thinking_display,
            cache_retention,
            service_tier,
            latency,
            guardrail: guardrail.map(Into::into),
            output_schema: output_schema.map(|OutputSchema { name, description, schema }| OutputSchemaForm {
                name,
                description,
                schema: Json(schema),
            }),
            request_metadata: Members(request_metadata),
            prompt_variables: Members(prompt_variables),
            additional_request_fields: additional_request_fields.map(Json),
            additional_response_field_paths,
            parallel_tool_calls,
            system_tools,
            guard_last_turn_only,
            cache_points: cache_points.into(),
            adjustments: adjustments.into_iter().map(Into::into).collect(),
        }
    }
}
