//! What is known of a model's limits where neither the listing nor the configuration says: context window, output limit,
//! whether it thinks, whether it sees images.
//!
//! Sources differ. Of context windows the smallest counts: too small a one makes a client shorten its history early, too
//! large a one makes a request fail. Of output limits the `converse.maxTokensMaximum` of a recorded listing counts (2025-12),
//! then pi's catalogue (pi-ai 0.87.1), then the least. AWS's model cards round outputs to `8K`, so they come last.

use super::simplify;
use crate::contract::types::NamedJson;

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

/// A row of the table: patterns as those of [`Family`](super::Family), and the limits.
#[derive(Debug)]
struct Row {
    matches: &'static [&'static str],
    limits: Limits,
}

const fn row(matches: &'static [&'static str], context_window: u64, max_tokens: u64) -> Row {
    Row { matches, limits: Limits { context_window, max_tokens, thinks: false, sees: false } }
}

impl Row {
    const fn thinks(mut self) -> Self {
        self.limits.thinks = true;
        self
    }

    const fn sees(mut self) -> Self {
        self.limits.sees = true;
        self
    }
}

/// All that is known, from the special to the general; the first row that matches counts.
const KNOWN: &[Row] = &[
    // Claude 5: pi and OpenClaw agree.
    row(&["claude fable-5", "claude mythos-5", "claude opus-5", "claude sonnet-5"], 1_000_000, 128_000).thinks().sees(),
    // pi and OpenClaw's table of windows; output of Sonnet 4.6: a listing of 2026-03 (pi has 128000).
    row(&["claude opus-4-6", "claude opus-4-7", "claude opus-4-8"], 1_000_000, 128_000).thinks().sees(),
    row(&["claude sonnet-4-6"], 1_000_000, 64_000).thinks().sees(),
    // pi; output of Haiku 4.5 recorded.
    row(&["claude opus-4-5", "claude sonnet-4-5", "claude haiku-4-5"], 200_000, 64_000).thinks().sees(),
    // pi. The recorded listing has 65536 for Sonnet 4.
    row(&["claude opus-4"], 200_000, 32_000).thinks().sees(),
    row(&["claude sonnet-4"], 200_000, 64_000).thinks().sees(),
    // Windows: OpenClaw. Outputs and what thinks: Anthropic's page of models.
    row(&["claude-3-7-sonnet", "claude-sonnet-3-7"], 200_000, 64_000).thinks().sees(),
    row(&["claude-3-5-haiku", "claude-haiku-3-5"], 200_000, 8_192),
    row(&["claude-3-5", "claude-sonnet-3-5"], 200_000, 8_192).sees(),
    row(&["claude-v2-1"], 200_000, 4_096),
    row(&["claude-v2", "claude-instant"], 100_000, 4_096),
    // Claudes named family first that stand in no row above, Haiku 5 and whatever comes next: every one since Claude 4 has at least
    // this (Anthropic's page of models). Less would cut their answers off (OpenClaw #97176).
    row(&["claude-opus-3", "claude-sonnet-3", "claude-haiku-3"], 200_000, 4_096).sees(),
    row(&["claude-fable-", "claude-haiku-", "claude-mythos-", "claude-opus-", "claude-sonnet-"], 200_000, 32_000)
        .thinks()
        .sees(),
    // Every other Claude has at least this (Anthropic's page of models).
    row(&["claude"], 200_000, 4_096).sees(),
    // pi; the recorded listing has 10000 for the first generation, the card of Nova 2 Lite 1M (OpenClaw: 300000, of before it).
    row(&["nova-2-lite"], 1_000_000, 65_535).thinks().sees(),
    row(&["nova-premier"], 1_000_000, 10_000).sees(),
    row(&["nova-pro", "nova-lite"], 300_000, 10_000).sees(),
    row(&["nova-micro"], 128_000, 10_000),
    // Bedrock user guide, parameters of Titan Text.
    row(&["titan-text-premier"], 32_000, 3_072),
    row(&["titan-text-express", "titan-tg1"], 8_000, 8_192),
    row(&["titan-text-lite"], 4_000, 4_096),
    // Windows: OpenClaw (pi has 10M for Scout). Outputs: pi; Llama 3: `max_gen_len` in the user guide.
    row(&["llama4-maverick"], 1_000_000, 8_192).sees(),
    row(&["llama4-scout"], 512_000, 8_192).sees(),
    row(&["llama3-2-11b", "llama3-2-90b"], 128_000, 4_096).sees(),
    row(&["llama3-1", "llama3-2", "llama3-3"], 128_000, 4_096),
    row(&["llama3"], 8_000, 2_048),
    // Windows: OpenClaw, else pi. Outputs: pi; of the older ones the user guide.
    row(&["magistral"], 128_000, 40_000).thinks().sees(),
    row(&["devstral"], 256_000, 8_192),
    row(&["mistral-large-3", "pixtral"], 128_000, 8_192).sees(),
    row(&["mistral-large-2407"], 128_000, 8_192),
    row(&["ministral"], 128_000, 4_096).sees(),
    row(&["voxtral"], 32_000, 4_096),
    row(&["mixtral"], 32_000, 4_096),
    row(&["mistral-large-2402", "mistral-small", "mistral-7b"], 32_000, 8_192),
    // R1: the user guide. V3: window OpenClaw and AWS's card, output pi.
    row(&["deepseek r1"], 128_000, 32_768).thinks(),
    row(&["deepseek v3"], 128_000, 81_920).thinks(),
    // gpt-oss: output recorded. The others: pi.
    row(&["gpt-oss"], 128_000, 128_000).thinks(),
    row(&["gpt-5-4", "gpt-5-5"], 272_000, 128_000).thinks().sees(),
    row(&["gpt-5-6", "gpt-6"], 1_050_000, 128_000).thinks().sees(),
    row(&["grok-4-3"], 1_000_000, 131_072).thinks().sees(),
    row(&["grok-4"], 500_000, 500_000).thinks().sees(),
    // Windows: the lesser of pi and OpenClaw. Outputs: pi; of Next 80B recorded.
    row(&["qwen3-235b"], 262_144, 131_072),
    row(&["qwen3-32b"], 32_768, 16_384).thinks(),
    row(&["qwen3-coder-30b"], 256_000, 131_072),
    row(&["qwen3-coder-480b"], 131_072, 65_536),
    row(&["qwen3-coder-next"], 256_000, 65_536),
    row(&["qwen3-next-80b"], 262_144, 262_144).thinks(),
    row(&["qwen3-vl-235b"], 128_000, 128_000).sees(),
    // pi. OpenClaw and AWS's card of M2 have 1M, which pi and the cards of M2.1 and M2.5 do not bear out.
    row(&["minimax-m2-5"], 196_608, 98_304).thinks(),
    row(&["minimax-m2-1"], 196_608, 131_072).thinks(),
    row(&["minimax-m2"], 196_608, 128_000).thinks(),
    row(&["kimi-k2-5"], 262_143, 16_000).thinks().sees(),
    row(&["kimi-k2"], 262_143, 16_000).thinks(),
    // Window: OpenClaw. Output: as large as that (pi has 131072).
    row(&["glm-5", "glm-4-7"], 128_000, 128_000).thinks(),
    // Outputs of Nano 12B and Nano 3 30B recorded: a window is no smaller than they are (OpenClaw: 128000 for Nano 3).
    row(&["nemotron-super-3"], 256_000, 131_072).thinks(),
    row(&["nemotron-nano-3-30b"], 262_144, 262_144).thinks(),
    row(&["nemotron-nano-12b"], 128_000, 128_000).sees(),
    row(&["nemotron-nano"], 128_000, 8_192),
    // AWS's cards; Gemma 4: pi.
    row(&["gemma-3"], 128_000, 8_192).sees(),
    row(&["gemma-4-e2b"], 131_072, 8_192).thinks().sees(),
    row(&["gemma-4"], 262_144, 32_768).thinks().sees(),
    // Windows: OpenClaw. Outputs: the user guide.
    row(&["command-r"], 128_000, 4_000),
    row(&["command-text", "command-light"], 4_000, 4_000),
    row(&["jamba"], 256_000, 4_096),
    // pi.
    row(&["palmyra-x4"], 122_880, 8_192).thinks(),
    row(&["palmyra-x5"], 1_040_000, 8_192).thinks(),
];

/// What is known of the model with this id, with or without a geography, or in an ARN. Where the id tells nothing, as that of
/// an application profile does, the name may.
#[must_use]
pub fn known_limits(id: &str, name: &str) -> Option<Limits> {
    let of = |text: &str| {
        let candidate = simplify(text);
        let named = |pattern: &&str| pattern.split(' ').all(|word| candidate.contains(word));
        KNOWN.iter().find(|row| row.matches.iter().any(named)).map(|row| row.limits)
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
            ("anthropic.claude-haiku-5-20260901-v1:0", (200_000, 32_000, true)),
            ("us.anthropic.claude-opus-6", (200_000, 32_000, true)),
            ("anthropic.claude-3-opus-20240229-v1:0", (200_000, 4_096, false)),
            ("meta.llama3-1-70b-instruct-v1:0", (128_000, 4_096, false)),
            ("meta.llama3-70b-instruct-v1:0", (8_000, 2_048, false)),
            ("openai.gpt-oss-safeguard-20b", (128_000, 128_000, true)),
            ("us.deepseek.r1-v1:0", (128_000, 32_768, true)),
        ] {
            assert_eq!(limits(id), Some(expected), "{id}");
        }
        assert_eq!(limits("jp.example.unknown"), None);
    }

    #[test]
    fn every_row_can_be_reached_by_its_own_patterns_and_an_answer_fits_into_its_window() {
        for row in KNOWN {
            for pattern in row.matches {
                let found = known_limits(&pattern.replace(' ', "-"), "").expect("a pattern matches itself");
                assert_eq!(
                    Limits { max_tokens: row.limits.max_tokens.min(row.limits.context_window), ..row.limits },
                    found,
                    "{pattern}"
                );
            }
        }
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
