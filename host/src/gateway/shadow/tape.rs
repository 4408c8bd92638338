//! What one attempt of a request was given, kept until it ends.

use std::sync::Arc;

use super::room::{PER_INPUT, Taken};
use super::worker::{Input, Job, Streamed};
use super::{Sample, Shadow};
use crate::contract::conversation::{Batch, Ending, Frame, Opening};
use crate::contract::types::ApiError;
use crate::versions::recording::Tape;

/// A tape that hands over what it has when the stream ends, or when nobody waits for the rest.
pub(super) struct Recording {
    shadow: Arc<Shadow>,
    sample: Arc<Sample>,
    opening: Option<Opening>,
    batches: Vec<Batch>,
    /// None once it became too much.
    room: Option<Taken>,
}

impl std::fmt::Debug for Recording {
    /// How much came, and nothing of what it was.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recording").field("batches", &self.batches.len()).finish_non_exhaustive()
    }
}

impl Recording {
    pub(super) fn new(shadow: &Arc<Shadow>, sample: &Arc<Sample>) -> Self {
        let room = shadow.run.room.take(0);
        Recording { shadow: Arc::clone(shadow), sample: Arc::clone(sample), opening: None, batches: Vec::new(), room }
    }

    fn finish(&mut self, ending: Ending) {
        // Nothing was opened, or it was handed over already.
        let Some(opening) = self.opening.take() else { return };
        let Some(room) = self.room.take() else { return self.shadow.run.dropped() };
        let name = opening.request_id.clone().unwrap_or_else(|| "a stream".to_owned());
        let (batches, sample) = (std::mem::take(&mut self.batches), Arc::clone(&self.sample));
        let input = Input::Stream(Box::new(Streamed { opening, batches, ending, sample }));
        self.shadow.hand_over(Job { name, input, room: vec![room] });
    }
}

impl Tape for Recording {
    fn opened(&mut self, opening: &Opening) {
        self.opening = Some(opening.clone());
    }

    fn refused(&mut self, error: &ApiError) {
        let name = error.request_id.clone().unwrap_or_else(|| "a refusal".to_owned());
        self.shadow.hand_over(Job { name, input: Input::Failure(Box::new(error.clone())), room: Vec::new() });
    }

    fn frames(&mut self, batch: &Batch) {
        let size = batch.bytes.len() + batch.frames.len() * size_of::<Frame>();
        let fits = |room: &mut Taken| room.bytes() + size <= PER_INPUT && room.grow(size);
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

impl Drop for Recording {
    fn drop(&mut self) {
        self.finish(Ending::Aborted);
    }
}
