//! What holds for every stream: however it is cut, wherever it ends, whatever happens to its bytes.
//!
//! Nothing here is random: the cuts and the damage come from a generator with a fixed seed, so a failure comes again.

use super::frames::OwnedFrame;
use super::numbers::Numbers;
use super::provider::{Fault, Provider, Providers};
use super::splits::first_difference;
use super::translate::turn;
use super::{protocol, splits};
use crate::contract::conversation::{Delta, Ending, MessageType, Opening};
use crate::contract::types::FailureKind;
use crate::pi::message::{Block, Fold};

/// How many places a longer stream is cut off at.
const PREFIXES: usize = 64;
/// How many damaged versions of a stream are tried.
const DAMAGES: usize = 32;

/// A stream to check.
#[derive(Debug)]
pub struct Stream<'a> {
    /// The opening of the turn.
    pub opening: Opening,
    /// The frames.
    pub frames: Vec<OwnedFrame>,
    /// The end of the frames.
    pub ending: Ending,
    /// The bytes of the frames, if they were decoded.
    pub body: Option<&'a [u8]>,
}

/// Checks all properties of a stream.
///
/// # Errors
/// With the violated property and its input.
pub fn check(stream: &Stream<'_>, providers: &dyn Providers) -> Result<(), String> {
    let whole = stream.run(providers, [stream.frames.as_slice()]).map_err(|fault| fault.to_string())?;
    protocol::check(&whole)?;
    splits::batches(stream, providers, &whole)?;
    stream.body.map_or(Ok(()), splits::chunks)?;
    prefixes(stream, providers)?;
    damages(stream, providers)
}

impl Stream<'_> {
    pub(super) fn run<'f>(
        &self,
        providers: &dyn Providers,
        batches: impl IntoIterator<Item = &'f [OwnedFrame]>,
    ) -> Result<Vec<Delta>, Fault> {
        turn(providers.fresh()?.as_mut(), &self.opening, batches, &self.ending)
    }
}

/// Every strict prefix of a stream ends in one `error` that keeps the content that came. A stream is whole with
/// `messageStop` and `metadata`, whatever comes behind them.
fn prefixes(stream: &Stream<'_>, providers: &dyn Providers) -> Result<(), String> {
    let frames = stream.frames.as_slice();
    let step = frames.len().div_ceil(PREFIXES).max(1);
    let lengths = (0..frames.len()).step_by(step).chain(frames.len().checked_sub(1));
    for length in lengths.filter(|length| !is_whole(&frames[..*length])) {
        let said = |what: String| format!("cut off behind {length} of {} frames: {what}", frames.len());
        let mut provider = providers.fresh().map_err(|fault| said(fault.to_string()))?;
        let run = |provider: &mut dyn Provider| -> Result<(Vec<Delta>, Vec<Delta>), Fault> {
            provider.open_turn(&stream.opening)?;
            let pushed = provider.push(&super::frames::batch(&frames[..length]))?;
            Ok((pushed, provider.finish(&Ending::Complete)?))
        };
        let (pushed, finished) = run(provider.as_mut()).map_err(|fault| said(fault.to_string()))?;
        let all: Vec<Delta> = pushed.iter().chain(&finished).cloned().collect();
        protocol::check(&all).map_err(said)?;
        match all.last() {
            Some(Delta::Error(failed)) => {
                let expected = matches!(pushed.last(), Some(Delta::Error(_)));
                if !expected && failed.failure.kind != FailureKind::Truncated {
                    return Err(said(format!("expected a failure of the kind truncated, got {:?}", failed.failure)));
                }
            }
            other => return Err(said(format!("expected an error, got {other:?}"))),
        }
        let (before, after) = (content(&pushed), content(&all));
        if before != after {
            return Err(said(format!("the content was {before:?} and became {after:?}")));
        }
    }
    Ok(())
}

/// Whether a stream may end well: `messageStop` and `metadata` came.
pub(super) fn is_whole(frames: &[OwnedFrame]) -> bool {
    ["messageStop", "metadata"]
        .iter()
        .all(|name| frames.iter().any(|frame| frame.message_type == MessageType::Event && frame.name == *name))
}

/// The content that deltas make.
pub(super) fn content(deltas: &[Delta]) -> Vec<Block> {
    let mut fold = Fold::new("", "", "", None);
    deltas.iter().for_each(|delta| fold.apply(delta));
    fold.into_message().content
}

/// Whatever happens to the frames, the turn returns, keeps to the protocol and ends once.
fn damages(stream: &Stream<'_>, providers: &dyn Providers) -> Result<(), String> {
    damaged(&stream.frames).try_for_each(|(what, frames)| {
        let said = |what_is: String| format!("after {what}: {what_is}");
        let deltas = stream.run(providers, frames.chunks(3)).map_err(|fault| said(fault.to_string()))?;
        protocol::check(&deltas).map_err(said)
    })
}

/// Checks that two executors of the same provider give the same deltas, for the stream and for damaged versions of it.
///
/// # Errors
/// With the input and the first difference.
pub fn agree(stream: &Stream<'_>, one: &dyn Providers, other: &dyn Providers) -> Result<(), String> {
    let whole = ("nothing".to_owned(), stream.frames.clone());
    std::iter::once(whole).chain(damaged(&stream.frames)).try_for_each(|(what, frames)| {
        let run = |providers: &dyn Providers| stream.run(providers, frames.chunks(3));
        match (run(one), run(other)) {
            (Ok(a), Ok(b)) if a == b => Ok(()),
            (Ok(a), Ok(b)) => Err(format!(
                "after {what}: {} and {} differ: {}",
                one.name(),
                other.name(),
                first_difference(&[], &a, &b)
            )),
            (Err(fault), _) | (_, Err(fault)) => Err(format!("after {what}: {fault}")),
        }
    })
}

/// Damaged versions of the frames, each with what was done.
pub(super) fn damaged(frames: &[OwnedFrame]) -> impl Iterator<Item = (String, Vec<OwnedFrame>)> {
    let mut numbers = Numbers::new(frames.len().wrapping_mul(31).wrapping_add(7));
    (0..DAMAGES).map(move |_| {
        let mut frames = frames.to_vec();
        let done: Vec<String> = (0..=numbers.below(3)).map(|_| damage(&mut frames, &mut numbers)).collect();
        (done.join(", "), frames)
    })
}

/// Names that a damaged frame may get: known ones, so that payloads meet the wrong reader.
const NAMES: &[&str] = &[
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "throttlingException",
    "",
    "\u{0}",
];

/// Payloads that are JSON and nothing that Bedrock sends.
const PAYLOADS: &[&str] = &[
    "",
    "null",
    "[]",
    "{}",
    "\"text\"",
    "{\"contentBlockIndex\":-1,\"delta\":null}",
    "{\"contentBlockIndex\":18446744073709551615,\"delta\":{\"text\":\"far\"}}",
    "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{}},\"delta\":{\"toolUse\":{}}}",
    "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"redactedContent\":\"!!!\"}}}",
    "{\"usage\":{\"inputTokens\":-1,\"outputTokens\":1e300,\"totalTokens\":\"many\"}}",
    "{\"stopReason\":7}",
];

/// Does something to the frames, and says what.
fn damage(frames: &mut Vec<OwnedFrame>, numbers: &mut Numbers) -> String {
    if frames.is_empty() {
        let frame = OwnedFrame { message_type: MessageType::Event, name: "metadata".to_owned(), payload: Vec::new() };
        frames.push(frame);
    }
    let (at, other) = (numbers.below(frames.len()), numbers.below(frames.len()));
    match numbers.below(9) {
        0 => {
            frames.remove(at);
            format!("frame {at} removed")
        }
        1 => {
            let frame = frames[other].clone();
            frames.insert(at, frame);
            format!("frame {other} repeated at {at}")
        }
        2 => {
            frames.swap(at, other);
            format!("frames {at} and {other} swapped")
        }
        3 => {
            NAMES[numbers.below(NAMES.len())].clone_into(&mut frames[at].name);
            format!("frame {at} renamed {:?}", frames[at].name)
        }
        4 => {
            let types = [MessageType::Exception, MessageType::Error, MessageType::Other("odd".to_owned())];
            frames[at].message_type = types[numbers.below(types.len())].clone();
            format!("frame {at} made {:?}", frames[at].message_type)
        }
        5 => {
            let payload = PAYLOADS[numbers.below(PAYLOADS.len())];
            frames[at].payload = payload.as_bytes().to_vec();
            format!("payload of frame {at} made {payload}")
        }
        6 => {
            let length = numbers.below(frames[at].payload.len() + 1);
            frames[at].payload.truncate(length);
            format!("payload of frame {at} cut to {length} bytes")
        }
        7 => {
            let depth = 200 + numbers.below(100_000);
            frames[at].payload = format!("{{\"delta\":{}", "[".repeat(depth)).into_bytes();
            format!("payload of frame {at} nested {depth} deep")
        }
        _ => {
            let payload = &mut frames[at].payload;
            for _ in 0..=numbers.below(4) {
                if !payload.is_empty() {
                    let byte = numbers.below(payload.len());
                    payload[byte] = numbers.below(256) as u8;
                }
            }
            format!("bytes in the payload of frame {at} changed: {:?}", String::from_utf8_lossy(payload))
        }
    }
}
