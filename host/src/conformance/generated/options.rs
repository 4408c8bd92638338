//! Ways to ask: every option alone, and those that are known to interact in pairs.

use crate::contract::config::Guardrail;
use crate::contract::conversation::{Options, OutputSchema, ToolChoice};
use crate::contract::types::NamedJson;
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

pub(super) fn none() -> Options {
    OptionsForm::default().into()
}

pub(super) fn with(settings: &[Setting]) -> Options {
    let mut options = none();
    settings.iter().for_each(|setting| (setting.set)(&mut options));
    options
}

pub(super) fn extra(options: &mut Options, name: &str, value: &str) {
    options.extras.push(NamedJson { name: name.to_owned(), value: value.to_owned() });
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
pub(super) const COUNT: Setting = setting("count-tokens", |options| extra(options, "operation", "\"CountTokens\""));
pub(super) const ONE_CALL: Setting = setting("one-call", |options| extra(options, "parallelToolCalls", "false"));

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
        extra(options, "guardLastTurnOnly", "true");
    }),
    SCHEMA,
    setting("request-metadata", |options| options.request_metadata = vec![("team".to_owned(), "a b".to_owned())]),
    setting("prompt-variables", |options| options.prompt_variables = vec![("city".to_owned(), "Rome".to_owned())]),
    setting("response-fields", |options| options.additional_response_field_paths = vec!["/stop_sequence".to_owned()]),
    FIELDS,
    setting("request-fields-no-object", |options| options.additional_request_fields = text("[1]")),
    setting("extra-unknown", |options| extra(options, "somethingNew", "{\"a\":1}")),
    setting("system-tools", |options| extra(options, "systemTools", "[\"nova_grounding\"]")),
    setting("cache-points", |options| {
        extra(options, "cachePoints", r#"{"system":[{"at":9,"ttl":"1h"}],"tools":[{"after":0}]}"#);
    }),
    setting("strict-tools-not", |options| extra(options, "strictTools", "false")),
    ONE_CALL,
    COUNT,
];

/// Options that change what the others come to.
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
