//! `maxTokens`: what was asked for, as far as the model has it to give.

use crate::contract::conversation::{AssistantBlock, Context, Message, Options, UserBlock};
use crate::contract::types::Model;
use crate::families::{Family, known_limits};

use super::raw_json::{self, RawObject};
use super::report::Report;

/// Where the catalog says that it took a model's limits from: a word for both, or one for each. And its word for limits that it
/// did not find anywhere.
const LIMITS_FROM: &str = "limitsFrom";
const GUESSED: &str = "defaults";

/// Bytes of UTF-8 that make about one token (pi reckons so), and tokens of one image (Anthropic's page on vision: at most).
const BYTES_OF_A_TOKEN: u64 = 4;
const TOKENS_OF_AN_IMAGE: u64 = 1600;

/// What is kept free for what the estimate misses, and the room up to which only the smaller of both is (pi 1.5.2).
const LEAST_MARGIN: u64 = 4096;
const SMALL_ROOM: u64 = 32_768;

/// Below this an answer is not worth having: the request goes out as it is, and the service says that it is too long.
const LEAST_ANSWER: u64 = 1024;

/// The limit to send. A Claude gets one always: Bedrock would cut it at 4096 (pi #4848). Where the catalog only guessed, as it does
/// for a model that nobody listed, the table of known models says; for one that it does not know either the guess is sent, for
/// leaving it out would be no better.
///
/// What is above the model's own limit is refused by the service, and for a Claude so is what does not fit into the context
/// behind the input (pi 1.5.2 clamps to both). Guesses change nothing.
pub(super) fn max_tokens(
    model: &Model,
    family: &Family,
    context: &Context,
    options: &Options,
    report: &mut Report,
) -> Option<u64> {
    let guessed = is_guessed(model, "maxTokens");
    let known = guessed.then(|| known_limits(&model.id, &model.name)).flatten();
    let limit = known.map_or(model.max_tokens, |known| known.max_tokens);
    let own = (family.claude && limit > 0).then_some(limit);
    let wanted = options.max_tokens.or(own)?;
    let mut tokens = wanted;
    if model.max_tokens > 0 && tokens > model.max_tokens && !guessed {
        tokens = model.max_tokens;
        report.notice(
            "max-tokens-changed",
            format!("maxTokens went from {wanted} to {tokens}, which is the most that the model gives"),
        );
    }
    if family.claude
        && !is_guessed(model, "contextWindow")
        && let Some(room) = room(model.context_window, estimate(context)).filter(|room| *room < tokens)
    {
        report.notice(
            "max-tokens-changed",
            format!("maxTokens went from {tokens} to {room}, to fit into the context behind the conversation"),
        );
        tokens = room;
    }
    Some(tokens)
}

/// Whether the catalog only guessed this limit.
fn is_guessed(model: &Model, limit: &str) -> bool {
    let Some(from) = model.extras.iter().find(|extra| extra.name == LIMITS_FROM) else { return false };
    let of_both = raw_json::string_of(&from.value);
    let of_this = || raw_json::string_of(RawObject::parse(&from.value).ok()?.get(limit)?);
    of_both.or_else(of_this).is_some_and(|from| from == GUESSED)
}

/// How many tokens an answer can have behind an input of about so many; none where that is not known, or is too few.
fn room(context_window: u64, input: u64) -> Option<u64> {
    let margin = LEAST_MARGIN.max((input * 3).div_ceil(20));
    let with = |margin: u64| context_window.saturating_sub(input).saturating_sub(margin);
    let room = with(margin);
    let room = if room < SMALL_ROOM { SMALL_ROOM.min(with(LEAST_MARGIN)) } else { room };
    (context_window > 0 && room >= LEAST_ANSWER).then_some(room)
}

/// About how many tokens a conversation has. Documents and videos do not count, whose size says little.
fn estimate(context: &Context) -> u64 {
    let bytes = |text: &str| text.len() as u64 / BYTES_OF_A_TOKEN;
    let said = |blocks: &[UserBlock]| {
        let tokens = blocks.iter().map(|block| match block {
            UserBlock::Text(text) | UserBlock::GuardedText(text) => bytes(text),
            UserBlock::Image(_) => TOKENS_OF_AN_IMAGE,
            UserBlock::Document(_) | UserBlock::Video(_) | UserBlock::CachePoint(_) | UserBlock::Other(_) => 0,
        });
        tokens.sum::<u64>()
    };
    let answered = |block: &AssistantBlock| match block {
        AssistantBlock::Text(text) => bytes(&text.text),
        AssistantBlock::Thinking(thinking) => bytes(&thinking.text),
        AssistantBlock::ToolCall(call) => bytes(&call.name) + bytes(&call.arguments),
        AssistantBlock::Other(_) => 0,
    };
    let messages = context.messages.iter().map(|message| match message {
        Message::User(blocks) => said(blocks),
        Message::Assistant(message) => message.content.iter().map(answered).sum(),
        Message::ToolResult(result) => said(&result.content),
        Message::System(text) => bytes(text),
        Message::Other(_) => 0,
    });
    let tools = context.tools.iter().map(|tool| bytes(&tool.name) + bytes(&tool.description) + bytes(&tool.parameters));
    context.system_prompt.as_deref().map_or(0, bytes) + messages.sum::<u64>() + tools.sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn the_room_behind_an_input_is_pis() {
        assert_eq!(room(200_000, 0), Some(195_904));
        assert_eq!(room(200_000, 100_000), Some(85_000));
        // Fifteen of a hundred would leave less than 32,768, so only the least margin is kept.
        assert_eq!(room(200_000, 150_000), Some(32_768));
        assert_eq!(room(200_000, 190_000), Some(5904));
        assert_eq!((room(200_000, 196_000), room(0, 10)), (None, None));
        assert_eq!(room(u64::MAX, 0), Some(u64::MAX - 4096));
    }
}
