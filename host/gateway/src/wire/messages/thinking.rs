//! `thinking` and `output_config.effort`.

use super::super::reader::Object;
use super::additional_fields::AdditionalFields;
use super::betas::Betas;
use crate::contract::conversation::Options;

/// The smallest budget that Anthropic accepts.
const LEAST_BUDGET: u64 = 1024;

const EFFORTS: &[&str] = &["low", "medium", "high", "xhigh", "max"];

/// Reads `output_config.effort`.
pub(super) fn effort(output_config: &Object<'_, '_>) -> Option<String> {
    let effort = output_config.string("effort")?;
    if !EFFORTS.contains(&&*effort) {
        let message = format!("`{effort}` is unknown; expected one of {}", EFFORTS.join(", "));
        output_config.reader().problem(output_config.path_of("effort"), message);
    }
    Some(effort)
}

/// Reads `thinking`. Without it the model does as it does by itself.
pub(super) fn read(
    body: &Object<'_, '_>,
    effort: Option<String>,
    betas: &Betas,
    options: &mut Options,
    fields: &mut AdditionalFields,
) {
    let config = body.take("thinking").and_then(|thinking| thinking.require_object("an object with a `type`"));
    let kind = config.as_ref().map(|config| config.require_string("type"));
    // Adaptive thinking has the effort as its level; everything else takes it beside, and as it stands.
    if kind.as_deref() == Some("adaptive") {
        options.thinking = Some(effort.unwrap_or_else(|| "adaptive".to_owned()));
    } else if let Some(effort) = effort {
        fields.set("output_config", format!("{{\"effort\":{}}}", serde_json::Value::from(effort)));
    }
    let (Some(config), Some(kind)) = (config, kind) else { return };
    match &*kind {
        "adaptive" => {}
        "disabled" => options.thinking = Some("off".to_owned()),
        "enabled" => budget(&config, betas, options),
        // Claude Sonnet 5.5 has it, others refuse it themselves.
        "between_tools" => fields.set("thinking", "{\"type\":\"between_tools\"}".to_owned()),
        other => {
            let message =
                format!("`{other}` is unknown; expected `enabled`, `adaptive`, `between_tools` or `disabled`");
            return config.reader().problem(config.path_of("type"), message);
        }
    }
    // Updates are a shorter form of summaries, which Bedrock does not have.
    options.thinking_display =
        config.string("display").map(|display| if display == "updates" { "summarized".to_owned() } else { display });
    if let Some(display) = options.thinking_display.as_deref().filter(|word| !matches!(*word, "summarized" | "omitted"))
    {
        let message = format!("`{display}` is unknown; expected `summarized`, `updates` or `omitted`");
        config.reader().problem(config.path_of("display"), message);
    }
    config.finish();
}

/// A budget is sent unchanged, so one that would have to be changed is refused.
fn budget(config: &Object<'_, '_>, betas: &Betas, options: &mut Options) {
    let path = config.path_of("budget_tokens");
    let Some(budget) = config.require("budget_tokens", "a whole number of tokens") else { return };
    let Some(budget) = budget.scalar::<u64>("a whole number of tokens") else { return };
    let limit = options.max_tokens.filter(|_| !betas.interleaved_thinking);
    if budget < LEAST_BUDGET {
        config.reader().problem(path, format!("{budget} is too little; expected at least {LEAST_BUDGET}"));
    } else if let Some(limit) = limit.filter(|limit| budget >= *limit) {
        config.reader().problem(path, format!("{budget} is too much; expected less than `max_tokens`, {limit}"));
    }
    // Only models that take no budget look at the level: the nearest one above, by the budgets that levels have by default.
    let level = match budget {
        0..=2048 => "low",
        2049..=8192 => "medium",
        _ => "high",
    };
    options.thinking = Some(level.to_owned());
    options.thinking_budgets = vec![(level.to_owned(), budget)];
    options.interleaved_thinking = Some(betas.interleaved_thinking);
}
