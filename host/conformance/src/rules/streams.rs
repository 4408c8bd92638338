//! The streams that turns are given, in every way, and what Bedrock sent in them, read by the host itself.

use serde_json::Value;

use crate::contract::conversation::{Delta, Ending, MessageType, Opening, Outcome, TurnFailure};
use crate::contract::types::Notice;
use crate::frames::{OwnedFrame, batch};
use crate::properties::{self, damaged};
use crate::protocol::{Breach, breach};
use crate::provider::{Fault, Provider};
use crate::translate;

/// A stream to translate.
#[derive(Debug)]
pub(super) struct Stream {
    name: String,
    pub(super) opening: Opening,
    pub(super) frames: Vec<OwnedFrame>,
    pub(super) sent: Sent,
}

/// How a stream is given.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Whole,
    Prefix(usize),
    Ending(Ending),
    Damaged(String, Vec<OwnedFrame>),
}

/// A stream that was given, and the deltas that came of it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) stream: usize,
    pub(super) way: Way,
    pub(super) pushed: Vec<Delta>,
    pub(super) finished: Vec<Delta>,
    /// How the deltas break their protocol, where they do.
    pub(super) breach: Option<Breach>,
}

impl Way {
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Way::Damaged(..))
    }
}

impl Stream {
    pub(super) fn new(name: &str, given: &translate::Given) -> Self {
        let frames = given.frames();
        Stream { name: name.to_owned(), opening: given.opening(), sent: Sent::of(&frames), frames }
    }

    /// All ways to give it.
    pub(super) fn ways(&self) -> Vec<Way> {
        let endings = [
            Ending::Aborted,
            Ending::Idle(30_000),
            Ending::Broken("connection reset by peer".to_owned()),
            Ending::Damaged("checksum mismatch".to_owned()),
            Ending::Limited("time".to_owned()),
        ];
        let prefixes = (0..self.frames.len()).map(Way::Prefix);
        let damaged = damaged(&self.frames).map(|(what, frames)| Way::Damaged(what, frames));
        [Way::Whole].into_iter().chain(prefixes).chain(endings.map(Way::Ending)).chain(damaged).collect()
    }

    /// Gives it in one batch: what `push` gave, and what `finish` gave.
    pub(super) fn run(&self, provider: &mut dyn Provider, way: &Way) -> Result<(Vec<Delta>, Vec<Delta>), Fault> {
        let (frames, ending) = match way {
            Way::Whole => (self.frames.as_slice(), &Ending::Complete),
            Way::Prefix(length) => (&self.frames[..*length], &Ending::Complete),
            // Before its end: all but the half of it.
            Way::Ending(ending) => (&self.frames[..self.frames.len() / 2], ending),
            Way::Damaged(_, frames) => (frames.as_slice(), &Ending::Complete),
        };
        provider.open_turn(&self.opening)?;
        Ok((provider.push(&batch(frames))?, provider.finish(ending)?))
    }

    /// The same for the splits of its frames.
    pub(super) fn of_properties(&self) -> properties::Stream<'static> {
        let (opening, frames) = (self.opening.clone(), self.frames.clone());
        properties::Stream { opening, frames, ending: Ending::Complete, body: None }
    }

    /// What a way to give it is called.
    pub(super) fn label(&self, way: &Way) -> String {
        let name = &self.name;
        match way {
            Way::Whole => format!("stream `{name}`"),
            Way::Prefix(length) => format!("stream `{name}`, cut off behind {length} of {} frames", self.frames.len()),
            Way::Ending(ending) => format!("stream `{name}`, half of it, then {ending:?}"),
            Way::Damaged(what, _) => format!("stream `{name}`, {what}"),
        }
    }
}

/// What Bedrock sent, read by the host itself.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) text: String,
    pub(super) thinking: String,
    /// Id and arguments of each tool call that ended, in the order in which they began.
    pub(super) calls: Vec<(String, String)>,
    pub(super) stop_reason: Option<String>,
    pub(super) usage: Option<Value>,
    /// The first exception or error, by its name.
    pub(super) exception: Option<String>,
}

impl Sent {
    fn of(frames: &[OwnedFrame]) -> Self {
        let mut sent = Sent::default();
        let mut blocks: Vec<(u64, usize)> = Vec::new();
        for frame in frames {
            match frame.message_type {
                MessageType::Event => {}
                MessageType::Exception | MessageType::Error => {
                    sent.exception = Some(frame.name.clone());
                    break;
                }
                MessageType::Other(_) => continue,
            }
            let payload: Value = serde_json::from_slice(&frame.payload).unwrap_or_default();
            let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
            let index = payload["contentBlockIndex"].as_u64().unwrap_or_default();
            // Blocks that come behind the end are not the answer's.
            if let Some(id) = text("/start/toolUse/toolUseId") {
                blocks.push((index, sent.calls.len()));
                sent.calls.push((id.to_owned(), String::new()));
            }
            sent.text.push_str(text("/delta/text").unwrap_or_default());
            sent.thinking.push_str(text("/delta/reasoningContent/text").unwrap_or_default());
            if let Some(input) = text("/delta/toolUse/input")
                && let Some((_, call)) = blocks.iter().rfind(|(block, _)| *block == index)
            {
                sent.calls[*call].1.push_str(input);
            }
            match frame.name.as_str() {
                "messageStop" => sent.stop_reason = text("/stopReason").map(str::to_owned),
                "metadata" => sent.usage = Some(payload["usage"].clone()),
                _ => {}
            }
        }
        sent
    }
}

impl Run {
    pub(super) fn new(stream: usize, way: Way, pushed: Vec<Delta>, finished: Vec<Delta>) -> Self {
        let all: Vec<Delta> = pushed.iter().chain(&finished).cloned().collect();
        Run { stream, way, pushed, finished, breach: breach(&all) }
    }

    /// The notices among the deltas.
    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.all().filter_map(|delta| if let Delta::Notice(notice) = delta { Some(notice) } else { None })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Delta> {
        self.pushed.iter().chain(&self.finished)
    }

    /// How the turn failed, where it did.
    pub(super) fn failed(&self) -> Option<&TurnFailure> {
        self.all().find_map(|delta| if let Delta::Error(failed) = delta { Some(failed) } else { None })
    }

    /// How it ended well, where it did.
    pub(super) fn done(&self) -> Option<&Outcome> {
        self.all().find_map(|delta| if let Delta::Done(outcome) = delta { Some(outcome) } else { None })
    }

    pub(super) fn is_whole(&self) -> bool {
        matches!(self.way, Way::Whole)
    }
}
