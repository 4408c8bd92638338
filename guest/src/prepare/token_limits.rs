//! `maxTokens`: what was asked for, as far as the model has it to give.

use crate::contract::conversation::{AssistantBlock, Context, Message, Options, UserBlock};
use crate::contract::types::Model;
use crate::families::{Family, known_limits, limit_source};

use super::report::Report;

/// The catalog's word for limits that it did not find anywhere.
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
/// What is above the model's own limit is refused by the service, and so is what does not fit into the context behind the input
/// (pi 1.5.2 clamps to both). Guesses change nothing.
pub(super) fn max_tokens(
    model: &Model,
    family: &Family,
    context: &Context,
    options: &Options,
    report: &mut Report,
) -> Option<u64> {
    let guessed = |limit: &str| is_guessed(model, limit);
    let known =
        (guessed("maxTokens") || guessed("contextWindow")).then(|| known_limits(&model.id, &model.name)).flatten();
    let known_or = |limit: &str, listed: u64, known: Option<u64>| if guessed(limit) { known } else { Some(listed) };
    let most = known_or("maxTokens", model.max_tokens, known.map(|known| known.max_tokens)).filter(|most| *most > 0);
    let window = known_or("contextWindow", model.context_window, known.map(|known| known.context_window));
    let own = most.or((model.max_tokens > 0).then_some(model.max_tokens)).filter(|_| family.claude);
    let wanted = options.max_tokens.or(own)?;
    let mut tokens = wanted;
    if let Some(most) = most.filter(|most| tokens > *most) {
        tokens = most;
        report.notice(
            "max-tokens-changed",
            format!("maxTokens was reduced from {wanted} to {tokens}, the most that the model supports"),
        );
    }
    // Claude alone is known to refuse what the estimate may miss, so the others keep no margin.
    let rest = |window: u64| match (estimate(context), family.claude) {
        (input, true) => room(window, input),
        (input, false) => window.checked_sub(input).filter(|rest| *rest >= LEAST_ANSWER),
    };
    if let Some(room) = window.and_then(rest).filter(|room| *room < tokens) {
        report.notice(
            "max-tokens-changed",
            format!(
                "maxTokens was reduced from {tokens} to {room}, the rest of the context window after the conversation"
            ),
        );
        tokens = room;
    }
    Some(tokens)
}

/// Whether the catalog only guessed this limit.
fn is_guessed(model: &Model, limit: &str) -> bool {
    limit_source(model, limit) == GUESSED
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
