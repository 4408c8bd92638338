//! A candidate that runs on what a share of the requests was given, beside them: what it makes of that is compared with what
//! the active version makes of it, and thrown away.
//!
//! A request that is sampled pays for a copy of its input and for nothing else: a thread compares, behind a queue that drops what
//! does not fit. Others pay for one random number.

mod configuration;
mod listing;
mod report;
mod tape;
mod worker;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use self::tape::ForTheShadow;
use self::worker::{Input, Job};
use crate::contract::RequestKind;
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Options};
use crate::contract::types::Model;
use crate::provider::Generation;
use crate::telemetry::{Metrics, ShadowRun};
use quarry_versions::compare::{Bounds, Comparison, Differences, Preparation};
use quarry_versions::recording::{Keeping, Room, Taken, Tape};

pub use self::report::{ShadowReport, ShadowStatus};

/// Inputs that wait to be compared.
const QUEUE: usize = 256;

/// Bytes of one request, or of the frames of one stream. A larger one is not compared.
const PER_INPUT: usize = 4 << 20;

/// Bytes of all inputs that are kept at once, those of streams that still last among them.
const FOR_ALL: usize = 64 << 20;

/// A shadow.
#[derive(Debug)]
pub(crate) struct Shadow {
    queue: SyncSender<Job>,
    pub(super) run: Arc<Run>,
    /// What the candidate makes of the configuration at work, where that is something else than what the active version does.
    own: Option<Arc<Settings>>,
}

/// A running shadow and its results.
#[derive(Debug)]
pub(crate) struct Run {
    /// The active version.
    pub(crate) serving: Arc<Generation>,
    /// The candidate.
    pub(crate) candidate: Arc<Generation>,
    /// Of how many requests it gets the input, in per cent.
    pub(crate) share: u8,
    since: SystemTime,
    room: Arc<Room>,
    stopped: AtomicBool,
    compared: AtomicU64,
    differing: AtomicU64,
    dropped: AtomicU64,
    differences: Mutex<Differences>,
    metrics: Arc<Metrics>,
}

/// The input of one preparation.
#[derive(Debug)]
pub(crate) struct Sample {
    preparation: Preparation,
    _room: Taken,
}

impl Shadow {
    /// Begins to compare. Both versions run with counts of their own: what they do here is not compared with them where they
    /// serve. `prompts`: whether what was said may be kept in the differences.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn begin(
        serving: &Generation,
        candidate: &Generation,
        share: u8,
        prompts: bool,
        metrics: &Arc<Metrics>,
    ) -> io::Result<Arc<Self>> {
        let run = Arc::new(Run {
            serving: serving.apart(),
            candidate: candidate.apart(),
            share,
            since: SystemTime::now(),
            room: Room::new(FOR_ALL),
            stopped: AtomicBool::new(false),
            compared: AtomicU64::new(0),
            differing: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            differences: Mutex::new(Differences::new(Bounds { prompts, ..Bounds::default() })),
            metrics: Arc::clone(metrics),
        });
        let (queue, jobs) = sync_channel(QUEUE);
        let running = Arc::clone(&run);
        std::thread::Builder::new().name("shadow".to_owned()).spawn(move || worker::work(&running, &jobs))?;
        Ok(Arc::new(Shadow { queue, run, own: None }))
    }

    /// The shadow, for a request that is in its share.
    pub(super) fn sampled(self: &Arc<Self>) -> Option<Arc<Self>> {
        (fastrand::u8(..100) < self.run.share).then(|| Arc::clone(self))
    }

    /// Keeps what a request of `size` bytes is prepared from, if there is room.
    pub(super) fn sample(
        &self,
        settings: &Settings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
        size: usize,
    ) -> Option<Arc<Sample>> {
        // Attachments are not copied and count all the same: who can tell them apart from here would have to look at each.
        let Some(room) = Some(size).filter(|size| *size <= PER_INPUT).and_then(|size| self.run.room.take(size)) else {
            self.run.dropped();
            return None;
        };
        let preparation = Preparation {
            kind: RequestKind::Answer,
            settings: self.settings(settings, Some(model)),
            region: region.to_owned(),
            model: model.clone(),
            context: context.clone(),
            options: options.clone(),
        };
        Some(Arc::new(Sample { preparation, _room: room }))
    }

    /// A tape for one attempt of the request.
    pub(super) fn tape(self: &Arc<Self>, sample: &Arc<Sample>) -> Box<dyn Tape> {
        let recipient = ForTheShadow { shadow: Arc::clone(self), sample: Arc::clone(sample) };
        Box::new(Keeping::new(recipient, &self.run.room, PER_INPUT))
    }

    /// Has a request compared that came to no stream.
    pub(super) fn prepared(&self, sample: Arc<Sample>) {
        self.hand_over(Job { name: "a request".to_owned(), input: Input::Preparation(sample), room: Vec::new() });
    }

    /// Never waits: an input less harms nobody, a request that waits does.
    fn hand_over(&self, job: Job) {
        if self.run.is_stopped() {
            return;
        }
        if self.queue.try_send(job).is_err() {
            self.run.dropped();
        }
    }
}

impl Run {
    /// Nothing is compared from now on.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.metrics.shadowed(ShadowRun::Dropped);
    }

    fn compared(&self, differs: bool) {
        self.compared.fetch_add(1, Ordering::Relaxed);
        if differs {
            self.differing.fetch_add(1, Ordering::Relaxed);
        }
        self.metrics.shadowed(if differs { ShadowRun::Different } else { ShadowRun::Same });
    }

    fn comparison(&self) -> Comparison {
        Comparison::new(Arc::clone(&self.serving), Arc::clone(&self.candidate))
    }

    /// For threads that may wait: the lock is held while an input is compared.
    fn differences(&self) -> std::sync::MutexGuard<'_, Differences> {
        self.differences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
