//! The input of one attempt of a request, for the comparison.

use std::sync::Arc;

use super::worker::{Input, Job, Streamed};
use super::{Sample, Shadow};
use crate::contract::types::ApiError;
use quarry_versions::recording::{Recipient, Taped};

/// Has what a tape kept compared.
pub(super) struct ForTheShadow {
    pub(super) shadow: Arc<Shadow>,
    pub(super) sample: Arc<Sample>,
}

impl Recipient for ForTheShadow {
    fn refused(&mut self, error: &ApiError) {
        let name = error.request_id.clone().unwrap_or_else(|| "a refusal".to_owned());
        self.shadow.hand_over(Job { name, input: Input::Failure(Box::new(error.clone())), room: Vec::new() });
    }

    fn stream(&mut self, stream: Taped) {
        let Taped { opening, batches, ending, room } = stream;
        let name = opening.request_id.clone().unwrap_or_else(|| "a stream".to_owned());
        let input = Input::Stream(Box::new(Streamed { opening, batches, ending, sample: Arc::clone(&self.sample) }));
        self.shadow.hand_over(Job { name, input, room: vec![room] });
    }

    fn too_large(&mut self) {
        self.shadow.run.dropped();
    }
}
