//! The traffic split: the provider version of each request.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::canary::{Side, Trial};
use super::effective::Effective;
use super::shadow::Shadow;
use crate::blame::Blame;
use crate::provider::{Digest, Generation};
use crate::telemetry::{Metrics, Outcome};

/// Digits of a version's digest in messages, as the commands show them.
const DIGITS: usize = 12;

/// A version of the provider that serves, or served and still has requests.
pub(crate) struct Version {
    /// The version, loaded.
    pub(crate) generation: Arc<Generation>,
    /// What its component says of itself.
    pub(crate) name: String,
    /// The first digits of its digest: its name in metrics, logs and spans.
    label: String,
    /// Since when it is loaded.
    pub(crate) since: SystemTime,
    /// Cancelled when its requests must end: when the gateway ends, or when it was retired for too long.
    pub(crate) cut_off: CancellationToken,
    /// Whether its failures were reported, after which it stays active.
    pub(crate) told_failing: AtomicBool,
    /// Notified when a request with a failure of this version ends.
    faulted: Arc<Notify>,
    under_way: AtomicUsize,
    begun: AtomicU64,
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Version")
            .field("name", &self.name)
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

impl Version {
    /// A version that has just been loaded. Its requests end when `all` is cancelled; `faulted` is told when it fails.
    pub(crate) fn new(
        generation: &Generation,
        name: String,
        all: &CancellationToken,
        faulted: &Arc<Notify>,
        metrics: &Arc<Metrics>,
    ) -> Arc<Self> {
        let metrics = Arc::clone(metrics);
        let mut digest = generation.digest().to_string();
        digest.truncate(DIGITS);
        // A client that is told of a failure is told the version, and not where its file was on this machine.
        let told = format!("{name} ({digest})");
        let generation = generation.in_service(told, Arc::new(move |fault| metrics.guest_fault(fault)));
        Arc::new(Version {
            generation,
            name,
            label: digest,
            since: SystemTime::now(),
            cut_off: all.child_token(),
            told_failing: AtomicBool::new(false),
            faulted: Arc::clone(faulted),
            under_way: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
        })
    }

    /// What it is known by.
    pub(crate) fn digest(&self) -> Digest {
        self.generation.digest()
    }

    /// Its name in metrics, logs and spans.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Requests that have not ended.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Acquire)
    }

    /// Requests since it was loaded.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }
}

/// A version with the configuration that it merged.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    /// The version.
    pub(crate) version: Arc<Version>,
    /// The configuration at work.
    pub(crate) effective: Arc<Effective>,
}

impl Seat {
    /// Takes the seat for one request.
    fn take(&self) -> Taken {
        self.version.under_way.fetch_add(1, Ordering::AcqRel);
        let confirmed = self.version.generation.faults().confirmed();
        Taken { seat: self.clone(), confirmed, reference: None, trial: None, shadow: None }
    }

    /// Takes it for a request that was read.
    fn begin(&self) -> Taken {
        self.version.begun.fetch_add(1, Ordering::Relaxed);
        self.take()
    }
}

/// A request's lease of a version. Dropping it ends the lease.
#[derive(Debug)]
pub(crate) struct Taken {
    seat: Seat,
    /// The version's confirmed faults when it was taken.
    confirmed: u64,
    /// The version to compare with when this one fails.
    reference: Option<Seat>,
    /// Whose request it is and of which conversation, while a candidate is on trial.
    trial: Option<(Arc<Trial>, Side, u64)>,
    shadow: Option<Arc<Shadow>>,
}

impl Taken {
    /// The candidate that runs on what the request is given too; none for most requests.
    pub(crate) fn shadow(&self) -> Option<&Arc<Shadow>> {
        self.shadow.as_ref()
    }

    /// The version to compare with when this one fails: the active one for a candidate, else the previous one.
    pub(crate) fn reference(&self) -> Option<&Seat> {
        self.reference.as_ref()
    }

    /// Whether it is a candidate's.
    pub(crate) fn is_candidate(&self) -> bool {
        matches!(self.trial, Some((_, Side::Candidate, _)))
    }

    /// Who wants to know how the request ended; nobody while no candidate is on trial.
    pub(crate) fn witness(&self) -> Option<impl FnOnce(Outcome, Option<Blame>) + Send + Sync + 'static> {
        let (trial, side, conversation) = self.trial.clone()?;
        Some(move |outcome, blame| trial.ended(side, conversation, outcome, blame))
    }
}

impl std::ops::Deref for Taken {
    type Target = Seat;

    fn deref(&self) -> &Seat {
        &self.seat
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.seat.version.under_way.fetch_sub(1, Ordering::AcqRel);
        if self.seat.version.generation.faults().confirmed() != self.confirmed {
            self.seat.version.faulted.notify_one();
        }
    }
}

/// A canary.
#[derive(Debug, Clone)]
pub(crate) struct Canary {
    /// The candidate.
    pub(crate) seat: Seat,
    /// Which part, and how it does.
    pub(crate) trial: Arc<Trial>,
}

/// The versions for new requests, swapped as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Lineup {
    /// The active version.
    pub(crate) primary: Seat,
    /// The candidate, where there is one.
    pub(crate) canary: Option<Canary>,
    /// The candidate that runs as the shadow of the active version.
    pub(crate) shadow: Option<Arc<Shadow>>,
    /// The version that failed calls of the active one are run again on, which tells the version's fault from the input's: the
    /// previous one, else the embedded one.
    pub(crate) reference: Option<Seat>,
}

impl Lineup {
    /// One version for all requests.
    pub(crate) fn of(primary: Seat, reference: Option<Seat>) -> Self {
        Lineup { primary, canary: None, shadow: None, reference }
    }

    /// The active version, for a request that was not read yet.
    pub(crate) fn unread(&self) -> Taken {
        self.primary.take()
    }

    /// The seat for a request that was read, of the key with this name. `conversation` is asked only while there is a candidate: a
    /// conversation stays with the version that it began with.
    pub(crate) fn seat(&self, key: &str, conversation: impl FnOnce() -> u64) -> Taken {
        let mut taken = match &self.canary {
            Some(Canary { seat, trial }) => {
                let conversation = conversation();
                let candidate = trial.takes(key, conversation);
                let mut taken = if candidate { seat.begin() } else { self.primary.begin() };
                let side = if candidate { Side::Candidate } else { Side::Serving };
                taken.trial = Some((Arc::clone(trial), side, conversation));
                taken
            }
            None => self.primary.begin(),
        };
        if taken.is_candidate() {
            taken.reference = Some(self.primary.clone());
        } else {
            taken.reference.clone_from(&self.reference);
            taken.shadow = self.shadow.as_ref().and_then(Shadow::sampled);
        }
        taken
    }
}
