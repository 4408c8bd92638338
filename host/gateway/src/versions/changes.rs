//! The owner of everything that changes about versions: one task.
//!
//! It owns the journal, the traffic split (`Gateway::lineup`, which requests only load), the versions in memory, and the jobs. Handlers, the
//! watched folder, reloads and the health of the active version are [`Command`]s to it, done one after the other, each to its end. No
//! command waits for the gate.
//!
//! What takes time is a [`Job`] beside it, on threads of its own:
//!
//! ```text
//! begun ─▶ fetched ─▶ in line ─▶ proved ─▶ the owner makes the change: configuration ─▶ journal ─▶ swap
//!          beside     one after   (Proof)   if the world is the one that it was proved in, else it is
//!          others     the other             compared again with the version that is active now
//! ```
//!
//! Whoever waits for a job and leaves cancels it (`job::Asking`): a fetch is dropped, the compiler is killed, checks end before the next
//! one, one in line leaves it; the journal then says `cancelled`. The last moment for that is before the event of the change is
//! written: [`Changes::put_to_work`] and its like await nothing, so they are done whole or not at all. Going back is a job that waits in
//! no line; where its version is in memory it is done at once.
//!
//! # How to add a step
//!
//! 1. Give it a name in `versions::Step`.
//! 2. A step about the component alone is taken in `versions::Gate::pass`, one about the active version or the configuration in
//!    `Proof::compare`. Both run on a blocking thread; loops look at `cancel` between two checks. What it passed is not asked of it again
//!    for the same [`Comparison`].
//! 3. A step that needs more than its result (an acceptance, a permit) gets it from [`Changes::prove`], which makes the `Proof`, and gives
//!    it back in `Proved`. [`Changes::proved`] looks whether that still holds.
//! 4. What it decides is an event in `versions::Event`, written by the owner with the change that depends on it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::behaviour::Behaviours;
use super::command::Command;
use super::job::{Job, JobId};
use super::proof::{Comparison, Report};
use super::{ChangeError, FolderStatus};
use crate::lineup::Version;
use crate::provider::Digest;
use crate::shadow::Run;
use crate::state::Gateway;
use quarry_versions::source::Fetcher;
use quarry_versions::{Behaviour, Event, Gate, Store};

/// The interval at which retired versions are checked for requests.
const LOOK: Duration = Duration::from_millis(200);

/// The time that `end` waits for cancelled jobs: longer than one call of the provider may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The owner of changes.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) gateway: Arc<Gateway>,
    pub(super) gate: Gate,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) store: Store,
    /// The jobs that have not ended.
    pub(super) jobs: HashMap<JobId, Job>,
    /// The jobs that wait in line.
    pub(super) line: VecDeque<JobId>,
    /// The job that is in the gate.
    pub(super) proving: Option<JobId>,
    pub(super) reports: mpsc::UnboundedSender<Report>,
    reported: mpsc::UnboundedReceiver<Report>,
    /// The number of rollbacks on request.
    pub(super) rollbacks: u64,
    pub(super) compared: HashSet<Comparison>,
    /// Differences of versions, by active version and candidate.
    pub(super) behaviours: Behaviours,
    /// The differences for which a version was not activated last.
    pub(super) unaccepted: Option<Behaviour>,
    /// The previous version, which stays in memory so that a rollback compiles nothing.
    pub(super) before: Option<Arc<Version>>,
    /// The retired versions with requests, and when they were retired.
    pub(super) retiring: HashMap<Digest, (Arc<Version>, Instant)>,
    /// The shadow comparison that runs, or ran last.
    pub(super) last_shadow: Option<Arc<Run>>,
    /// The folder that is watched.
    pub(super) folder: Option<FolderStatus>,
    pub(super) ending: bool,
}

impl Changes {
    pub(super) fn new(gateway: Arc<Gateway>, gate: Gate, fetcher: Arc<Fetcher>, store: Store) -> Self {
        let (reports, reported) = mpsc::unbounded_channel();
        Changes {
            gateway,
            gate,
            fetcher,
            store,
            jobs: HashMap::new(),
            line: VecDeque::new(),
            proving: None,
            reports,
            reported,
            rollbacks: 0,
            compared: HashSet::new(),
            behaviours: Behaviours::default(),
            unaccepted: None,
            before: None,
            retiring: HashMap::new(),
            last_shadow: None,
            folder: None,
            ending: false,
        }
    }

    /// Runs commands until `End`, or until all senders are gone.
    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        self.complete_reference();
        let faulted = Arc::clone(&self.gateway.faulted);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::End(reply)) => {
                        self.end().await;
                        let _ = reply.send(Ok(()));
                        return;
                    }
                    Some(command) => self.obey(command).await,
                    None => return self.end().await,
                },
                Some(report) = self.reported.recv() => self.report(report).await,
                () = faulted.notified() => {
                    self.judge().await;
                    self.judge_canary().await;
                }
                _ = look.tick(), if !self.retiring.is_empty() => self.sweep(),
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        // The sender may be gone, so a failed reply is ignored.
        match command {
            Command::Begin(job) => self.begin(job).await,
            Command::Left(id) => self.left(id),
            Command::Pin { by, reply } => drop(reply.send(self.pin(by))),
            Command::Unpin { by, reply } => drop(reply.send(self.record(Event::Unpinned { by }))),
            Command::PromoteCanary { by, reply } => drop(reply.send(self.promote(&by).await)),
            Command::StopCanary { by, reply } => drop(reply.send(self.stop_canary(&by))),
            Command::StopShadow { by, reply } => drop(reply.send(self.stop_shadow(&by))),
            Command::Prune { keep, by, reply } => drop(reply.send(self.prune(keep, &by))),
            Command::Reload { reply } => drop(reply.send(Ok(self.reload().await))),
            Command::Folder { status, happened } => self.folder_did(status, happened),
            Command::Unaccepted(behaviour) => self.note_unaccepted(*behaviour),
            Command::LastUnaccepted(reply) => drop(reply.send(Ok(self.unaccepted.clone()))),
            Command::Status(reply) => drop(reply.send(Ok(self.status()))),
            Command::Journal(reply) => drop(reply.send(Ok(self.store.lines().to_vec()))),
            Command::History(reply) => drop(reply.send(Ok(self.store.history().clone()))),
            Command::LastShadow(reply) => drop(reply.send(Ok(self.last_shadow.clone()))),
            Command::End(reply) => drop(reply.send(Ok(()))),
        }
    }

    /// The active version.
    pub(super) fn serving(&self) -> Digest {
        self.gateway.lineup.load().primary.version.digest()
    }

    /// Records an event. When this returns, the event is on disk.
    pub(super) fn record(&mut self, event: Event) -> Result<(), ChangeError> {
        Ok(self.store.record(event)?)
    }

    /// Records an action against a failing version. A disk error is logged and does not stop the action.
    pub(super) fn record_anyway(&mut self, event: Event) {
        if let Err(error) = self.store.record_anyway(event) {
            tracing::error!(%error, "the journal cannot be written; until it can, a restart would not know of this event");
        }
    }

    fn pin(&mut self, by: String) -> Result<Digest, ChangeError> {
        let digest = self.serving();
        self.record(Event::Pinned { digest, by })?;
        Ok(digest)
    }

    /// Counts a rollback, so that a version that is in the gate now is not activated after it.
    pub(super) fn went_back(&mut self) {
        self.rollbacks += 1;
    }

    /// Cancels all jobs, and waits until they have ended.
    async fn end(&mut self) {
        self.ending = true;
        self.jobs.values().for_each(|job| job.cancel.cancel());
        for id in std::mem::take(&mut self.line) {
            if let Some(job) = self.jobs.remove(&id) {
                self.finish(job, Err(ChangeError::Cancelled { step: None }));
            }
        }
        let ended = async {
            while !self.jobs.is_empty()
                && let Some(report) = self.reported.recv().await
            {
                self.report(report).await;
            }
        };
        if timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!(jobs = self.jobs.len(), "cancelled changes have not ended yet");
        }
    }
}
