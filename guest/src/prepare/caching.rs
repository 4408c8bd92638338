//! Cache points: where the caller's own may stand, and those that a retention asks for.

use crate::families::{Caching, Family};

use super::blocks::{Block, Role, WireMessage};
use super::report::Report;
use super::tools::ToolConfig;

/// The most cache points of one request (Bedrock's limit).
const MAX_CACHE_POINTS: usize = 4;

/// How long the prompt is to stay cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retention {
    None,
    Short,
    Long,
}

/// The retention that counts: the request's, the settings', then `short` for a family that does not cache by itself (pi does).
pub(super) fn retention(
    family: &Family,
    asked: Option<&str>,
    configured: Option<&str>,
    report: &mut Report,
) -> Retention {
    let (path, word) = match (asked, configured) {
        (Some(word), _) => ("options.cacheRetention", word),
        (None, Some(word)) => ("settings.cacheRetention", word),
        (None, None) if family.caching == Caching::OptIn => return Retention::None,
        (None, None) => ("", "short"),
    };
    let retention = match word {
        "none" => return Retention::None,
        "short" => Retention::Short,
        "long" => Retention::Long,
        _ => {
            report.problem(path, format!("`{word}` is not a cache retention"), "`none`, `short` or `long`");
            return Retention::None;
        }
    };
    // A setting is for all models, so only what was asked for this request is worth telling.
    let told = asked.is_some();
    match (family.caching, retention) {
        (Caching::Never, _) => {
            if told {
                report.notice(
                    "cache-retention-ignored",
                    "the cache retention was ignored: this model family does not support cache points",
                );
            }
            Retention::None
        }
        (Caching::Short | Caching::OptIn, Retention::Long) => {
            if told {
                report.notice(
                    "cache-retention-changed",
                    "the cache retention became 5 minutes, the longest that this model family supports",
                );
            }
            Retention::Short
        }
        (_, retention) => retention,
    }
}

/// The cache point of a retention.
pub(super) fn cache_point(retention: Retention) -> Option<Block> {
    match retention {
        Retention::None => None,
        Retention::Short => Some(Block::CachePoint { ttl: None }),
        Retention::Long => Some(Block::CachePoint { ttl: Some("1h".to_owned()) }),
    }
}

/// The caller's own cache point, as far as the family takes it.
pub(super) fn adapted(ttl: Option<String>, family: &Family, report: &mut Report) -> Option<Block> {
    if family.caching == Caching::Never {
        report.notice(
            "cache-point-omitted",
            "the cache point was left out: this model family does not support cache points",
        );
        return None;
    }
    let long = family.caching == Caching::ShortAndLong;
    if ttl.as_deref() == Some("1h") && !long {
        report.notice(
            "cache-retention-changed",
            "the cache retention became 5 minutes, the longest that this model family supports",
        );
    }
    Some(Block::CachePoint { ttl: ttl.filter(|_| long) })
}

/// Takes misplaced cache points out of the messages, and puts one at the end of the last message if it is the user's.
pub(super) fn place(messages: &mut [WireMessage], family: &Family, retention: Retention, report: &mut Report) {
    for message in messages.iter_mut() {
        tidy(message, family, report);
    }
    let last = messages.last_mut().filter(|last| last.role == Role::User);
    if let (Some(last), Some(cache_point)) = (last, cache_point(retention))
        && let Some(index) = place_at_the_end(&last.content)
    {
        last.content.insert(index, cache_point);
    }
}

/// Where a cache point can go at the end of some blocks: behind the last, or in front of the documents that end them.
fn place_at_the_end(content: &[Block]) -> Option<usize> {
    let documents = content.iter().rev().take_while(|block| matches!(block, Block::Document { .. })).count();
    let index = content.len() - documents;
    index.checked_sub(1).filter(|before| content[*before].may_precede_cache_point()).map(|_| index)
}

/// Takes the misplaced points out of one message and adapts the others to the family.
fn tidy(message: &mut WireMessage, family: &Family, report: &mut Report) {
    if !message.content.iter().any(Block::is_cache_point) {
        return;
    }
    let mut content: Vec<Block> = Vec::with_capacity(message.content.len());
    // The documents that end the content so far: a cache point goes in front of them.
    let mut documents: Vec<Block> = Vec::new();
    for block in std::mem::take(&mut message.content) {
        let ttl = match block {
            Block::CachePoint { ttl } => ttl,
            Block::Document { .. } => {
                documents.push(block);
                continue;
            }
            block => {
                content.append(&mut documents);
                content.push(block);
                continue;
            }
        };
        let has_place = content.last().is_some_and(Block::may_precede_cache_point);
        if !has_place && family.caching != Caching::Never {
            report.notice(
                "cache-point-omitted",
                "a cache point was left out: it cannot come first in a message, or directly after reasoning, a document or another cache point",
            );
        } else if let Some(point) = adapted(ttl, family, report) {
            if !documents.is_empty() {
                report.notice(
                    "cache-point-moved",
                    "a cache point was moved in front of the document before it, because it cannot follow a document",
                );
            }
            content.push(point);
        }
    }
    content.append(&mut documents);
    message.content = content;
}

/// Makes the points of a whole request ones that the service takes together: not too many, and none with a longer time to
/// live behind one with a shorter (strands PR 3858: refused, in the order of tools, system and messages).
pub(super) fn settle(
    tools: Option<&mut ToolConfig>,
    system: &mut Vec<Block>,
    messages: &mut [WireMessage],
    report: &mut Report,
) {
    let mut tools = tools;
    let in_messages = messages.iter().flat_map(|message| &message.content).filter(|block| block.is_cache_point());
    let in_system = system.iter().filter(|block| block.is_cache_point()).count();
    let in_tools = tools.as_ref().map_or(0, |tools| tools.cache_points());
    let mut too_many = (in_messages.count() + in_system + in_tools).saturating_sub(MAX_CACHE_POINTS);
    if too_many > 0 {
        report.notice(
            "cache-point-omitted",
            format!("the earliest cache points were left out: a request can have at most {MAX_CACHE_POINTS}"),
        );
    }
    // Of the messages the latest points reach furthest, so the earliest go; then those that every later one reaches beyond.
    let mut keep = |block: &Block| {
        let drop = too_many > 0 && block.is_cache_point();
        too_many -= usize::from(drop);
        !drop
    };
    for message in messages.iter_mut() {
        message.content.retain(&mut keep);
    }
    if let Some(tools) = &mut tools {
        tools.retain_cache_points(&mut keep);
    }
    system.retain(&mut keep);

    let of_messages = messages.iter_mut().flat_map(|message| &mut message.content);
    let blocks = system.iter_mut().chain(of_messages);
    let times = blocks.filter_map(|block| match block {
        Block::CachePoint { ttl } => Some(ttl),
        _ => None,
    });
    order_times(tools.into_iter().flat_map(ToolConfig::times_to_live).chain(times).collect(), report);
}

/// A point without a time to live takes the longest that follows it: it costs little, since what is cached first changes
/// least. One that says `5m` means it, so an hour behind it becomes five minutes.
fn order_times(mut times: Vec<&mut Option<String>>, report: &mut Report) {
    let is = |ttl: &Option<String>, word: &str| ttl.as_deref() == Some(word);
    let short = times.iter().position(|ttl| is(ttl, "5m")).unwrap_or(times.len());
    let (before, behind) = times.split_at_mut(short);
    for ttl in behind.iter_mut().filter(|ttl| is(ttl, "1h")) {
        **ttl = None;
        report.notice(
            "cache-retention-changed",
            "the retention of a cache point became 5 minutes: Bedrock rejects 1 hour after a cache point of 5 minutes",
        );
    }
    let long = before.iter().rposition(|ttl| is(ttl, "1h")).unwrap_or(0);
    for ttl in before[..long].iter_mut().filter(|ttl| ttl.is_none()) {
        **ttl = Some("1h".to_owned());
        report.notice(
            "cache-retention-changed",
            "the retention of a cache point became 1 hour, because a later cache point has 1 hour",
        );
    }
}
