//! How hard to think: `additionalModelRequestFields` for the families whose way is known.

use crate::contract::conversation::Options;
use crate::contract::types::Model;
use crate::families::{Family, Level, ThinkingForm, ThinkingOff};

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
    // A Claude whose thinking has to be switched off thinks unless it is.
    let unasked = family.claude && family.thinking_off != ThinkingOff::Unasked;
    let nothing =
        ThinkingPlan { max_tokens: circumstances.max_tokens, claude_thinks: unasked, ..ThinkingPlan::default() };

    let display = options.thinking_display.as_deref().unwrap_or("summarized");
    if !matches!(display, "summarized" | "omitted") {
        report.problem("options.thinkingDisplay", format!("`{display}` is unknown"), "`summarized` or `omitted`");
    }
    let Some(level) = options.thinking.as_deref() else { return nothing };
    if level == "off" {
        return off(circumstances, display, nothing, report);
    }
    if !LEVELS.contains(&level) {
        report.problem(
            "options.thinking",
            format!("`{level}` is unknown"),
            format!("`off` or one of {}", LEVELS.join(", ")),
        );
        return nothing;
    }
    if !model.reasoning {
        // pi does so, whatever the family: what the catalog says of a model can be changed in the configuration.
        let message = "thinking was left out: the model is not listed as a reasoning model; to change that, set `reasoning: true` in its configuration";
        report.notice("thinking-ignored", message);
        return nothing;
    }
    match family.thinking {
        ThinkingForm::Unknown => {
            report.notice(
                "thinking-ignored",
                "thinking was left out: this provider does not know how this model family enables it",
            );
            nothing
        }
        ThinkingForm::Adaptive => {
            if options.interleaved_thinking == Some(false) || !options.thinking_budgets.is_empty() {
                report.notice(
                    "thinking-option-ignored",
                    "the thinking budgets and `interleavedThinking: false` were ignored: adaptive thinking has no budget and always thinks between tool calls",
                );
            }
            let effort = (level != "adaptive").then(|| effort(family, level, model, report));
            adaptive_plan(circumstances, effort, display)
        }
        ThinkingForm::Budget => budgeted_plan(circumstances, level, display, options, nothing, report),
        form if level == "adaptive" && family.thinking_off != ThinkingOff::Unasked => {
            let message = format!(
                "the thinking level was left out: this model family does not support `adaptive` in `{}` and uses its default",
                form.word()
            );
            report.notice("thinking-changed", message);
            nothing
        }
        form => {
            if level == "adaptive" {
                report.notice(
                    "thinking-changed",
                    "the effort became `medium`: this model does not support adaptive thinking",
                );
            }
            let effort = effort(family, if level == "adaptive" { "medium" } else { level }, model, report);
            asked_by(form, &effort, &nothing)
        }
    }
}

/// Thinking that is not wanted.
fn off(circumstances: Circumstances<'_>, display: &str, nothing: ThinkingPlan, report: &mut Report) -> ThinkingPlan {
    let Circumstances { family, .. } = circumstances;
    let typed = |kind: &str| Some(raw_json::object([("thinking", raw_json::object([("type", quoted(kind))]))]));
    match family.thinking_off {
        ThinkingOff::Unasked => nothing,
        ThinkingOff::Disabled => ThinkingPlan { fields: typed("disabled"), claude_thinks: false, ..nothing },
        ThinkingOff::BetweenTools => {
            let message = "thinking was reduced to thinking between tool calls: this model cannot disable it";
            report.notice("thinking-changed", message);
            ThinkingPlan { fields: typed("between_tools"), ..nothing }
        }
        ThinkingOff::EffortNone => asked_by(ThinkingForm::NestedEffort, "none", &nothing),
        ThinkingOff::Never => {
            let Some(lowest) = family.thinking_levels.iter().next() else { return nothing };
            let lowest = lowest.word();
            report.notice(
                "thinking-changed",
                format!("the effort became `{lowest}`: this model cannot disable thinking"),
            );
            match family.thinking {
                ThinkingForm::Adaptive => adaptive_plan(circumstances, Some(lowest.to_owned()), display),
                form => asked_by(form, lowest, &nothing),
            }
        }
    }
}

/// The plan of a form that is one field with the effort in it.
fn asked_by(form: ThinkingForm, effort: &str, nothing: &ThinkingPlan) -> ThinkingPlan {
    let fields = match form {
        ThinkingForm::NovaConfig => {
            let config = raw_json::object([("type", quoted("enabled")), ("maxReasoningEffort", quoted(effort))]);
            raw_json::object([("reasoningConfig", config)])
        }
        ThinkingForm::NestedEffort => raw_json::object([("reasoning", raw_json::object([("effort", quoted(effort))]))]),
        form => raw_json::object([(form.word(), quoted(effort))]),
    };
    // Nova 2 (AWS's guide to it): at `high` it takes neither a limit nor sampling, because it thinks as long as it needs.
    let refuses_inference = form == ThinkingForm::NovaConfig && effort == Level::High.word();
    ThinkingPlan { fields: Some(fields), refuses_inference, ..*nothing }
}

/// The effort that is nearest to a level: never more than was asked for, except where there is no less.
fn effort(family: &Family, level: &str, model: &Model, report: &mut Report) -> String {
    let levels = family.thinking_levels;
    let asked = Level::of_word(level);
    if asked.is_some_and(|asked| levels.has(asked)) {
        return level.to_owned();
    }
    if let Some(effort) = mapped(model, level) {
        return effort;
    }
    let below = levels.iter().rev().find(|known| asked.is_some_and(|asked| (*known as u8) < asked as u8));
    let Some(nearest) = below.or_else(|| levels.iter().next()).map(Level::word) else { return level.to_owned() };
    // `minimal` is what clients call the least there is.
    if !(level == "minimal" && nearest == "low") {
        let message = format!("the effort became `{nearest}`: this model does not support `{level}`");
        report.notice("thinking-changed", message);
    }
    nearest.to_owned()
}

/// What the model's own `thinkingLevelMap` makes of a level; `null` there means that it has none.
fn mapped(model: &Model, level: &str) -> Option<String> {
    let map = model.extras.iter().find(|extra| extra.name == "thinkingLevelMap")?;
    raw_json::string_of(RawObject::parse(&map.value).ok()?.get(level)?)
}

fn adaptive_plan(circumstances: Circumstances<'_>, effort: Option<String>, display: &str) -> ThinkingPlan {
    let Circumstances { family, gov_cloud, max_tokens, .. } = circumstances;
    let mut thinking = vec![("type", quoted("adaptive"))];
    let mut fields = Vec::new();
    let bound = family.block_binding && !gov_cloud;
    if !gov_cloud {
        thinking.push(("display", quoted(display)));
    }
    if bound {
        // A changed system prompt or tool makes signatures invalid; the service then drops the block instead of failing (pi #10324).
        thinking.push(("block_binding", raw_json::object([("prefix_mismatch_behavior", quoted("drop_block"))])));
    }
    fields.push(("thinking", raw_json::object(thinking)));
    if let Some(effort) = effort {
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
            "thinking was disabled: the assistant message with the tool calls has no thinking from this model";
        report.notice("thinking-ignored", message);
        return nothing;
    }
    if level == "adaptive" {
        report.notice(
            "thinking-changed",
            "the thinking budget became that of `medium`: this model does not support adaptive thinking",
        );
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
        report.notice(
            "thinking-option-ignored",
            "interleavedThinking was ignored: this model cannot think between tool calls",
        );
    }
    let beyond = interleaved && options.interleaved_thinking == Some(true);
    let budget = if beyond || max_tokens > wanted { wanted } else { max_tokens.saturating_sub(MIN_TOKENS) };
    if budget < MIN_TOKENS {
        let message = if wanted < MIN_TOKENS {
            format!("thinking was disabled: a budget of {wanted} tokens is below the minimum of {MIN_TOKENS}")
        } else {
            format!(
                "thinking was disabled: maxTokens is {max_tokens}, which leaves no room for the minimum budget of {MIN_TOKENS} tokens"
            )
        };
        report.notice("thinking-ignored", message);
        return nothing;
    }
    if budget < wanted {
        report.notice(
            "thinking-changed",
            format!("the thinking budget was reduced from {wanted} to {budget} tokens, to fit into maxTokens"),
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
