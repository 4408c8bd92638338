//! The system prompt.

use crate::families::Family;

use super::blocks::{Block, Role, WireMessage};
use super::cache_points::CachePoints;
use super::caching::{self, Retention};
use super::report::Report;
use super::user_content::is_blank;

/// The blocks of `system`: the prompt, with the system messages of the conversation behind it, and cache points: the caller's
/// own and that of the retention. Nothing when all of it is blank.
///
/// A family without a system role gets the text at the front of the first message instead.
pub(super) fn system(
    prompt: Option<String>,
    messages_of_system: Vec<String>,
    messages: &mut [WireMessage],
    family: &Family,
    retention: Retention,
    points: &mut CachePoints,
    report: &mut Report,
) -> Vec<Block> {
    let texts = prompt.into_iter().chain(messages_of_system).filter(|text| !is_blank(text));
    // The first text grows, so that a long one is not there twice.
    let Some(text) = texts.reduce(|text, more| text + "\n\n" + &more) else { return Vec::new() };
    if !family.system_prompt {
        if let Some(first) = messages.first_mut().filter(|first| first.role == Role::User) {
            report.notice(
                "system-prompt-moved",
                "the system prompt was moved into the first message: this model family does not support system prompts",
            );
            first.content.insert(0, Block::Text(text));
        }
        return Vec::new();
    }
    let mut blocks = points.split_system(text, family, report);
    if !blocks.last().is_some_and(Block::is_cache_point) {
        blocks.extend(caching::cache_point(retention));
    }
    blocks
}
