//! What a turn was given, so that another instance can be brought to where a failed one was.
//!
//! A provider is a pure function of what it is handed, so the same batches give the same deltas. What is kept for that is
//! bounded for each turn and for all of them together: a turn that is over its bound cannot be replayed, and that is all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::capacity::Purpose;
use crate::contract::conversation::{Batch, Delta, Frame, Opening};
use crate::provider::{Generation, ProviderError, Session};

/// Bytes that are kept for one turn, at most.
const PER_TURN: usize = 1 << 20;

/// Bytes that are kept for all turns of the process, at most: a thousand streams at once keep 16 KiB each.
const FOR_ALL: usize = 16 << 20;

/// What a frame takes besides its name and payload.
const PER_FRAME: usize = size_of::<Frame>();

/// Budget is taken in pieces of this many bytes, so that a batch seldom touches what all turns share.
const PIECE: usize = 4 << 10;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// What a turn was given until now.
#[derive(Debug)]
pub(super) struct Replay {
    opening: Opening,
    /// None once it became too much.
    kept: Option<Kept>,
    /// Deltas that were handed on.
    given: usize,
}

#[derive(Debug, Default)]
struct Kept {
    frames: Vec<Frame>,
    bytes: Vec<u8>,
    /// Frames and bytes of each batch.
    batches: Vec<(usize, usize)>,
    /// Of the budget of all turns.
    taken: usize,
}

impl Replay {
    pub(super) fn new(opening: Opening) -> Self {
        Replay { opening, kept: Some(Kept::default()), given: 0 }
    }

    /// Keeps what is about to be pushed.
    pub(super) fn keep(&mut self, batch: &Batch) {
        if let Some(kept) = &mut self.kept
            && !kept.add(batch)
        {
            self.kept = None;
        }
    }

    /// Counts what was handed on.
    pub(super) fn given(&mut self, deltas: usize) {
        self.given += deltas;
    }

    /// Brings a new instance to where the failed one was, the last batch included, and gives the deltas that were not handed on
    /// yet; `None` where the turn cannot be replayed.
    pub(super) fn replayed(
        &self,
        generation: &Arc<Generation>,
    ) -> Option<Result<(Session, Vec<Delta>), ProviderError>> {
        let kept = self.kept.as_ref()?;
        Some(self.run(generation, kept, self.given).and_then(|(session, deltas, seen)| {
            if seen < self.given {
                let (provider, given) = (generation.name().to_owned(), self.given);
                return Err(ProviderError::Unrepeatable { provider, given, replayed: seen });
            }
            Ok((session, deltas))
        }))
    }

    /// Brings an instance of another version to the same place, whatever deltas it gives; `None` where the turn cannot be replayed.
    pub(super) fn by_another_version(&self, generation: &Arc<Generation>) -> Option<Result<Session, ProviderError>> {
        let kept = self.kept.as_ref()?;
        Some(self.run(generation, kept, usize::MAX).map(|(session, _, _)| session))
    }

    /// A turn is saved once: what fails again fails by its input, and not by chance.
    pub(super) fn saved(&mut self) {
        self.kept = None;
    }

    /// The session, its deltas but for the first `skipped`, and how many it gave in all.
    fn run(
        &self,
        generation: &Arc<Generation>,
        kept: &Kept,
        skipped: usize,
    ) -> Result<(Session, Vec<Delta>, usize), ProviderError> {
        let mut session = generation.session_for(Purpose::Rerun)?;
        session.open_turn(&self.opening)?;
        let (mut frame, mut byte, mut seen) = (0, 0, 0);
        let mut deltas = Vec::new();
        let limit = generation.limits().stream_call;
        let began = Instant::now();
        for (frames, bytes) in &kept.batches {
            let batch = Batch {
                frames: kept.frames[frame..frame + frames].to_vec(),
                bytes: kept.bytes[byte..byte + bytes].to_vec(),
            };
            (frame, byte) = (frame + frames, byte + bytes);
            let pushed = session.push(&batch)?;
            // All of it blocks the worker, so all of it has the time of one call.
            if began.elapsed() > limit {
                let provider = generation.name().to_owned();
                return Err(ProviderError::Deadline { provider, call: "push", limit_ms: limit.as_millis() });
            }
            let new = skipped.saturating_sub(seen).min(pushed.len());
            seen += pushed.len();
            deltas.extend(pushed.into_iter().skip(new));
        }
        Ok((session, deltas, seen))
    }
}

impl Kept {
    /// Whether there was room.
    fn add(&mut self, batch: &Batch) -> bool {
        let holds = self.bytes.len() + self.frames.len() * PER_FRAME;
        let wants = holds + batch.bytes.len() + batch.frames.len() * PER_FRAME;
        if wants > PER_TURN {
            return false;
        }
        if wants > self.taken {
            let more = (wants - self.taken).next_multiple_of(PIECE);
            if TAKEN.fetch_add(more, Ordering::Relaxed) + more > FOR_ALL {
                TAKEN.fetch_sub(more, Ordering::Relaxed);
                return false;
            }
            self.taken += more;
        }
        self.frames.extend_from_slice(&batch.frames);
        self.bytes.extend_from_slice(&batch.bytes);
        self.batches.push((batch.frames.len(), batch.bytes.len()));
        true
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.taken, Ordering::Relaxed);
    }
}
