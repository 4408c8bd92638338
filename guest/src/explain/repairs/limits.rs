//! Limits that a message states.

use crate::contract::types::{Adjustment, PartLimit};
use crate::repair::part;

use super::Found;
use super::parts::{Extent, after};

/// Below this an answer is not worth having.
const LEAST_ANSWER: u64 = 1024;

/// The limit of the answer: the model's own, or what the input leaves of the context.
pub(super) fn max_tokens(_: &str, lower: &str) -> Found {
    if let Some(sum) = after(lower, "`max_tokens` exceed context limit: ") {
        let (input, rest) = leading(sum)?;
        let (_, window) = rest.split_once('>')?;
        let room = leading(window)?.0.checked_sub(input).filter(|room| *room >= LEAST_ANSWER)?;
        return limit(part::MAX_TOKENS, room, Extent::Request);
    }
    let stated = [
        ("maximum tokens you requested exceeds the model limit of ", ""),
        ("'inferenceconfig.maxtokens' failed to satisfy constraint", "less than or equal to "),
        ("'maxtokens' failed to satisfy constraint", "less than or equal to "),
        ("max_tokens: ", "> "),
        ("max_tokens is too large", "supports at most "),
        ("max_completion_tokens is too large", "supports at most "),
    ];
    let said = stated.iter().find_map(|(words, number)| after(after(lower, words)?, number))?;
    limit(part::MAX_TOKENS, leading(said)?.0, Extent::Model)
}

/// The length of stop sequences (langgenius/dify#19975: DeepSeek R1).
pub(super) fn stop_sequences(_: &str, lower: &str) -> Found {
    let said = after(after(lower, "stop sequence")?, "longer than the model limit of ")?;
    limit(part::STOP_SEQUENCES, leading(said)?.0, Extent::Model)
}

fn limit(part: &str, most: u64, extent: Extent) -> Found {
    (most > 0).then(|| (vec![Adjustment::Limit(PartLimit { part: part.to_owned(), most })], extent))
}

/// The number at the front of a text, with or without commas between its digits, and what follows.
fn leading(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start();
    let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let (digits, rest) = text.split_at(end);
    digits.replace(',', "").parse().ok().map(|number| (number, rest))
}
