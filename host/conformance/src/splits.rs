//! Splits of a stream that make no difference: of its frames into batches, and of its bytes into chunks.
//!
//! Together they say that the same bytes split at *every* offset give the same deltas. A split at an offset lets the decoder give
//! the frames before it first and the rest after it. [`chunks`] shows that these are the same frames for every offset, and
//! [`batches`] that the provider gives the same deltas wherever two batches meet.

use super::frames::decode_chunks;
use super::numbers::Numbers;
use super::properties::Stream;
use super::provider::Providers;
use crate::contract::conversation::Delta;

/// Streams of up to this many frames are cut behind every single one, longer ones behind this many.
const EVERY_FRAME: usize = 512;
/// How many pseudo-random sets of cuts there are besides.
const CUTS: usize = 48;

/// Any split of the frames into batches gives the same deltas.
pub(super) fn batches(stream: &Stream<'_>, providers: &dyn Providers, whole: &[Delta]) -> Result<(), String> {
    let frames = stream.frames.as_slice();
    let same = |cuts: &[usize]| {
        let deltas =
            stream.run(providers, pieces(frames, cuts)).map_err(|fault| format!("cut at {cuts:?}: {fault}"))?;
        if deltas == whole { Ok(()) } else { Err(first_difference(cuts, whole, &deltas)) }
    };
    same(&(1..frames.len()).collect::<Vec<_>>())?;
    let step = frames.len().div_ceil(EVERY_FRAME).max(1);
    (1..frames.len()).step_by(step).try_for_each(|cut| same(&[cut]))?;
    let mut numbers = Numbers::new(frames.len());
    (0..CUTS / 4).try_for_each(|_| same(&numbers.cuts(frames.len())))?;
    // A batch without frames is no news.
    let with_empty = [0..0, 0..frames.len(), frames.len()..frames.len()];
    let deltas = stream.run(providers, with_empty.map(|range| &frames[range])).map_err(|fault| fault.to_string())?;
    if deltas == whole { Ok(()) } else { Err(first_difference(&[], whole, &deltas)) }
}

/// Any split of the bytes into chunks gives the same frames: byte by byte, at every single offset, and at random places.
///
/// What the decoder keeps at the end of a frame is that frame's headers, to compare the next one's with. So a cut in a frame is
/// tried with the frame before it and the one behind it, and not with the whole body again for each of its bytes.
pub(super) fn chunks(body: &[u8]) -> Result<(), String> {
    let ends = frame_ends(body);
    let start = |frame: usize| if frame == 0 { 0 } else { ends[frame - 1] };
    for frame in 0..ends.len() {
        let first = start(frame.saturating_sub(1));
        let last = *ends.get(frame + 1).unwrap_or(&body.len());
        let (surroundings, offset) = (&body[first..last], start(frame) - first);
        let whole = decode_chunks([surroundings]);
        for cut in offset..=ends[frame] - first {
            if decode_chunks(pieces(surroundings, &[cut])) != whole {
                return Err(format!("bytes cut at {} differ", first + cut));
            }
        }
    }
    let whole = decode_chunks([body]);
    let same = |cuts: &[usize]| {
        if decode_chunks(pieces(body, cuts)) == whole { Ok(()) } else { Err(format!("bytes cut at {cuts:?} differ")) }
    };
    same(&(1..body.len()).collect::<Vec<_>>())?;
    // What is left over behind the last whole frame, which is damage.
    let rest = ends.last().copied().unwrap_or(0);
    (rest + 1..body.len())
        .step_by((body.len() - rest).div_ceil(EVERY_FRAME).max(1))
        .try_for_each(|cut| same(&[cut]))?;
    let mut numbers = Numbers::new(body.len());
    (0..CUTS).try_for_each(|_| same(&numbers.cuts(body.len())))
}

/// Where the frames of a body end, by the lengths that they begin with, as far as these can be true.
fn frame_ends(body: &[u8]) -> Vec<usize> {
    // Prelude, its checksum, and the checksum of the whole.
    const SHORTEST: usize = 16;
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(length) = body.get(at..).and_then(|rest| rest.first_chunk()) {
        let length = u32::from_be_bytes(*length) as usize;
        if length < SHORTEST || length > body.len() - at {
            break;
        }
        at += length;
        ends.push(at);
    }
    ends
}

/// The pieces between the cuts.
fn pieces<'a, T>(whole: &'a [T], cuts: &[usize]) -> impl Iterator<Item = &'a [T]> {
    let begins = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([whole.len()]);
    let ranges: Vec<std::ops::Range<usize>> = begins.zip(ends).map(|(begin, end)| begin..end).collect();
    ranges.into_iter().map(|range| &whole[range])
}

/// Where the deltas of two runs first differ.
pub(super) fn first_difference(cuts: &[usize], whole: &[Delta], deltas: &[Delta]) -> String {
    let at = whole.iter().zip(deltas).take_while(|(a, b)| a == b).count();
    let (expected, got) = (whole.get(at), deltas.get(at));
    format!("with cuts at {cuts:?} delta {at} differs: expected {expected:?}, got {got:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_where_their_lengths_say() {
        let frame = |length: u32| [length.to_be_bytes().to_vec(), vec![0; length as usize - 4]].concat();
        let body = [frame(16), frame(20), vec![0, 0, 0]].concat();
        assert_eq!(frame_ends(&body), [16, 36]);
        assert_eq!(frame_ends(&[0, 0, 0, 99]), [] as [usize; 0]);
        assert_eq!(frame_ends(&[0, 0, 0, 3, 1]), [] as [usize; 0]);
    }

    #[test]
    fn bytes_that_are_no_frames_are_split_too() {
        assert_eq!(chunks(b""), Ok(()));
        assert_eq!(chunks(b"HTTP/1.1 200 OK\r\n\r\n{}"), Ok(()));
    }
}
