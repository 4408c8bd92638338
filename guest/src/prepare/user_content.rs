//! What users and tools said, as content blocks.

use crate::contract::conversation::{Blob, UserBlock};
use crate::contract::types::Model;
use crate::families::{Family, ToolImages};

use super::blocks::Block;
use super::media::{DocumentNames, Kind};
use super::report::Report;

/// Stands where there must be a text and is none: Bedrock refuses blank texts and empty contents (pi does).
pub(super) const EMPTY: &str = "<empty>";

/// Converts the content of users and tools.
#[derive(Debug)]
pub(super) struct UserContent<'a> {
    /// The kinds of media that the model does not take.
    refused: Vec<Kind>,
    family: &'a Family,
    documents: DocumentNames,
}

/// Whose content it is.
#[derive(Clone, Copy, Debug)]
enum Place {
    User,
    ToolResult,
}

impl Place {
    /// The word before a kind of media in placeholders.
    fn prefix(self) -> &'static str {
        match self {
            Place::User => "",
            Place::ToolResult => "tool ",
        }
    }
}

/// A tool call that is being answered, in the wire's terms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) is_error: bool,
    /// Whether the result goes out as text, so that nothing is lifted out of it.
    pub(super) as_text: bool,
}

/// A tool result's content, and what goes behind all the results of the turn.
#[derive(Debug, Default)]
pub(super) struct ResultContent {
    pub(super) inside: Vec<Block>,
    pub(super) behind: Vec<Block>,
}

impl<'a> UserContent<'a> {
    pub(super) fn new(model: &Model, family: &'a Family) -> Self {
        // A model that says nothing of its input takes what there is.
        let refused = |kind: &Kind| !model.input.is_empty() && !model.input.iter().any(|input| input == kind.word());
        let refused = [Kind::Image, Kind::Document, Kind::Video].into_iter().filter(refused).collect();
        UserContent { refused, family, documents: DocumentNames::default() }
    }

    /// A user's blocks. There may be none left: the caller knows whether the message has others.
    pub(super) fn user(&mut self, blocks: Vec<UserBlock>, path: &str, report: &mut Report) -> Vec<Block> {
        self.convert(blocks, Place::User, path, report)
    }

    /// A tool result's blocks; at least one inside.
    pub(super) fn tool_result(
        &mut self,
        blocks: Vec<UserBlock>,
        answered: Answered<'_>,
        path: &str,
        report: &mut Report,
    ) -> ResultContent {
        let images = match self.family.tool_images {
            _ if answered.as_text => ToolImages::Inside,
            ToolImages::BehindErrors if !answered.is_error => ToolImages::Inside,
            other => other,
        };
        let blocks = self.convert(blocks, Place::ToolResult, path, report);
        let mut content = match images {
            ToolImages::Inside => ResultContent { inside: blocks, behind: Vec::new() },
            ToolImages::BehindErrors => lift(
                blocks,
                "(image attached after the tool results)",
                format!("Images from the error result of tool call {} ({}):", answered.id, answered.name),
            ),
            ToolImages::Behind => {
                let label = format!("Images from tool result {}:", answered.id);
                let place = format!("(see attached images labeled \"{}\")", label.trim_end_matches(':'));
                lift(blocks, &place, label)
            }
        };
        if content.inside.is_empty() {
            content.inside.push(Block::Text(EMPTY.to_owned()));
        }
        content
    }

    fn convert(&mut self, blocks: Vec<UserBlock>, place: Place, path: &str, report: &mut Report) -> Vec<Block> {
        let mut content: Vec<Block> = Vec::with_capacity(blocks.len());
        for (index, block) in blocks.into_iter().enumerate() {
            let path = format!("{path}.content[{index}]");
            let Some(block) = self.block(block, place, &path, report) else { continue };
            // A run of what was left out leaves one placeholder (pi does).
            if !(is_omission(&block) && content.last() == Some(&block)) {
                content.push(block);
            }
        }
        content
    }

    fn block(&mut self, block: UserBlock, place: Place, path: &str, report: &mut Report) -> Option<Block> {
        match block {
            UserBlock::Text(text) => (!is_blank(&text)).then_some(Block::Text(text)),
            UserBlock::Image(blob) => {
                self.media(Kind::Image, &blob, place, path, report, |format, blob| Block::Image { format, blob })
            }
            UserBlock::Video(blob) => {
                self.media(Kind::Video, &blob, place, path, report, |format, blob| Block::Video { format, blob })
            }
            UserBlock::Document(document) => {
                let (blob, citations) = (document.blob, document.citations);
                let context = document.context.filter(|context| !is_blank(context));
                let mut block = self.media(Kind::Document, &blob, place, path, report, |format, blob| {
                    Block::Document { format, name: String::new(), blob, context, citations }
                })?;
                if let Block::Document { format, name, .. } = &mut block {
                    *name = self.documents.name(document.name.as_deref(), format);
                }
                Some(block)
            }
            UserBlock::GuardedText(text) if is_blank(&text) => None,
            UserBlock::GuardedText(text) => match place {
                Place::User => Some(Block::GuardedText(text)),
                Place::ToolResult => {
                    report.notice(
                        "guarded-text-plain",
                        format!(
                            "{path}: the text was sent unguarded, because a tool result cannot contain guardContent"
                        ),
                    );
                    Some(Block::Text(text))
                }
            },
            UserBlock::CachePoint(ttl) => {
                if !matches!(ttl.as_deref(), None | Some("5m" | "1h")) {
                    report.problem(path, "the time to live of the cache point is unknown", "`5m`, `1h`, or none");
                }
                if matches!(place, Place::ToolResult) {
                    report.notice(
                        "cache-point-omitted",
                        format!("{path}: the cache point was left out, because a tool result cannot contain one"),
                    );
                    return None;
                }
                Some(Block::CachePoint { ttl })
            }
            UserBlock::Other(other) => {
                report.notice(
                    "unknown-block",
                    format!("{path}: left out, because this provider does not know the block type `{}`", other.name),
                );
                match place {
                    // pi skips it.
                    Place::User => None,
                    // A model that waits for a result should know that there was more than it sees.
                    Place::ToolResult => Some(Block::Text(format!("(tool {} omitted: not supported)", other.name))),
                }
            }
        }
    }

    fn media(
        &self,
        kind: Kind,
        blob: &Blob,
        place: Place,
        path: &str,
        report: &mut Report,
        block: impl FnOnce(&'static str, u32) -> Block,
    ) -> Option<Block> {
        let word = kind.word();
        let refused = kind == Kind::Document && !self.family.documents;
        if refused && matches!(place, Place::User) {
            report.problem(path, "this model does not support documents", "the text of the document, or another model");
            return None;
        }
        if refused || self.refused.contains(&kind) {
            report.notice(
                &format!("{word}-omitted"),
                format!("{path}: the {word} was left out, because the model does not support {word}s"),
            );
            return Some(Block::Text(format!("({}{word} omitted: model does not support {word}s)", place.prefix())));
        }
        if blob.size == 0 {
            report.notice(
                &format!("{word}-omitted"),
                format!("{path}: the {word} was left out, because it has no bytes"),
            );
            return None;
        }
        let Some(format) = kind.format(&blob.media_type) else {
            let message = format!("Bedrock does not support {word}s of the type `{}`", blob.media_type);
            report.problem(path, message, format!("one of {}", kind.media_types()));
            return None;
        };
        Some(block(format, blob.index))
    }
}

/// Whether there is nothing to see in a text. Bedrock refuses such texts (OpenClaw #72640 and many others).
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

fn is_omission(block: &Block) -> bool {
    matches!(block, Block::Text(text) if text.starts_with('(') && text.contains(" omitted: "))
}

/// Takes the images out; a run of them leaves one placeholder.
fn lift(blocks: Vec<Block>, placeholder: &str, label: String) -> ResultContent {
    let (mut inside, mut images) = (Vec::new(), Vec::new());
    let mut in_run = false;
    for block in blocks {
        let is_image = matches!(block, Block::Image { .. });
        if !is_image {
            inside.push(block);
        } else {
            if !in_run {
                inside.push(Block::Text(placeholder.to_owned()));
            }
            images.push(block);
        }
        in_run = is_image;
    }
    let mut behind = Vec::new();
    if !images.is_empty() {
        behind.push(Block::Text(label));
        behind.append(&mut images);
    }
    ResultContent { inside, behind }
}
