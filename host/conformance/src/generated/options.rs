//! Ways to ask: every option alone, and those that are known to interact in pairs.

use crate::contract::RequestKind;
use crate::contract::config::Guardrail;
use crate::contract::conversation::{Options, OutputSchema, SystemCachePoint, ToolCachePoint, ToolChoice};
use crate::contract::types::Adjustment;
use crate::json::options::OptionsForm;

/// One option with one value.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) set: fn(&mut Options),
}

const fn setting(name: &'static str, set: fn(&mut Options)) -> Setting {
    Setting { name, set }
}

/// What is asked, and how.
pub(super) type Question = (RequestKind, Options);

pub(super) fn none() -> Question {
    with(&[])
}

pub(super) fn with(settings: &[Setting]) -> Question {
    let mut options = OptionsForm::default().into();
    settings.iter().for_each(|setting| (setting.set)(&mut options));
    let counts = settings.iter().any(|setting| setting.name == COUNT.name);
    (if counts { RequestKind::TokenCount } else { RequestKind::Answer }, options)
}

fn think(options: &mut Options, level: &str) {
    options.thinking = Some(level.to_owned());
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) const TEMPERATURE: Setting = setting("temperature", |options| options.temperature = Some(0.5));
pub(super) const TOP_P: Setting = setting("top-p", |options| options.top_p = Some(0.9));
pub(super) const MAX_TOKENS: Setting = setting("max-tokens", |options| options.max_tokens = Some(1500));
pub(super) const STOPS: Setting =
    setting("stop-sequences", |options| options.stop_sequences = vec!["END".to_owned(), " ".to_owned()]);
pub(super) const CHOICE_ANY: Setting =
    setting("tool-choice-any", |options| options.tool_choice = Some(ToolChoice::Any));
pub(super) const CHOICE_TOOL: Setting = setting("tool-choice-tool", |options| {
    options.tool_choice = Some(ToolChoice::Tool("get-weather".to_owned()));
});
pub(super) const CHOICE_NONE: Setting =
    setting("tool-choice-none", |options| options.tool_choice = Some(ToolChoice::None));
pub(super) const CHOICE_AUTO: Setting =
    setting("tool-choice-auto", |options| options.tool_choice = Some(ToolChoice::Auto));
pub(super) const OFF: Setting = setting("thinking-off", |options| think(options, "off"));
pub(super) const MINIMAL: Setting = setting("thinking-minimal", |options| think(options, "minimal"));
pub(super) const LOW: Setting = setting("thinking-low", |options| think(options, "low"));
pub(super) const MEDIUM: Setting = setting("thinking-medium", |options| think(options, "medium"));
pub(super) const HIGH: Setting = setting("thinking-high", |options| think(options, "high"));
pub(super) const XHIGH: Setting = setting("thinking-xhigh", |options| think(options, "xhigh"));
pub(super) const MAX: Setting = setting("thinking-max", |options| think(options, "max"));
pub(super) const ADAPTIVE: Setting = setting("thinking-adaptive", |options| think(options, "adaptive"));
pub(super) const BUDGETS: Setting = setting("thinking-budgets", |options| {
    options.thinking_budgets =
        [("low", 2048), ("medium", 100), ("high", 60_000)].map(|(l, b)| (l.to_owned(), b)).to_vec();
});
pub(super) const INTERLEAVED: Setting =
    setting("interleaved-thinking", |options| options.interleaved_thinking = Some(true));
pub(super) const DISPLAY: Setting =
    setting("thinking-display", |options| options.thinking_display = text("summarized"));
pub(super) const CACHE_SHORT: Setting = setting("cache-short", |options| options.cache_retention = text("short"));
pub(super) const CACHE_LONG: Setting = setting("cache-long", |options| options.cache_retention = text("long"));
pub(super) const TIER: Setting = setting("tier-flex", |options| options.service_tier = text("flex"));
pub(super) const LATENCY: Setting = setting("latency", |options| options.latency = text("optimized"));
pub(super) const SCHEMA: Setting = setting("output-schema", |options| {
    let schema = r##"{"type":"object","properties":{"city":{"type":"string"},"when":{"$ref":"#/$defs/when"}},"required":["city"],"$defs":{"when":{"anyOf":[{"type":"string","format":"date"},{"type":"null"}]}}}"##;
    options.output_schema =
        Some(OutputSchema { name: "answer".to_owned(), description: text("The answer."), schema: schema.to_owned() });
});
pub(super) const FIELDS: Setting = setting("request-fields", |options| {
    options.additional_request_fields =
        text(r#"{"anthropic_beta":["some-beta-2026-01-01"],"top_k":40,"thinking":{"type":"disabled"}}"#);
});
/// Counts tokens in place of an answer: see [`with`].
pub(super) const COUNT: Setting = setting("count-tokens", |_| {});
pub(super) const ONE_CALL: Setting = setting("one-call", |options| options.parallel_tool_calls = Some(false));

/// Options of which none says anything about another.
pub(super) const ALONE: &[Setting] = &[
    setting("temperature-zero", |options| options.temperature = Some(0.0)),
    setting("temperature-above-one", |options| options.temperature = Some(1.7)),
    TOP_P,
    setting("top-p-out-of-range", |options| options.top_p = Some(-1.0)),
    MAX_TOKENS,
    setting("max-tokens-one", |options| options.max_tokens = Some(1)),
    setting("max-tokens-huge", |options| options.max_tokens = Some(10_000_000)),
    STOPS,
    setting("stop-sequences-many", |options| options.stop_sequences = (0..20).map(|n| format!("stop {n}")).collect()),
    CHOICE_NONE,
    CHOICE_AUTO,
    OFF,
    MINIMAL,
    MEDIUM,
    setting("thinking-unknown", |options| think(options, "harder")),
    setting("thinking-display-omitted", |options| {
        think(options, "high");
        options.thinking_display = text("omitted");
    }),
    setting("interleaved-thinking-not", |options| options.interleaved_thinking = Some(false)),
    setting("cache-none", |options| options.cache_retention = text("none")),
    CACHE_SHORT,
    setting("cache-unknown", |options| options.cache_retention = text("weekly")),
    setting("tier-default", |options| options.service_tier = text("default")),
    setting("tier-priority", |options| options.service_tier = text("priority")),
    setting("tier-reserved", |options| options.service_tier = text("reserved")),
    setting("tier-unknown", |options| options.service_tier = text("gold")),
    setting("latency-standard", |options| options.latency = text("standard")),
    setting("latency-unknown", |options| options.latency = text("soon")),
    setting("guardrail", |options| {
        options.guardrail = Some(Guardrail {
            identifier: "gr-1".to_owned(),
            version: "DRAFT".to_owned(),
            stream_processing_mode: text("async"),
            trace: text("enabled_full"),
        });
        options.guard_last_turn_only = true;
    }),
    SCHEMA,
    setting("request-metadata", |options| options.request_metadata = vec![("team".to_owned(), "a b".to_owned())]),
    setting("prompt-variables", |options| options.prompt_variables = vec![("city".to_owned(), "Rome".to_owned())]),
    setting("response-fields", |options| options.additional_response_field_paths = vec!["/stop_sequence".to_owned()]),
    FIELDS,
    setting("request-fields-no-object", |options| options.additional_request_fields = text("[1]")),
    setting("system-tools", |options| options.system_tools = vec!["nova_grounding".to_owned()]),
    setting("cache-points", |options| {
        options.cache_points.system = vec![SystemCachePoint { at: 9, ttl: text("1h") }];
        options.cache_points.tools = vec![ToolCachePoint { after: 0, ttl: None }];
    }),
    setting("adjustments", |options| {
        let parts = ["inferenceConfig.temperature", "toolConfig.tools.strict", "additionalModelRequestFields.top_k"];
        options.adjustments = parts.map(|part| Adjustment::Omit(part.to_owned())).to_vec();
    }),
    ONE_CALL,
    COUNT,
];

/// Options that change the effect of others.
pub(super) const INTERACTING: &[Setting] =
    &[TEMPERATURE, TOP_P, MAX_TOKENS, CHOICE_ANY, CHOICE_TOOL, HIGH, ADAPTIVE, SCHEMA, CACHE_LONG, INTERLEAVED, FIELDS];

/// Ways to ask that hold much: every model gets these.
pub(super) const DENSE: &[&[Setting]] = &[
    &[TEMPERATURE],
    &[TEMPERATURE, TOP_P, MAX_TOKENS, STOPS],
    &[OFF, TEMPERATURE, CHOICE_ANY, TIER, LATENCY],
    &[LOW, BUDGETS, MAX_TOKENS, DISPLAY],
    &[HIGH],
    &[HIGH, TEMPERATURE, TOP_P, CHOICE_TOOL, INTERLEAVED],
    &[XHIGH, SCHEMA],
    &[MAX, CACHE_LONG],
    &[ADAPTIVE, CHOICE_ANY],
    &[CHOICE_TOOL, CACHE_SHORT, ONE_CALL],
    &[SCHEMA, FIELDS],
];
