//! A change that takes time: its version is fetched, waits in line, passes the gate, and then the change is made.

use std::collections::VecDeque;

use tokio_util::sync::CancellationToken;

use super::ChangeError;
use super::command::{Command, Commands, Reply};
use crate::canary::CanaryRule;
use crate::embedded::embedded_digest;
use crate::provider::Digest;
use quarry_versions::source::Source;
use quarry_versions::{
    Acceptance, Behaviour, CanaryTerms, Candidate, ChangeKind, Downgrades, Event, ShadowTerms, Step, StepReceipt,
    Trials,
};

/// The id of a job.
pub(super) type JobId = u64;

/// The id of the gateway's own rollback: there is one at a time.
pub(super) const WAY_BACK: JobId = JobId::MAX;

/// The version of a change.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// The bytes are at hand.
    Given(Candidate),
    /// The bytes are fetched from this source.
    Named(Source),
    /// A stored version with this digest.
    Known(Digest),
    /// The embedded version.
    Embedded,
}

/// The result of a change.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The digest of the version.
    pub digest: Digest,
    /// The name that its component states.
    pub name: String,
    /// The steps that were taken. A version that passed before, and whose code is cached, takes only `destinations` and
    /// `behaviour`, once per version that it replaces.
    pub steps: Vec<StepReceipt>,
    /// Whether it was active already.
    pub unchanged: bool,
    /// Its differences from the active version; `None` if they were not compared.
    pub behaviour: Option<Behaviour>,
}

/// The change to make with a version that passed the gate.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Nothing.
    Verify,
    /// Activates it.
    Activate(Downgrades),
    /// Starts a canary of it.
    Canary { rule: CanaryRule, promote_after: Option<u64>, downgrades: Downgrades },
    /// Starts a shadow of it.
    Shadow { share: u8, prompts: bool },
    /// Resumes the canary from before the restart.
    CanaryAgain(CanaryTerms),
    /// Resumes the shadow from before the restart.
    ShadowAgain(ShadowTerms),
    /// The previous version is activated again. It waits for no other job, because requests fail meanwhile.
    RollBack,
    /// Restores the first version of several that can be loaded.
    Back(WayBack),
}

/// The plan of a rollback.
#[derive(Debug, Clone)]
pub(super) struct WayBack {
    /// The version to leave.
    pub(super) from: Digest,
    /// The versions to restore, in order of preference.
    pub(super) to: VecDeque<Digest>,
    /// Whether the rollback waits for the journal.
    pub(super) written: Written,
}

/// Whether a change waits for the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// The change is made only if it is recorded.
    First,
    /// The change is made even if it cannot be recorded: the active version fails turns, and a full disk must not
    /// prolong that.
    IfPossible,
}

/// A change under way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) change: Change,
    /// The version that must pass the gate; `None` once it passed, and for a rollback.
    pub(super) wanted: Option<Wanted>,
    /// The source of the bytes, for the journal.
    pub(super) source: String,
    /// The digest; `None` until the bytes are fetched.
    pub(super) digest: Option<Digest>,
    pub(super) by: String,
    /// The accepted differences.
    pub(super) acceptance: Box<Acceptance>,
    /// The steps that were taken.
    pub(super) steps: Vec<StepReceipt>,
    /// The number of rollbacks when the job started.
    pub(super) rollbacks: u64,
    /// Cancelled when the client disconnects or the gateway stops.
    pub(super) cancel: CancellationToken,
    /// An error that fails the job, whatever the result of the gate.
    pub(super) broken: Option<ChangeError>,
    reply: Option<Reply<Activated>>,
}

impl Job {
    /// Makes a job. Computes the digest once if the bytes are at hand.
    pub(super) fn new(
        id: JobId,
        change: Change,
        wanted: Option<Wanted>,
        by: &str,
        reply: Option<Reply<Activated>>,
    ) -> Self {
        Job {
            id,
            change,
            source: wanted.as_ref().map_or_else(String::new, Wanted::source),
            digest: wanted.as_ref().and_then(Wanted::digest),
            wanted,
            by: by.to_owned(),
            acceptance: Box::default(),
            steps: Vec::new(),
            rollbacks: 0,
            cancel: CancellationToken::new(),
            broken: None,
            reply,
        }
    }

    /// The same job with accepted differences.
    pub(super) fn accepting(self, acceptance: Acceptance) -> Self {
        Job { acceptance: Box::new(acceptance), ..self }
    }

    /// The gateway's own rollback, because the active version fails.
    pub(super) fn way_back(from: Digest, to: Vec<Digest>) -> Self {
        let way = WayBack { from, to: to.into(), written: Written::IfPossible };
        Job::new(WAY_BACK, Change::Back(way), None, "the gateway: the version failed too often", None)
    }

    /// Returns a guard. Dropping it tells the owner that the client no longer waits for the job.
    pub(super) fn asked_by(&self, commands: Commands) -> Asking {
        Asking { id: self.id, cancel: self.cancel.clone(), commands }
    }

    /// Fails if the job was cancelled. `step` is the next step.
    pub(super) fn check_wanted(&self, step: Step) -> Result<(), ChangeError> {
        if self.cancel.is_cancelled() { Err(ChangeError::Cancelled { step: Some(step) }) } else { Ok(()) }
    }

    /// The journal's event for a cancelled job.
    pub(super) fn cancelled(&self, step: Option<Step>, reason: &str) -> Event {
        let change = match self.change {
            Change::Verify => ChangeKind::Verify,
            Change::Activate(_) => ChangeKind::Activate,
            Change::Canary { .. } | Change::CanaryAgain(_) => ChangeKind::Canary,
            Change::Shadow { .. } | Change::ShadowAgain(_) => ChangeKind::Shadow,
            Change::RollBack | Change::Back(_) => ChangeKind::Rollback,
        };
        let (digest, source, by, reason) = (self.digest, self.source.clone(), self.by.clone(), reason.to_owned());
        Event::Cancelled { change, digest, source, by, step, reason }
    }

    /// Sends the result to the client.
    pub(super) fn answer(self, done: Result<Activated, ChangeError>) {
        if let Some(reply) = self.reply {
            let _ = reply.send(done);
        }
    }

    /// Jobs that resume the trials of the previous process.
    pub(super) fn resuming(trials: Trials, mut id: impl FnMut() -> JobId) -> Vec<Self> {
        let canary = trials.canary.map(|terms| (terms.digest, Change::CanaryAgain(terms)));
        let shadow = trials.shadow.map(|terms| (terms.digest, Change::ShadowAgain(terms)));
        let wanted = |digest| if digest == embedded_digest() { Wanted::Embedded } else { Wanted::Known(digest) };
        let begun = canary.into_iter().chain(shadow);
        begun.map(|(digest, change)| Job::new(id(), change, Some(wanted(digest)), super::resume::BY, None)).collect()
    }
}

/// The client of a job. Dropping it cancels the job unless it has ended.
pub(super) struct Asking {
    id: JobId,
    cancel: CancellationToken,
    commands: Commands,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.cancel.cancel();
        let _ = self.commands.send(Command::Left(self.id));
    }
}

impl Wanted {
    fn digest(&self) -> Option<Digest> {
        match self {
            Wanted::Given(candidate) => Some(Digest::of(&candidate.bytes)),
            Wanted::Known(digest) => Some(*digest),
            Wanted::Named(_) => None,
            Wanted::Embedded => Some(embedded_digest()),
        }
    }

    fn source(&self) -> String {
        match self {
            Wanted::Given(candidate) => candidate.source.clone(),
            Wanted::Named(source) => source.to_string(),
            Wanted::Known(digest) => format!("{digest:?}"),
            Wanted::Embedded => crate::embedded::EMBEDDED_NAME.to_owned(),
        }
    }
}
