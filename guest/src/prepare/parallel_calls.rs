//! `options.parallel-tool-calls`: `false` keeps the model to one tool call at a time.
//!
//! Converse has no member for that. Newer Claudes have `tool_choice.disable_parallel_tool_use`, which reaches them through
//! `additionalModelRequestFields`. The service lays those fields over what it makes of `toolConfig` and refuses a field that
//! is in both, so `type` is there exactly where `toolChoice` is not (tried against the service by others: LiteLLM #34347 has
//! the field `type` missing, #36536 has it twice).

use crate::contract::conversation::ToolChoice;
use crate::families::Family;

use super::report::Report;

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
        report.notice(
            "parallel-tool-calls",
            "parallelToolCalls was ignored: this model family can be limited to one tool, but not to one call of it",
        );
    } else {
        report.problem(
            "options.parallelToolCalls",
            "this model family cannot be limited to one tool call at a time",
            "`true`, no value, or a tool choice that names a tool",
        );
    }
    None
}
