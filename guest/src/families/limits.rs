//! What is known of a model's limits where neither the listing nor the configuration says: context window, output limit,
//! whether it thinks, whether it sees images.
//!
//! Sources differ. Of context windows the smallest counts: too small a one makes a client shorten its history early, too
//! large a one makes a request fail. Of output limits the `converse.maxTokensMaximum` of a recorded listing counts (2025-12),
//! then pi's catalogue, then the least. AWS's model cards round outputs to `8K`, so they come last.

use super::row_named;
use crate::contract::types::{Model, NamedJson};

/// The limits of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the context, in tokens.
    pub context_window: u64,
    /// The most tokens that one answer may have.
    pub max_tokens: u64,
    /// Whether it can think before it answers.
    pub thinks: bool,
    /// Whether it takes images (pi's catalogue; of Llama 3.2 and Gemma 3 AWS's cards).
    pub sees: bool,
}

/// What is known of the model with this id, with or without a geography, or in an ARN. Where the id tells nothing, as that of
/// an application profile does, the name may.
#[must_use]
pub fn known_limits(id: &str, name: &str) -> Option<Limits> {
    let of = |text: &str| {
        let family = &row_named(text)?.family;
        (family.context_window > 0).then_some(Limits {
            context_window: family.context_window,
            max_tokens: family.max_tokens,
            thinks: family.thinks,
            sees: family.images,
        })
    };
    let limits = of(id).or_else(|| of(name))?;
    // A window in the id is that of this very variant, and an answer has to fit into it.
    let context_window = window_in(id).unwrap_or(limits.context_window);
    Some(Limits { context_window, max_tokens: limits.max_tokens.min(context_window), ..limits })
}

/// The extra `limitsFrom` of a model: where its context window and its output limit are from, `configuration`, `listing`,
/// `known-models` or `defaults`. One word where both are from the same place, else an object of both.
#[must_use]
pub fn limits_from(context_window: &str, max_tokens: &str) -> NamedJson {
    let value = if context_window == max_tokens {
        serde_json::Value::from(context_window)
    } else {
        serde_json::json!({ "contextWindow": context_window, "maxTokens": max_tokens })
    };
    NamedJson { name: "limitsFrom".to_owned(), value: value.to_string() }
}

/// Where a limit of a model (`contextWindow`, `maxTokens`) is from, as its extra `limitsFrom` says; empty where it says nothing.
#[must_use]
pub fn limit_source(model: &Model, limit: &str) -> String {
    let from = model.extras.iter().find(|extra| extra.name == "limitsFrom");
    let from = from.and_then(|extra| serde_json::from_str::<serde_json::Value>(&extra.value).ok()).unwrap_or_default();
    from.get(limit).unwrap_or(&from).as_str().unwrap_or_default().to_owned()
}

/// The window in the third part of an id: `amazon.nova-pro-v1:0:300k` (the recorded listings have 32 ids of three parts).
#[must_use]
pub fn window_in(id: &str) -> Option<u64> {
    let mut parts = id.split(':').skip(2);
    let thousands = parts.next()?.strip_suffix(['k', 'K'])?;
    if id.starts_with("arn:") || parts.next().is_some() {
        return None;
    }
    thousands.parse::<u64>().ok().filter(|window| *window > 0)?.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(id: &str) -> Option<(u64, u64, bool)> {
        known_limits(id, "").map(|limits| (limits.context_window, limits.max_tokens, limits.thinks))
    }

    #[test]
    fn the_special_row_comes_before_the_general_one() {
        for (id, expected) in [
            ("us.anthropic.claude-opus-4-6-v1", (1_000_000, 128_000, true)),
            ("anthropic.claude-opus-4-5-20251101-v1:0", (200_000, 64_000, true)),
            ("anthropic.claude-opus-4-1-20250805-v1:0", (200_000, 32_000, true)),
            ("anthropic.claude-3-7-sonnet-20250219-v1:0", (200_000, 64_000, true)),
            ("anthropic.claude-3-haiku-20240307-v1:0", (200_000, 4_096, false)),
            ("anthropic.claude-v2:1", (200_000, 4_096, false)),
            ("anthropic.claude-haiku-5-5", (1_000_000, 128_000, true)),
            ("us.anthropic.claude-opus-6", (1_000_000, 128_000, true)),
            ("anthropic.claude-3-opus-20240229-v1:0", (200_000, 4_096, false)),
            ("meta.llama3-1-70b-instruct-v1:0", (128_000, 4_096, false)),
            ("meta.llama3-70b-instruct-v1:0", (8_000, 2_048, false)),
            ("openai.gpt-oss-safeguard-20b", (128_000, 16_384, true)),
            ("us.deepseek.r1-v1:0", (128_000, 32_768, true)),
        ] {
            assert_eq!(limits(id), Some(expected), "{id}");
        }
        assert_eq!(limits("jp.example.unknown"), None);
    }

    #[test]
    fn an_id_may_name_its_window() {
        assert_eq!(limits("amazon.nova-2-lite-v1:0:256k"), Some((256_000, 65_535, true)));
        assert_eq!(limits("amazon.nova-premier-v1:0:mm"), Some((1_000_000, 10_000, false)));
        assert_eq!(limits("anthropic.claude-3-haiku-20240307-v1:0:2k"), Some((2_000, 2_000, false)));
        for id in ["a:0:0k", "a:0:k", "a:0:99999999999999999999k", "arn:aws:3k", "a:0:1k:2"] {
            assert_eq!(window_in(id), None, "{id}");
        }
    }

    #[test]
    fn an_opaque_id_is_known_by_its_name() {
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123";
        assert_eq!(known_limits(arn, "Claude Opus 4.6").map(|limits| limits.context_window), Some(1_000_000));
        assert_eq!(known_limits(arn, "Prod"), None);
    }
}
