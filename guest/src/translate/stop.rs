//! Why a turn stopped: Bedrock's `stopReason` to pi's terms.

use crate::contract::conversation::StopReason;
use crate::contract::types::FailureKind;

/// What a `stopReason` means.
#[derive(Debug, PartialEq)]
pub(super) enum Stop {
    /// The turn ended well.
    Good(StopReason),
    /// The turn failed, with what to do about it where that is known.
    Bad(FailureKind, Option<&'static str>),
}

/// Reads a `stopReason`. `called_tools` tells whether the answer has tool calls for the client: some models say
/// `end_turn` after a tool call, or `tool_use` without one, and the content is what counts.
pub(super) fn read(raw: &str, called_tools: bool) -> Stop {
    match raw {
        "end_turn" | "stop_sequence" | "tool_use" if called_tools => Stop::Good(StopReason::ToolUse),
        "end_turn" | "stop_sequence" | "tool_use" => Stop::Good(StopReason::Stop),
        "max_tokens" | "model_context_window_exceeded" => Stop::Good(StopReason::Length),
        "guardrail_intervened" => Stop::Bad(
            FailureKind::ContentFiltered,
            Some("a guardrail stopped or changed the answer; its trace names the policy"),
        ),
        "content_filtered" => {
            Stop::Bad(FailureKind::ContentFiltered, Some("the model's content filter stopped the answer"))
        }
        "refusal" => {
            Stop::Bad(FailureKind::Refused, Some("the model refuses the request: change it, or use another model"))
        }
        "malformed_model_output" | "malformed_tool_use" => {
            Stop::Bad(FailureKind::ModelOutput, Some("try again, or request a shorter answer"))
        }
        other => Stop::Bad(FailureKind::Other(format!("stop-reason:{other}")), None),
    }
}
