//! Where a turn writes down what it is handed.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::writer::{Counts, Recorded, Task};
use crate::conformance::frames::unbatch;
use crate::contract::conversation::{Batch, Ending, Opening};
use crate::contract::types::ApiError;
use crate::versions::compare::{Preparation, Stream};

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

/// Keeps one stream in memory, and hands it to the writer when it ends, or when the turn is dropped.
pub(super) struct Keeping {
    pub(super) tasks: SyncSender<Task>,
    pub(super) counts: Arc<Counts>,
    pub(super) preparation: Option<Preparation>,
    pub(super) opening: Option<Opening>,
    pub(super) batches: Vec<Batch>,
    /// Bytes that may still come.
    pub(super) room: usize,
    pub(super) too_large: bool,
}

impl std::fmt::Debug for Keeping {
    /// How much came, and nothing of what it was.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keeping").field("batches", &self.batches.len()).finish_non_exhaustive()
    }
}

impl Keeping {
    fn finish(&mut self, ending: Ending) {
        // Nothing was opened, or it was handed over already.
        let Some(opening) = self.opening.take() else { return };
        if self.too_large {
            return self.counts.skip();
        }
        let batches: Vec<_> = self.batches.drain(..).map(|batch| unbatch(&batch)).collect();
        let preparation = self.preparation.take().map(Box::new);
        let recorded = Recorded(Stream { opening, batches, ending, preparation });
        // A full queue means that the disk is slower than the traffic: a recording less harms nobody, a request that waits does.
        if self.tasks.try_send(Task::Write(Box::new(recorded))).is_err() {
            self.counts.skip();
        }
    }
}

impl Tape for Keeping {
    fn opened(&mut self, opening: &Opening) {
        self.opening = Some(opening.clone());
    }

    fn frames(&mut self, batch: &Batch) {
        if self.too_large {
            return;
        }
        let size = batch.bytes.len() + batch.frames.len() * size_of::<crate::contract::conversation::Frame>();
        match self.room.checked_sub(size) {
            Some(room) => {
                self.room = room;
                self.batches.push(batch.clone());
            }
            None => {
                self.too_large = true;
                self.batches = Vec::new();
            }
        }
    }

    fn ended(&mut self, ending: &Ending) {
        self.finish(ending.clone());
    }
}

impl Drop for Keeping {
    /// Nobody waits for the rest of the stream.
    fn drop(&mut self) {
        self.finish(Ending::Aborted);
    }
}
