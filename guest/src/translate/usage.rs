//! Token counts and what they cost.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::options::{TotalTokens, TurnOptions};
use crate::contract::types::{Cost, Model, Usage, UsageCost};
use crate::families::family_of;

/// `metadata.usage` (Bedrock API reference, `TokenUsage`). The cache counts come twice on the wire; both names are read. Counts are
/// read one by one, so that one that is none costs no other.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TokenUsage<'a> {
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    total_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_read_input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_read_input_token_count: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_write_input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_write_input_token_count: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_details: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CacheDetail<'a> {
    ttl: Option<String>,
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
}

/// A count: a whole number from 0, also where it is spelt as `10.0`. What is none is reported by its name.
fn count(name: &'static str, value: Option<&RawValue>, wrong: &mut Vec<&'static str>) -> Option<u64> {
    let json = value?.get();
    let whole = || json.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|digit| digit == b'0'));
    let count = json.parse().ok().or_else(|| whole()?.0.parse().ok());
    if count.is_none() && json != "null" {
        wrong.push(name);
    }
    count
}

/// Reads `metadata.usage`; `service_tier` is what `metadata.serviceTier` says. Gives the names of counts that were none, too; fails
/// with the reason where it is no object.
pub(super) fn read(
    json: &str,
    model: &Model,
    options: &TurnOptions,
    service_tier: Option<&str>,
) -> Result<(Usage, Vec<&'static str>), String> {
    let counts: TokenUsage<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let wrong = &mut Vec::new();
    let mut input = count("inputTokens", counts.input_tokens, wrong).unwrap_or(0);
    let output = count("outputTokens", counts.output_tokens, wrong).unwrap_or(0);
    let cache_read = count("cacheReadInputTokens", counts.cache_read_input_tokens, wrong)
        .or_else(|| count("cacheReadInputTokenCount", counts.cache_read_input_token_count, wrong))
        .unwrap_or(0);
    let cache_write = count("cacheWriteInputTokens", counts.cache_write_input_tokens, wrong)
        .or_else(|| count("cacheWriteInputTokenCount", counts.cache_write_input_token_count, wrong))
        .unwrap_or(0);
    let details = counts
        .cache_details
        .and_then(|details| serde_json::from_str::<Option<Vec<CacheDetail<'_>>>>(details.get()).ok());
    if details.is_none() && counts.cache_details.is_some() {
        wrong.push("cacheDetails");
    }
    let mut cache_write_long = 0_u64;
    for detail in details.flatten().unwrap_or_default().iter().filter(|detail| detail.ttl.as_deref() == Some("1h")) {
        let tokens = count("cacheDetails.inputTokens", detail.input_tokens, wrong).unwrap_or(0);
        cache_write_long = cache_write_long.saturating_add(tokens);
    }
    let mut total = count("totalTokens", counts.total_tokens, wrong).unwrap_or_else(|| input.saturating_add(output));
    let cached = cache_read.saturating_add(cache_write);
    let sum = |input: u64| input.saturating_add(output).saturating_add(cached);
    if cached > 0 && input >= cached && family_of(model).input_counts_cache {
        // Bedrock's total is the sum of its counts, so it has the cached tokens twice.
        if total == sum(input) {
            total -= cached;
        }
        input -= cached;
    }
    let sum = sum(input);
    let total = match options.total_tokens {
        TotalTokens::Service => total,
        TotalTokens::Sum => total.max(sum),
    };
    let mut usage = Usage { input, output, cache_read, cache_write, cache_write_long, total, cost: none() };
    usage.cost = price(&usage, &model.cost, options.cost_factor(service_tier));
    Ok((usage, std::mem::take(wrong)))
}

/// Usage of a turn of which Bedrock told none.
pub(super) fn unknown() -> Usage {
    Usage { input: 0, output: 0, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 0, cost: none() }
}

fn none() -> UsageCost {
    UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 }
}

/// Prices the tokens: per million; the highest tier whose bound the whole input exceeds; a cache entry of one hour costs
/// twice the input price (pi's rule, from Anthropic's price list); all times the factor of the service tier.
#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
fn price(usage: &Usage, cost: &Cost, factor: f64) -> UsageCost {
    let whole_input = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
    let tier = cost
        .tiers
        .iter()
        .filter(|tier| whole_input > tier.input_tokens_above)
        .max_by_key(|tier| tier.input_tokens_above);
    let (input_rate, output_rate, read_rate, write_rate) = match tier {
        Some(tier) => (tier.input, tier.output, tier.cache_read, tier.cache_write),
        None => (cost.input, cost.output, cost.cache_read, cost.cache_write),
    };
    let price = |tokens: u64, rate: f64| rate / 1_000_000.0 * tokens as f64 * factor;
    let long = usage.cache_write_long.min(usage.cache_write);
    let input = price(usage.input, input_rate);
    let output = price(usage.output, output_rate);
    let cache_read = price(usage.cache_read, read_rate);
    // In pi's order, so that sums come to the same to the last digit.
    let (short, long) = ((usage.cache_write - long) as f64, long as f64);
    let cache_write = (write_rate * short + input_rate * 2.0 * long) / 1_000_000.0 * factor;
    UsageCost { input, output, cache_read, cache_write, total: input + output + cache_read + cache_write }
}

#[cfg(test)]
mod tests {
    use super::{TotalTokens, TurnOptions, read};
    use crate::contract::types::{Cost, CostTier, Model};

    fn model(id: &str, cost: Cost) -> Model {
        Model {
            id: id.to_owned(),
            name: String::new(),
            reasoning: false,
            input: Vec::new(),
            cost,
            context_window: 0,
            max_tokens: 0,
            params: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn an_hour_in_the_cache_costs_twice_the_input() {
        let cost = Cost { input: 1e6, output: 2e6, cache_read: 5e5, cache_write: 1.25e6, tiers: Vec::new() };
        let model = model("anthropic.m", cost);
        let json = r#"{"inputTokens":20,"outputTokens":5,"totalTokens":25,"cacheReadInputTokens":70,
            "cacheWriteInputTokens":10,"cacheDetails":[{"ttl":"1h","inputTokens":6},{"ttl":"5m","inputTokens":4}]}"#;
        let (usage, _) = read(json, &model, &TurnOptions::default(), None).expect("the usage is well formed");
        assert_eq!((usage.total, usage.cache_write_long), (25, 6));
        assert_eq!((usage.cost.cache_write, usage.cost.total), (17.0, 82.0));
        let sum = TurnOptions { total_tokens: TotalTokens::Sum, ..TurnOptions::default() };
        assert_eq!(read(json, &model, &sum, None).map(|(usage, _)| usage.total), Ok(105));
    }

    #[test]
    fn a_tier_holds_strictly_above_its_bound() {
        let tier = CostTier { input_tokens_above: 10, input: 3e6, output: 0.0, cache_read: 0.0, cache_write: 0.0 };
        let cost = Cost { input: 1e6, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: vec![tier] };
        let model = model("anthropic.m", cost);
        let at = |tokens: u64| {
            let json = format!(r#"{{"inputTokens":{tokens}}}"#);
            read(&json, &model, &TurnOptions::default(), None).map(|(usage, _)| usage.cost.input)
        };
        assert_eq!(at(10), Ok(10.0));
        assert_eq!(at(11), Ok(33.0));
    }

    #[test]
    fn a_count_that_is_none_costs_no_other() {
        let model = model("x", Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() });
        let json = r#"{"inputTokens":10.0,"outputTokens":5,"cacheReadInputTokens":-1,"cacheWriteInputTokens":"x","cacheDetails":7,"totalTokens":1e40}"#;
        let (usage, wrong) = read(json, &model, &TurnOptions::default(), None).expect("it is an object");
        assert_eq!((usage.input, usage.output, usage.cache_read, usage.total), (10, 5, 0, 15));
        assert_eq!(wrong, ["cacheReadInputTokens", "cacheWriteInputTokens", "cacheDetails", "totalTokens"]);
    }

    #[test]
    fn no_count_is_too_large() {
        let most = u64::MAX;
        let json = format!(
            r#"{{"inputTokens":{most},"outputTokens":{most},"totalTokens":{most},"cacheReadInputTokens":{most},
            "cacheWriteInputTokens":{most},"cacheDetails":[{{"ttl":"1h","inputTokens":{most}}},{{"ttl":"1h","inputTokens":1}}]}}"#
        );
        for id in ["anthropic.m", "openai.gpt-5.6"] {
            let cost = Cost { input: 1.0, output: 1.0, cache_read: 1.0, cache_write: 1.0, tiers: Vec::new() };
            let model = model(id, cost);
            let usage = read(&json, &model, &TurnOptions::default(), None);
            assert!(usage.is_ok_and(|(usage, _)| usage.cost.total.is_finite()));
        }
    }
}
