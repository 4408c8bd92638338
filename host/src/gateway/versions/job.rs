//! A change that takes time: its version is fetched, waits for its turn, passes the gate, and then something becomes of it.

use std::collections::VecDeque;

use tokio_util::sync::CancellationToken;

use super::ChangeError;
use super::command::{Command, Commands, Reply};
use crate::gateway::canary::CanaryRule;
use crate::provider::{Digest, embedded_digest};
use crate::versions::source::Source;
use crate::versions::{
    Acceptance, Behaviour, CanaryTerms, Candidate, ChangeKind, Downgrades, Event, ShadowTerms, Step, StepReceipt,
    Trials,
};

/// Which job.
pub(super) type JobId = u64;

/// The way back of the gateway's own accord: there is one at a time.
pub(super) const WAY_BACK: JobId = JobId::MAX;

/// The version that is wanted.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// One whose bytes are given.
    Given(Candidate),
    /// One that is to be fetched.
    Named(Source),
    /// One that is known by its digest.
    Known(Digest),
    /// The one that this binary was built with.
    Embedded,
}

/// What a change came to.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The active version now.
    pub digest: Digest,
    /// What its component says of itself.
    pub name: String,
    /// The steps that were taken. A version that passed before, and whose code is in the cache, takes
    /// `destinations` and `behaviour` alone, once for each version that it takes the place of.
    pub steps: Vec<StepReceipt>,
    /// Whether it served already.
    pub unchanged: bool,
    /// What it does differently from the version that it was compared with; none where it was not compared.
    pub behaviour: Option<Behaviour>,
}

/// What becomes of a version that passed.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Nothing.
    Verify,
    /// It is activated.
    Activate(Downgrades),
    /// It gets a part of the requests.
    Canary { rule: CanaryRule, promote_after: Option<u64>, downgrades: Downgrades },
    /// It runs beside the requests.
    Shadow { share: u8, prompts: bool },
    /// It gets the same part again as before the start.
    CanaryAgain(CanaryTerms),
    /// It runs beside the same requests again as before the start.
    ShadowAgain(ShadowTerms),
    /// The previous version is activated again. It waits for no other job, because requests fail meanwhile.
    RollBack,
    /// It serves again: the first that can be loaded of several.
    Back(WayBack),
}

/// How to go back.
#[derive(Debug, Clone)]
pub(super) struct WayBack {
    /// The version that is left.
    pub(super) from: Digest,
    /// Those to go to, one after the other.
    pub(super) to: VecDeque<Digest>,
    /// Whether it waits until it is in the journal.
    pub(super) written: Written,
}

/// Whether a change waits until it is in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It does: what cannot be written down is not done.
    First,
    /// It does not: the active version loses turns, and a disk that is full is no reason to go on with that.
    IfPossible,
}

/// A change under way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) change: Change,
    /// What is to be proved; none once it is, and for one that is gone back to.
    pub(super) wanted: Option<Wanted>,
    /// Where its bytes come from, for the journal.
    pub(super) source: String,
    /// The version; none before its bytes are there.
    pub(super) digest: Option<Digest>,
    pub(super) by: String,
    /// What it may do differently.
    pub(super) acceptance: Box<Acceptance>,
    /// The steps that were taken.
    pub(super) steps: Vec<StepReceipt>,
    /// How often somebody had gone back when it began.
    pub(super) rollbacks: u64,
    /// Cancelled when nobody wants it any more.
    pub(super) cancel: CancellationToken,
    /// Why it cannot end well, whatever its version comes to.
    pub(super) broken: Option<ChangeError>,
    reply: Option<Reply<Activated>>,
}

impl Job {
    /// A job of this version. Reads the bytes once where they are given.
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

    /// The same where these differences are accepted.
    pub(super) fn accepting(self, acceptance: Acceptance) -> Self {
        Job { acceptance: Box::new(acceptance), ..self }
    }

    /// Going back because the active version fails, which no client asked for.
    pub(super) fn way_back(from: Digest, to: Vec<Digest>) -> Self {
        let way = WayBack { from, to: to.into(), written: Written::IfPossible };
        Job::new(WAY_BACK, Change::Back(way), None, "the gateway: the version failed too often", None)
    }

    /// Tells the owner, where this is dropped, that nobody waits for the job any more.
    pub(super) fn asked_by(&self, commands: Commands) -> Asking {
        Asking { id: self.id, cancel: self.cancel.clone(), commands }
    }

    /// Ends it where nobody wants it any more; `step` is what would come next.
    pub(super) fn check_wanted(&self, step: Step) -> Result<(), ChangeError> {
        if self.cancel.is_cancelled() { Err(ChangeError::Cancelled { step: Some(step) }) } else { Ok(()) }
    }

    /// What the journal says of it where it was cancelled.
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

    /// What became of it, for whoever waits.
    pub(super) fn answer(self, done: Result<Activated, ChangeError>) {
        if let Some(reply) = self.reply {
            let _ = reply.send(done);
        }
    }

    /// Candidates that the gateway before had, to go on with.
    pub(super) fn resuming(trials: Trials, mut id: impl FnMut() -> JobId) -> Vec<Self> {
        let canary = trials.canary.map(|terms| (terms.digest, Change::CanaryAgain(terms)));
        let shadow = trials.shadow.map(|terms| (terms.digest, Change::ShadowAgain(terms)));
        let wanted = |digest| if digest == embedded_digest() { Wanted::Embedded } else { Wanted::Known(digest) };
        let begun = canary.into_iter().chain(shadow);
        begun.map(|(digest, change)| Job::new(id(), change, Some(wanted(digest)), super::resume::BY, None)).collect()
    }
}

/// Somebody who waits for a job. Dropped, the job is cancelled, unless it ended.
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
            Wanted::Embedded => crate::provider::EMBEDDED_NAME.to_owned(),
        }
    }
}
