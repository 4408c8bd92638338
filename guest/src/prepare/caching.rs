//! Cache points: where the caller's own may stand, and those that a retention asks for.

use crate::families::{Caching, Family};

use super::blocks::{Block, Role, WireMessage};
use super::report::Report;

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
                report.notice("cache-retention-ignored", "this family of models takes no cache points");
            }
            Retention::None
        }
        (Caching::Short | Caching::OptIn, Retention::Long) => {
            if told {
                report
                    .notice("cache-retention-changed", "this family of models keeps cache entries for 5 minutes only");
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
        report.notice("cache-point-omitted", "this family of models takes no cache points");
        return None;
    }
    let long = family.caching == Caching::ShortAndLong;
    if ttl.as_deref() == Some("1h") && !long {
        report.notice("cache-retention-changed", "this family of models keeps cache entries for 5 minutes only");
    }
    Some(Block::CachePoint { ttl: ttl.filter(|_| long) })
}

/// Takes away cache points that the service would refuse, and puts one at the end of the last message if it is the user's.
/// `elsewhere` is how many the system prompt and the tools have.
pub(super) fn place(
    messages: &mut [WireMessage],
    family: &Family,
    retention: Retention,
    elsewhere: usize,
    report: &mut Report,
) {
    for message in messages.iter_mut() {
        tidy(message, family, report);
    }
    let last = messages.last_mut().filter(|last| last.role == Role::User);
    if let (Some(last), Some(cache_point)) = (last, cache_point(retention))
        && last.content.last().is_some_and(Block::may_precede_cache_point)
    {
        last.content.push(cache_point);
    }
    // The latest points reach furthest, so the earliest go.
    let in_messages =
        messages.iter().flat_map(|message| &message.content).filter(|block| block.is_cache_point()).count();
    let mut too_many = (elsewhere + in_messages).saturating_sub(MAX_CACHE_POINTS);
    if too_many > 0 {
        report.notice(
            "cache-point-omitted",
            format!("a request has at most {MAX_CACHE_POINTS} cache points; the earliest were left out"),
        );
    }
    for message in messages {
        message.content.retain(|block| {
            let drop = too_many > 0 && block.is_cache_point();
            too_many -= usize::from(drop);
            !drop
        });
    }
}

/// Takes the misplaced points out of one message and adapts the others to the family.
fn tidy(message: &mut WireMessage, family: &Family, report: &mut Report) {
    if !message.content.iter().any(Block::is_cache_point) {
        return;
    }
    let mut content: Vec<Block> = Vec::with_capacity(message.content.len());
    for block in std::mem::take(&mut message.content) {
        let Block::CachePoint { ttl } = block else {
            content.push(block);
            continue;
        };
        if family.caching != Caching::Never && !content.last().is_some_and(Block::may_precede_cache_point) {
            report.notice(
                "cache-point-omitted",
                "a cache point cannot come first, or behind reasoning, a text document or another one",
            );
        } else {
            content.extend(adapted(ttl, family, report));
        }
    }
    message.content = content;
}
