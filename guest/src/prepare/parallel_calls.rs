//! `options.extras` `parallelToolCalls`: `false` keeps the model to one tool call at a time.
//!
//! Converse has no member for that. Newer Claudes have `tool_choice.disable_parallel_tool_use`, which reaches them through
//! `additionalModelRequestFields`. The service lays those fields over what it makes of `toolConfig` and refuses a field that
//! is in both, so `type` is there exactly where `toolChoice` is not (tried against the service by others: LiteLLM #34347 has
//! the field `type` missing, #36536 has it twice).

use crate::contract::conversation::{Options, ToolChoice};
use crate::families::Family;

use super::report::Report;
use super::truth_value;

/// The name of the extra.
const NAME: &str = "parallelToolCalls";

/// Whether the caller wants one call at a time.
pub(super) fn one_at_a_time(options: &mut Options, report: &mut Report) -> bool {
    truth_value::take(options, NAME, report) == Some(false)
}

/// The field that keeps the model to one call, for a request that has tools and this choice among them.
pub(super) fn field(choice: Option<&ToolChoice>, family: &Family, report: &mut Report) -> Option<&'static str> {
    if family.one_call_at_a_time {
        return Some(match choice {
            None => r#"{"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}"#,
            Some(_) => r#"{"tool_choice":{"disable_parallel_tool_use":true}}"#,
        });
    }
    if matches!(choice, Some(ToolChoice::Tool(_))) {
        // A model that is held to one tool is not asked to choose several: LangChain's `with_structured_output` wants both.
        report.notice("parallel-tool-calls", "this family of models is held to one tool, and not to one call of it");
    } else {
        report.problem(
            format!("options.{NAME}"),
            "this family of models cannot be kept from calling several tools at once",
            "`true`, or nothing; or a tool choice that names a tool",
        );
    }
    None
}
