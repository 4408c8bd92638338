//! What the contract has: its options, kinds of content, endings and stages, by name.

use crate::contract::conversation::{AssistantBlock, AssistantText, CachePoints, Ending, Options, UserBlock};
use crate::contract::types::ApiStage;

/// Everything that content may be: the contract's arms, and what of them makes a difference.
pub(super) const CONTENT: &[&str] = &[
    "system-prompt",
    "tool",
    "strict-tool",
    "user/text",
    "user/image",
    "user/document",
    "user/video",
    "user/guarded-text",
    "user/cache-point",
    "user/other",
    "assistant/text",
    "assistant/citation",
    "assistant/thinking",
    "assistant/redacted-thinking",
    "assistant/tool-call",
    "assistant/other",
    "tool-result",
    "tool-result/error",
    "system-message",
    "other-message",
];
pub(super) const ENDINGS: &[&str] = &["complete", "aborted", "idle", "broken", "damaged", "limited"];
pub(super) const STAGES: &[&str] =
    &["credentials-missing", "credentials-failed", "connect", "timeout", "response", "unreadable", "aborted", "other"];

pub(super) fn of_user(block: &UserBlock) -> &'static str {
    match block {
        UserBlock::Text(_) => "user/text",
        UserBlock::Image(_) => "user/image",
        UserBlock::Document(_) => "user/document",
        UserBlock::Video(_) => "user/video",
        UserBlock::GuardedText(_) => "user/guarded-text",
        UserBlock::CachePoint(_) => "user/cache-point",
        UserBlock::Other(_) => "user/other",
    }
}

pub(super) fn of_assistant(block: &AssistantBlock) -> &'static str {
    match block {
        AssistantBlock::Text(AssistantText { citations, .. }) if !citations.is_empty() => "assistant/citation",
        AssistantBlock::Text(_) => "assistant/text",
        AssistantBlock::Thinking(thinking) if thinking.redacted => "assistant/redacted-thinking",
        AssistantBlock::Thinking(_) => "assistant/thinking",
        AssistantBlock::ToolCall(_) => "assistant/tool-call",
        AssistantBlock::Other(_) => "assistant/other",
    }
}

/// The members of `options`, in the contract's spelling.
pub(super) const OPTIONS: [&str; 23] = [
    "max-tokens",
    "temperature",
    "top-p",
    "stop-sequences",
    "tool-choice",
    "thinking",
    "thinking-budgets",
    "interleaved-thinking",
    "thinking-display",
    "cache-retention",
    "service-tier",
    "latency",
    "guardrail",
    "output-schema",
    "request-metadata",
    "prompt-variables",
    "additional-request-fields",
    "additional-response-field-paths",
    "parallel-tool-calls",
    "system-tools",
    "guard-last-turn-only",
    "cache-points",
    "adjustments",
];

/// Which of them are set. A member that is added does not compile until it stands here.
pub(super) fn set(options: &Options) -> [bool; OPTIONS.len()] {
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
        cache_points: CachePoints { system, tools },
        adjustments,
    } = options;
    [
        max_tokens.is_some(),
        temperature.is_some(),
        top_p.is_some(),
        !stop_sequences.is_empty(),
        tool_choice.is_some(),
        thinking.is_some(),
        !thinking_budgets.is_empty(),
        interleaved_thinking.is_some(),
        thinking_display.is_some(),
        cache_retention.is_some(),
        service_tier.is_some(),
        latency.is_some(),
        guardrail.is_some(),
        output_schema.is_some(),
        !request_metadata.is_empty(),
        !prompt_variables.is_empty(),
        additional_request_fields.is_some(),
        !additional_response_field_paths.is_empty(),
        parallel_tool_calls.is_some(),
        !system_tools.is_empty(),
        *guard_last_turn_only,
        !system.is_empty() || !tools.is_empty(),
        !adjustments.is_empty(),
    ]
}

pub(super) fn of_ending(ending: &Ending) -> &'static str {
    match ending {
        Ending::Complete => "complete",
        Ending::Aborted => "aborted",
        Ending::Idle(_) => "idle",
        Ending::Broken(_) => "broken",
        Ending::Damaged(_) => "damaged",
        Ending::Limited(_) => "limited",
    }
}

pub(super) fn of_stage(stage: &ApiStage) -> &'static str {
    match stage {
        ApiStage::CredentialsMissing => "credentials-missing",
        ApiStage::CredentialsFailed => "credentials-failed",
        ApiStage::Connect => "connect",
        ApiStage::Timeout => "timeout",
        ApiStage::Response => "response",
        ApiStage::Unreadable => "unreadable",
        ApiStage::Aborted => "aborted",
        ApiStage::Other(_) => "other",
    }
}
