//! The observers of requests: the shadow and the folder of recordings.
//!
//! A request without observers costs one random number for each; others cost a copy of their input.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shadow::{Sample, Shadow};
use crate::contract::RequestKind;
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Options};
use crate::contract::types::Model;
use crate::provider::Generation;
use quarry_versions::compare::{Preparation, SettingsFrom};
use quarry_versions::recording::{Asked, Both, Tape, Tapes};

/// Records a share of the streams.
#[derive(Debug)]
pub struct Recorder {
    tapes: Tapes,
    share: u8,
    folder: PathBuf,
}

impl Recorder {
    /// Records this percentage of the streams.
    #[must_use]
    pub fn new(tapes: Tapes, share: u8, folder: PathBuf) -> Self {
        Recorder { tapes, share, folder }
    }

    /// The folder of recordings.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tapes for a request that is in its share.
    pub(super) fn sampled(&self) -> Option<Tapes> {
        (fastrand::u8(..100) < self.share).then(|| self.tapes.clone())
    }
}

/// The observers of a request.
#[derive(Debug)]
pub(crate) struct Listeners {
    /// The candidate that runs on what the request is given.
    pub(crate) shadow: Option<Arc<Shadow>>,
    /// The folder of recordings.
    pub(crate) recorder: Option<Tapes>,
}

/// What is prepared for one model.
pub(crate) struct Preparing<'a> {
    pub(crate) generation: &'a Arc<Generation>,
    pub(crate) settings: &'a Settings,
    pub(crate) region: &'a str,
    pub(crate) model: &'a Model,
    pub(crate) context: &'a Context,
    pub(crate) options: &'a Options,
    /// Bytes of the request's body.
    pub(crate) size: usize,
}

impl Listeners {
    /// Keeps what a request is prepared from, for those who listen and have room.
    pub(crate) fn hear(&self, preparing: &Preparing<'_>) -> Heard {
        let Preparing { generation, settings, region, model, context, options, size } = *preparing;
        let shadow = self.shadow.as_ref().and_then(|shadow| {
            let sample = shadow.sample(settings, region, model, context, options, size)?;
            Some((Arc::clone(shadow), sample))
        });
        let recorder = self.recorder.as_ref().map(|tapes| {
            let asked = tapes.asked(size, || Preparation {
                kind: RequestKind::Answer,
                settings: SettingsFrom::Merged(Box::new(settings.clone())),
                region: region.to_owned(),
                model: model.clone(),
                context: context.clone(),
                options: options.clone(),
            });
            (tapes.clone(), Arc::clone(generation), asked)
        });
        Heard { shadow, recorder }
    }
}

/// What observers know of a request.
#[derive(Debug)]
pub(crate) struct Heard {
    shadow: Option<(Arc<Shadow>, Arc<Sample>)>,
    recorder: Option<(Tapes, Arc<Generation>, Option<Arc<Asked>>)>,
}

impl Heard {
    /// A tape for one attempt of the request; `None` where nobody listens.
    pub(crate) fn tape(&self) -> Option<Box<dyn Tape>> {
        let shadow = self.shadow.as_ref().map(|(shadow, sample)| shadow.tape(sample));
        let recorder = self.recorder.as_ref().map(|(tapes, generation, asked)| tapes.tape(generation, asked.clone()));
        match (shadow, recorder) {
            (Some(shadow), Some(recorder)) => Some(Box::new(Both(shadow, recorder))),
            (one, other) => one.or(other),
        }
    }

    /// The request came to no stream: a candidate prepares it all the same.
    pub(crate) fn came_to_no_stream(self) {
        if let Some((shadow, sample)) = self.shadow {
            shadow.prepared(sample);
        }
    }
}
