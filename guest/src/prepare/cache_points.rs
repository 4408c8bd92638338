//! `options.cache-points`: cache points of the caller in the system prompt and among the tools.
//!
//! Callers that say exactly what is to be cached (Anthropic's `cache_control`) put their points here. Those in messages are blocks.

use crate::contract::conversation::{CachePoints as Asked, Options, SystemCachePoint, ToolCachePoint};
use crate::families::Family;

use super::blocks::Block;
use super::caching;
use super::report::Report;
use super::user_content::is_blank;

/// The points of a request outside its messages.
#[derive(Debug)]
pub(super) struct CachePoints {
    system: Vec<InSystem>,
    tools: Vec<BehindTool>,
}

#[derive(Debug)]
struct InSystem {
    at: usize,
    ttl: Option<String>,
}

#[derive(Debug)]
struct BehindTool {
    after: usize,
    ttl: Option<String>,
}

/// Takes the points out of the options. What they name has to be there.
pub(super) fn take(
    options: &mut Options,
    system_prompt: Option<&str>,
    tools: usize,
    report: &mut Report,
) -> CachePoints {
    let path = "options.cachePoints";
    let Asked { system: in_system, tools: behind_tools } = &mut options.cache_points;
    // An offset that this machine cannot count to is behind every end.
    let in_system = in_system
        .drain(..)
        .map(|SystemCachePoint { at, ttl }| InSystem { at: usize::try_from(at).unwrap_or(usize::MAX), ttl });
    let behind_tools =
        behind_tools.drain(..).map(|ToolCachePoint { after, ttl }| BehindTool { after: after as usize, ttl });
    let mut points = CachePoints { system: in_system.collect(), tools: behind_tools.collect() };
    let prompt = system_prompt.unwrap_or_default();
    for (index, point) in points.system.iter().enumerate() {
        if !prompt.is_char_boundary(point.at) {
            let message = format!("{} is not a character boundary of the system prompt", point.at);
            report.problem(format!("{path}.system[{index}].at"), message, format!("at most {}", prompt.len()));
        }
        check_ttl(point.ttl.as_deref(), || format!("{path}.system[{index}].ttl"), report);
    }
    for (index, point) in points.tools.iter().enumerate() {
        if point.after >= tools {
            let message = format!("tool {} does not exist", point.after);
            report.problem(format!("{path}.tools[{index}].after"), message, format!("less than {tools}"));
        }
        check_ttl(point.ttl.as_deref(), || format!("{path}.tools[{index}].ttl"), report);
    }
    points.system.sort_by_key(|point| point.at);
    // Of several points behind a tool the first counts.
    points.tools.sort_by_key(|point| point.after);
    points.tools.dedup_by_key(|point| point.after);
    points
}

fn check_ttl(ttl: Option<&str>, path: impl FnOnce() -> String, report: &mut Report) {
    if !matches!(ttl, None | Some("5m" | "1h")) {
        report.problem(path(), "the time to live of the cache point is unknown", "`5m`, `1h`, or none");
    }
}

impl CachePoints {
    /// The text of `system` as blocks, with its points between them. Text that is blank gets no block of its own: it goes to
    /// the text before it, because Bedrock refuses blank texts.
    pub(super) fn split_system(&mut self, text: String, family: &Family, report: &mut Report) -> Vec<Block> {
        if self.system.is_empty() {
            return vec![Block::Text(text)];
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut rest = text.as_str();
        // How many bytes at the front of the rest are known to be blank.
        let mut blank = 0;
        for InSystem { at, ttl } in std::mem::take(&mut self.system) {
            let before = text.len() - rest.len();
            // A prompt that was blank is not in the text, so a place may be behind its end.
            let Some((piece, behind)) = at.checked_sub(before).and_then(|at| rest.split_at_checked(at)) else {
                continue;
            };
            if is_blank(piece.get(blank..).unwrap_or_default()) {
                blank = piece.len();
            } else {
                blocks.push(Block::Text(piece.to_owned()));
                (rest, blank) = (behind, 0);
            }
            if blocks.last().is_some_and(|last| !last.is_cache_point()) {
                blocks.extend(caching::adapted(ttl, family, report));
            }
        }
        if !is_blank(rest) {
            blocks.push(Block::Text(rest.to_owned()));
        }
        blocks
    }

    /// The point behind a tool.
    pub(super) fn behind_tool(&mut self, index: usize, family: &Family, report: &mut Report) -> Option<Block> {
        let position = self.tools.binary_search_by_key(&index, |point| point.after).ok()?;
        if !family.caches_tools {
            report.notice(
                "cache-point-omitted",
                "the cache point was left out: this model family does not support cache points between tools",
            );
            return None;
        }
        caching::adapted(self.tools[position].ttl.take(), family, report)
    }
}
