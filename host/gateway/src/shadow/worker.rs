//! The thread that compares.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::{Run, Sample};
use crate::contract::conversation::{Batch, Ending, Opening};
use crate::contract::types::ApiError;
use quarry_versions::compare::{self, Listing, Preparation, Specimen, Stream};
use quarry_versions::recording::Taken;

/// The longest rest between two inputs.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// An input that is to be compared.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) input: Input,
    /// What it takes of the room, until it was compared.
    pub(super) room: Vec<Taken>,
}

#[derive(Debug)]
pub(super) enum Input {
    Stream(Box<Streamed>),
    Preparation(Arc<Sample>),
    Failure(Box<ApiError>),
    Listing(Box<Listing>),
    Configuration(Box<compare::Input>),
}

/// What one attempt of a request was given.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) opening: Opening,
    pub(super) batches: Vec<Batch>,
    pub(super) ending: Ending,
    pub(super) sample: Arc<Sample>,
}

/// Compares until nobody can hand anything over any more, or the candidate is stopped.
pub(super) fn work(run: &Run, jobs: &Receiver<Job>) {
    let comparison = run.comparison();
    while let Ok(Job { name, input, room }) = jobs.recv() {
        if run.is_stopped() {
            return;
        }
        let began = Instant::now();
        let specimen = specimen(name, input);
        let differs = !run.differences().add(&comparison, &specimen).is_empty();
        run.compared(differs);
        drop((specimen, room));
        // Half a core at most: requests come first.
        std::thread::sleep(began.elapsed().min(LONGEST_REST));
    }
}

fn specimen(name: String, input: Input) -> Specimen {
    match input {
        Input::Stream(streamed) => {
            let Streamed { opening, batches, ending, sample } = *streamed;
            let preparation = Some(Box::new(preparation(sample)));
            Specimen::stream(name, Stream { preparation, ..Stream::new(opening, &batches, ending) })
        }
        Input::Preparation(sample) => Specimen::preparation(name, preparation(sample)),
        Input::Failure(error) => Specimen { name, input: compare::Input::Failure(error) },
        Input::Configuration(input) => Specimen { name, input: *input },
        Input::Listing(listing) => Specimen { name, input: compare::Input::Listing(listing) },
    }
}

/// The last one that has it gives it away; while the request is tried again, others have it too.
fn preparation(sample: Arc<Sample>) -> Preparation {
    Arc::try_unwrap(sample).map_or_else(|sample| sample.preparation.clone(), |sample| sample.preparation)
}
