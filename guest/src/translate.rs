//! `translate`: the events of a stream to deltas.

use crate::contract::conversation::{Batch, Delta, Ending, Opening};

/// One answer, while it comes.
#[derive(Debug)]
pub struct Turn {}

impl Turn {
    /// Begins a turn.
    #[must_use]
    pub fn new(opening: Opening) -> Self {
        let _ = opening;
        todo!()
    }

    /// Takes frames, gives deltas.
    pub fn push(&mut self, batch: &Batch) -> Vec<Delta> {
        let _ = batch;
        todo!()
    }

    /// Ends the turn.
    pub fn finish(&mut self, ending: Ending) -> Vec<Delta> {
        let _ = ending;
        todo!()
    }
}
