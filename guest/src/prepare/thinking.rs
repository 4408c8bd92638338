//! How hard to think: `additionalModelRequestFields` for the families whose way is known.

use crate::contract::conversation::Options;
use crate::contract::types::Model;
use crate::families::{Adaptive, Family, Thinking};

use super::raw_json::{self, RawObject, quoted};
use super::report::Report;

/// The least budget that Anthropic takes, and what is kept for the answer behind it.
const MIN_TOKENS: u64 = 1024;

/// Bedrock's own limit for a Claude's answer where none is sent (pi #4848).
const DEFAULT_CLAUDE_TOKENS: u64 = 4096;

const LEVELS: &[&str] = &["minimal", "low", "medium", "high", "xhigh", "max", "adaptive"];

/// Refused in GovCloud together with what it announces (pi 1.5.2).
const BINDING_BETA: &str = "thinking-binding-controls-2026-08-01";
const INTERLEAVED_BETA: &str = "interleaved-thinking-2025-05-14";

/// What is sent for thinking.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ThinkingPlan {
    /// `additionalModelRequestFields`, an object.
    pub(super) fields: Option<String>,
    /// `maxTokens`.
    pub(super) max_tokens: Option<u64>,
    /// Whether a Claude thinks: it then takes neither a temperature nor a forced tool call.
    pub(super) claude_thinks: bool,
    /// Whether the model refuses limits and sampling while it thinks as hard as it is asked to.
    pub(super) refuses_inference: bool,
}

/// What the plan depends on besides the options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    pub(super) model: &'a Model,
    pub(super) family: &'a Family,
    pub(super) gov_cloud: bool,
    /// The limit of the answer, thinking included.
    pub(super) max_tokens: Option<u64>,
    /// Whether the last message answers tool calls of a turn that does not begin with thinking.
    pub(super) tool_turn_without_thinking: bool,
}

/// Makes the plan.
pub(super) fn plan(circumstances: Circumstances<'_>, options: &Options, report: &mut Report) -> ThinkingPlan {
    let Circumstances { model, family, .. } = circumstances;
    // Thinking that cannot be switched off goes on whatever was asked (R5: OpenClaw).
    let always = matches!(family.thinking, Thinking::Adaptive(Adaptive { mandatory: true, .. }));
    let nothing =
        ThinkingPlan { max_tokens: circumstances.max_tokens, claude_thinks: always, ..ThinkingPlan::default() };

    let display = options.thinking_display.as_deref().unwrap_or("summarized");
    if !matches!(display, "summarized" | "omitted") {
        report.problem("options.thinkingDisplay", format!("`{display}` is unknown"), "`summarized` or `omitted`");
    }
    let Some(level) = options.thinking.as_deref() else { return nothing };
    if level != "off" && !LEVELS.contains(&level) {
        report.problem(
            "options.thinking",
            format!("`{level}` is unknown"),
            format!("`off` or one of {}", LEVELS.join(", ")),
        );
        return nothing;
    }
    if !model.reasoning {
        // pi does so, whatever the family: what the catalog says of a model can be changed in the configuration.
        if level != "off" {
            let message = "the model is not listed as one that reasons, so it was not asked to think; `reasoning: true` in its configuration changes that";
            report.notice("thinking-ignored", message);
        }
        return nothing;
    }
    match family.thinking {
        Thinking::Unknown => {
            if level != "off" {
                report.notice("thinking-ignored", "no way to ask this family of models for thinking is known");
            }
            nothing
        }
        Thinking::Adaptive(adaptive) => {
            if options.interleaved_thinking == Some(false) || !options.thinking_budgets.is_empty() {
                report.notice(
                    "thinking-option-ignored",
                    "adaptive thinking has no budget and cannot stop between tool calls",
                );
            }
            match effort(adaptive, level, model, report) {
                Effort::Off => nothing,
                effort => adaptive_plan(circumstances.gov_cloud, adaptive, effort, display, nothing.max_tokens),
            }
        }
        Thinking::Budgeted if level == "off" => nothing,
        Thinking::Budgeted => budgeted_plan(circumstances, level, display, options, nothing, report),
        Thinking::ReasoningConfig if level == "off" => nothing,
        Thinking::ReasoningConfig => reasoning_config_plan(level, &nothing, report),
        Thinking::ReasoningEffort | Thinking::Effort if matches!(level, "off" | "adaptive") => {
            report.notice("thinking-changed", "this family of models thinks as hard as it does by itself");
            nothing
        }
        Thinking::ReasoningEffort => {
            let fields = raw_json::object([("reasoning_effort", quoted(one_of_three(level)))]);
            ThinkingPlan { fields: Some(fields), ..nothing }
        }
        Thinking::Effort => {
            let effort =
                mapped(model, level).unwrap_or_else(|| if level == "minimal" { "low" } else { level }.to_owned());
            let fields = raw_json::object([("reasoning", raw_json::object([("effort", quoted(&effort))]))]);
            ThinkingPlan { fields: Some(fields), ..nothing }
        }
    }
}

/// A level in the words of models that know three.
fn one_of_three(level: &str) -> &'static str {
    match level {
        "minimal" | "low" => "low",
        "medium" | "adaptive" => "medium",
        _ => "high",
    }
}

/// Nova 2 (AWS's guide to it): at `high` it takes neither a limit nor sampling, because it thinks as long as it needs.
fn reasoning_config_plan(level: &str, nothing: &ThinkingPlan, report: &mut Report) -> ThinkingPlan {
    let effort = one_of_three(level);
    if level == "adaptive" {
        report.notice("thinking-changed", "this model has no adaptive thinking; it thinks with medium effort");
    }
    let config = raw_json::object([("type", quoted("enabled")), ("maxReasoningEffort", quoted(effort))]);
    let fields = Some(raw_json::object([("reasoningConfig", config)]));
    ThinkingPlan { fields, refuses_inference: effort == "high", ..*nothing }
}

/// The effort of adaptive thinking.
enum Effort {
    Off,
    /// The model's own.
    Unsaid,
    Said(String),
}

fn effort(adaptive: Adaptive, level: &str, model: &Model, report: &mut Report) -> Effort {
    let said = |effort: &str| Effort::Said(effort.to_owned());
    match level {
        "off" if adaptive.mandatory => {
            report.notice(
                "thinking-changed",
                "thinking cannot be switched off for this model; it thinks with low effort",
            );
            said("low")
        }
        "off" => Effort::Off,
        "adaptive" => Effort::Unsaid,
        level if adaptive.efforts.contains(&level) => said(level),
        level => match (mapped(model, level), level) {
            (Some(effort), _) => Effort::Said(effort),
            (None, "minimal" | "low") => said("low"),
            (None, "medium" | "high") => said(level),
            (None, _) => {
                report.notice("thinking-changed", format!("this model knows no `{level}`; it thinks with high effort"));
                said("high")
            }
        },
    }
}

/// What the model's own `thinkingLevelMap` makes of a level; `null` there means that it has none.
fn mapped(model: &Model, level: &str) -> Option<String> {
    let map = model.extras.iter().find(|extra| extra.name == "thinkingLevelMap")?;
    raw_json::string_of(RawObject::parse(&map.value).ok()?.get(level)?)
}

fn adaptive_plan(
    gov_cloud: bool,
    adaptive: Adaptive,
    effort: Effort,
    display: &str,
    max_tokens: Option<u64>,
) -> ThinkingPlan {
    let mut thinking = vec![("type", quoted("adaptive"))];
    let mut fields = Vec::new();
    let bound = adaptive.block_binding && !gov_cloud;
    if !gov_cloud {
        thinking.push(("display", quoted(display)));
    }
    if bound {
        // A changed system prompt or tool makes signatures invalid; the service then drops the block instead of failing (pi #10324).
        thinking.push(("block_binding", raw_json::object([("prefix_mismatch_behavior", quoted("drop_block"))])));
    }
    fields.push(("thinking", raw_json::object(thinking)));
    if let Effort::Said(effort) = effort {
        fields.push(("output_config", raw_json::object([("effort", quoted(&effort))])));
    }
    if bound {
        fields.push(("anthropic_beta", format!("[{}]", quoted(BINDING_BETA))));
    }
    ThinkingPlan { fields: Some(raw_json::object(fields)), max_tokens, claude_thinks: true, ..ThinkingPlan::default() }
}

fn budgeted_plan(
    circumstances: Circumstances<'_>,
    level: &str,
    display: &str,
    options: &Options,
    nothing: ThinkingPlan,
    report: &mut Report,
) -> ThinkingPlan {
    if circumstances.tool_turn_without_thinking {
        // Refused: "Expected `thinking` ... but found `tool_use`" (RooCode PR 11238 and others).
        let message =
            "thinking is off for this request: the turn whose tool calls are answered has no thinking of this model";
        report.notice("thinking-ignored", message);
        return nothing;
    }
    if level == "adaptive" {
        report.notice("thinking-changed", "this model has no adaptive thinking; it thinks with the budget of `medium`");
    }
    let (level, default) = match level {
        "minimal" => ("minimal", 1024),
        "low" => ("low", 2048),
        "medium" | "adaptive" => ("medium", 8192),
        _ => ("high", 16384),
    };
    let wanted =
        options.thinking_budgets.iter().rev().find(|(name, _)| name == level).map_or(default, |(_, budget)| *budget);
    // A caller's limit is for all that is answered, thinking too; so the budget gives way, not the limit.
    let max_tokens = nothing.max_tokens.unwrap_or(wanted.saturating_add(DEFAULT_CLAUDE_TOKENS));
    // Where the caller asked for thinking between tool calls, a budget is for the whole turn and may go beyond the limit of one
    // answer (Anthropic's API).
    let interleaved = circumstances.family.interleaved_thinking && options.interleaved_thinking != Some(false);
    if options.interleaved_thinking == Some(true) && !interleaved {
        report.notice("thinking-option-ignored", "this model cannot think between tool calls");
    }
    let beyond = interleaved && options.interleaved_thinking == Some(true);
    let budget = if beyond || max_tokens > wanted { wanted } else { max_tokens.saturating_sub(MIN_TOKENS) };
    if budget < MIN_TOKENS {
        let message = if wanted < MIN_TOKENS {
            format!("thinking is off: a budget of {wanted} tokens was asked for, and the least is {MIN_TOKENS}")
        } else {
            format!("thinking is off: of {max_tokens} tokens no budget of at least {MIN_TOKENS} can be had")
        };
        report.notice("thinking-ignored", message);
        return nothing;
    }
    if budget < wanted {
        report.notice(
            "thinking-changed",
            format!("the thinking budget went from {wanted} to {budget} tokens, to fit into maxTokens"),
        );
    }
    let mut thinking = vec![("type", quoted("enabled")), ("budget_tokens", budget.to_string())];
    if !circumstances.gov_cloud {
        thinking.push(("display", quoted(display)));
    }
    let mut fields = vec![("thinking", raw_json::object(thinking))];
    if interleaved {
        fields.push(("anthropic_beta", format!("[{}]", quoted(INTERLEAVED_BETA))));
    }
    ThinkingPlan {
        fields: Some(raw_json::object(fields)),
        max_tokens: Some(max_tokens),
        claude_thinks: true,
        ..ThinkingPlan::default()
    }
}
