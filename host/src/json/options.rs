//! How to ask.

use serde::Deserialize;

use super::raw::{Json, Members};
use super::settings::GuardrailForm;
use crate::contract::conversation::{Options, OutputSchema, ToolChoice};

/// The JSON form of options.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OptionsForm {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Vec<String>,
    tool_choice: Option<ToolChoiceForm>,
    thinking: Option<String>,
    thinking_budgets: Members<u64>,
    interleaved_thinking: Option<bool>,
    thinking_display: Option<String>,
    cache_retention: Option<String>,
    service_tier: Option<String>,
    latency: Option<String>,
    guardrail: Option<GuardrailForm>,
    output_schema: Option<OutputSchemaForm>,
    request_metadata: Members<String>,
    prompt_variables: Members<String>,
    additional_request_fields: Option<Json>,
    additional_response_field_paths: Vec<String>,
    extras: Members<Json>,
}

/// The JSON form of a tool choice: `auto`, `any`, `none`, or `{"tool": NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ToolChoiceForm {
    Auto,
    Any,
    None,
    Tool(String),
}

/// The JSON form of the shape of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OutputSchemaForm {
    name: String,
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
            extras,
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
            extras: extras.into(),
        }
    }
}
