//! Tests of the table: it has no gaps and does not contradict itself.

use super::*;
use crate::contract::types::{Cost, NamedJson};

fn row(id: &str, name: &str) -> &'static str {
    row_of(&model(id, name)).name
}

fn model(id: &str, name: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: name.to_owned(),
        reasoning: false,
        input: Vec::new(),
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: 0,
        max_tokens: 0,
        params: None,
        extras: Vec::new(),
    }
}

#[test]
fn the_special_row_comes_before_the_general_one() {
    for (id, name) in [
        ("us.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("anthropic.claude-opus-4-5-20251101-v1:0", "claude-4-5"),
        ("anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4"),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7"),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "claude-3"),
        ("anthropic.claude-v2:1", "claude-2-1"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss"),
        ("openai.gpt-oss-safeguard-20b", "gpt-oss-safeguard"),
        ("us.openai.gpt-5.6-sol", "gpt"),
        ("us.openai.gpt-6-astra", "gpt-6-astra"),
        ("us.openai.gpt-6.1-terra", "gpt"),
        ("openai.gpt-5.5", "gpt-5-4"),
        ("mistral.mistral-7b-instruct-v0:2", "mistral-instruct"),
        ("mistral.mistral-large-3-675b-instruct", "mistral-large-3"),
        ("mistral.mistral-large-2402-v1:0", "mistral-2402"),
        ("us.deepseek.r1-v1:0", "deepseek-r1"),
        ("deepseek.v3-v1:0", "deepseek-v3"),
        ("deepseek.v3.2", "deepseek-v3"),
        ("amazon.nova-2-lite-v1:0", "nova-2-lite"),
        ("amazon.nova-lite-v1:0", "nova"),
        ("amazon.nova-sonic-v1:0", "nova-sonic"),
        ("meta.llama3-8b-instruct-v1:0", "llama-3"),
        ("meta.llama3-1-8b-instruct-v1:0", "llama-3-1"),
        ("meta.llama3-2-1b-instruct-v1:0", "llama-3-2-small"),
        ("meta.llama4-scout-17b-instruct-v1:0", "llama-4"),
        ("moonshot.kimi-k2-thinking", "kimi"),
        ("moonshotai.kimi-k2.5", "kimi-k2-5"),
        ("zai.glm-4.7-flash", "glm"),
        ("ai21.jamba-1-5-large-v1:0", "jamba"),
        ("example.model-1", "plain"),
    ] {
        assert_eq!(row(id, ""), name, "{id}");
    }
}

#[test]
fn what_is_newer_than_the_table_is_as_the_newest_that_it_has() {
    for (id, name) in [
        ("us.anthropic.claude-opus-6", "claude-opus-5-5"),
        ("anthropic.claude-opus-7-2-20280101-v1:0", "claude-opus-5-5"),
        ("anthropic.claude-opus-4-9", "claude-opus-4-8"),
        ("global.anthropic.claude-sonnet-6", "claude-sonnet-5-5"),
        ("anthropic.claude-haiku-6", "claude-haiku-5"),
        ("anthropic.claude-fable-6", "claude-fable-5-1"),
        ("anthropic.claude-ballad-6", "claude-newest"),
        ("anthropic.claude-ballad-4-6", "claude-newer-4-6"),
        ("us.openai.gpt-7-luna", "gpt"),
        ("openai.gpt-6.2-sol", "gpt-6-1-sol"),
        ("xai.grok-5", "grok"),
        ("moonshotai.kimi-k4", "kimi-k3-1"),
        ("zai.glm-6", "glm-5-3"),
        ("amazon.nova-3-pro-v1:0", "nova-2"),
        ("meta.llama5-1-70b", "llama-4"),
        ("deepseek.v4", "deepseek-v3"),
        ("mistral.mistral-large-4-900b", "mistral-large-3"),
    ] {
        assert_eq!(row(id, ""), name, "{id}");
    }
}

#[test]
fn an_opaque_profile_is_known_by_its_name_or_canonical_id() {
    let arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123";
    assert_eq!(row(arn, ""), "plain");
    assert_eq!(row(arn, "Claude Opus 4.6"), "claude-opus-4-6");
    // An id that tells its family is not overruled by a name that speaks of others.
    assert_eq!(row("amazon.nova-pro-v1:0", "Nova Pro (cheaper than Claude Opus 4.6)"), "nova");
    assert_eq!(row("us.anthropic.claude-x", "Claude Opus 4.6"), "claude-opus-4-6");
    let mut canonical = model(arn, "");
    canonical.extras.push(NamedJson { name: "canonicalModelId".to_owned(), value: "\"claude-sonnet-4-6\"".to_owned() });
    assert_eq!(row_of(&canonical).name, "claude-sonnet-4-6");
    let mut configured = model(arn, "");
    configured.params = Some(r#"{"canonicalModelId":"claude-opus-4-6-v1"}"#.to_owned());
    assert_eq!(row_of(&configured).name, "claude-opus-4-6");
}

#[test]
fn every_row_can_be_reached_by_each_of_its_patterns() {
    for row in ROWS {
        for pattern in row.patterns {
            let example = pattern.example();
            assert_eq!(row_of(&model(&example, "")).name, row.name, "{example}");
        }
    }
}

#[test]
fn every_fact_of_every_row_has_a_source_and_a_day() {
    for row in ROWS {
        for (fact, name) in NAMES.iter().enumerate() {
            let source = row.source_of(fact).unwrap_or_else(|| panic!("{}: {name} has no source", row.name));
            let day: Vec<&str> = source.as_of.split('-').collect();
            let digits =
                |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
            let is_day = matches!(day[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2));
            assert!(is_day, "{}: {name}: {}", row.name, source.as_of);
        }
    }
}

#[test]
fn no_row_contradicts_itself() {
    let is_true = |row: &Row, what: &str, holds: bool| assert!(holds, "{}: {what}", row.name);
    for row in ROWS {
        let family = &row.family;
        is_true(row, "an answer fits into the window", family.max_tokens <= family.context_window);
        is_true(
            row,
            "a window without an output, or the other way round",
            (family.context_window == 0) == (family.max_tokens == 0),
        );
        is_true(
            row,
            "a tool is forced where there are none",
            family.tools || family.forced_tool == ForcedTool::Never || row.name == "plain",
        );
        let levels = family.thinking_levels.iter().next().is_some();
        let by_level = !matches!(family.thinking, ThinkingForm::Unknown | ThinkingForm::Budget);
        is_true(row, "levels and a form that has them", levels == by_level);
        is_true(
            row,
            "it cannot be switched off and has no lowest level",
            family.thinking_off != ThinkingOff::Never || levels,
        );
        let of_claude = matches!(family.thinking, ThinkingForm::Adaptive | ThinkingForm::Budget)
            || matches!(family.thinking_off, ThinkingOff::Disabled | ThinkingOff::BetweenTools)
            || family.one_call_at_a_time
            || family.block_binding
            || family.interleaved_thinking
            || family.refusal_details;
        is_true(row, "what is Claude's own", family.claude || !of_claude);
        is_true(row, "cache points among tools without any", family.caches_tools || family.caching != Caching::Never);
        is_true(
            row,
            "a length of stop sequences that it does not take",
            family.stop_sequences || family.stop_length == 0,
        );
    }
}
