//! Where a turn records what it is handed.

use std::sync::Arc;

use super::room::{Room, Taken};
use crate::contract::conversation::{Batch, Ending, Frame, Opening};
use crate::contract::types::ApiError;

/// Takes what a turn is handed, as it comes. None of its calls waits for anything. A turn that is dropped before its end never
/// calls `ended`.
pub trait Tape: Send + std::fmt::Debug {
    /// The turn was opened.
    fn opened(&mut self, opening: &Opening);
    /// The request failed before there was a stream.
    fn refused(&mut self, _error: &ApiError) {}
    /// Frames came, all those of one read.
    fn frames(&mut self, batch: &Batch);
    /// The frames ended.
    fn ended(&mut self, ending: &Ending);
}

/// Two tapes of one turn.
#[derive(Debug)]
pub struct Both(pub Box<dyn Tape>, pub Box<dyn Tape>);

impl Tape for Both {
    fn opened(&mut self, opening: &Opening) {
        self.0.opened(opening);
        self.1.opened(opening);
    }

    fn refused(&mut self, error: &ApiError) {
        self.0.refused(error);
        self.1.refused(error);
    }

    fn frames(&mut self, batch: &Batch) {
        self.0.frames(batch);
        self.1.frames(batch);
    }

    fn ended(&mut self, ending: &Ending) {
        self.0.ended(ending);
        self.1.ended(ending);
    }
}

/// Who gets what a tape kept. Its calls come from where a request is answered, so none of them waits.
pub trait Recipient: Send {
    /// The request failed before there was a stream.
    fn refused(&mut self, _error: &ApiError) {}
    /// A stream that ended, or that nobody waits for any more.
    fn stream(&mut self, stream: Taped);
    /// A stream that was too large to be kept.
    fn too_large(&mut self);
}

/// A stream as it came.
#[derive(Debug)]
pub struct Taped {
    /// What the turn was told first.
    pub opening: Opening,
    /// The frames, those of one read together.
    pub batches: Vec<Batch>,
    /// How they ended.
    pub ending: Ending,
    /// What it takes of the room, until it is dropped.
    pub room: Taken,
}

/// A tape that keeps one stream in memory, and hands it over when it ends, or when the turn is dropped.
pub struct Keeping<R: Recipient> {
    recipient: R,
    /// Bytes that it may have.
    most: usize,
    opening: Option<Opening>,
    batches: Vec<Batch>,
    /// None once it became too much.
    room: Option<Taken>,
}

impl<R: Recipient> std::fmt::Debug for Keeping<R> {
    /// How much came, and nothing of what it was.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keeping").field("batches", &self.batches.len()).finish_non_exhaustive()
    }
}

impl<R: Recipient> Keeping<R> {
    /// A tape of at most so many bytes, as far as there is room.
    pub fn new(recipient: R, room: &Arc<Room>, most: usize) -> Self {
        Keeping { recipient, most, opening: None, batches: Vec::new(), room: room.take(0) }
    }

    fn finish(&mut self, ending: Ending) {
        // Nothing was opened, or it was handed over already.
        let Some(opening) = self.opening.take() else { return };
        let batches = std::mem::take(&mut self.batches);
        match self.room.take() {
            Some(room) => self.recipient.stream(Taped { opening, batches, ending, room }),
            None => self.recipient.too_large(),
        }
    }
}

impl<R: Recipient> Tape for Keeping<R> {
    fn opened(&mut self, opening: &Opening) {
        self.opening = Some(opening.clone());
    }

    fn refused(&mut self, error: &ApiError) {
        self.recipient.refused(error);
    }

    fn frames(&mut self, batch: &Batch) {
        let size = batch.bytes.len() + batch.frames.len() * size_of::<Frame>();
        let fits = |room: &mut Taken| room.bytes() + size <= self.most && room.grow(size);
        if self.room.as_mut().is_some_and(fits) {
            self.batches.push(batch.clone());
        } else {
            self.room = None;
            self.batches = Vec::new();
        }
    }

    fn ended(&mut self, ending: &Ending) {
        self.finish(ending.clone());
    }
}

impl<R: Recipient> Drop for Keeping<R> {
    /// Nobody waits for the rest of the stream.
    fn drop(&mut self) {
        self.finish(Ending::Aborted);
    }
}
