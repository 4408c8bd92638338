//! Versions of the provider in a running gateway: activation, rollback, canary, shadow and retirement.
//!
//! One task, [`Changes`], owns everything that changes: the journal, the traffic split and the jobs of the gate.
//! [`Versions`] sends it commands. A failed change leaves the state as it was, and recorded changes survive a crash.

mod activate;
mod back;
mod behaviour;
mod canary;
mod changes;
mod command;
mod crashes;
mod error;
mod folder;
mod health;
mod job;
mod line;
mod proof;
mod reference;
mod restore;
mod resume;
mod retire;
mod shadow;
mod status;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::canary::CanaryRule;
use super::shadow::ShadowReport;
use super::state::{Gateway, StartError};
use crate::provider::Digest;
use quarry_versions::source::Fetcher;
use quarry_versions::{Acceptance, Behaviour, Downgrades, Gate, History, Line, Store, Trials};

use self::changes::Changes;
use self::command::{Command, Commands, Reply};
use self::job::{Change, Job};

pub use self::activate::check_allowed;
pub use self::behaviour::UnacceptedStatus;
pub use self::crashes::{UncleanEnd, book_last_end};
pub use self::error::ChangeError;
pub use self::folder::{FolderStatus, Offered};
pub use self::job::{Activated, Wanted};
pub use self::restore::{RestoreError, Restored, accept, begin_with, prove, restore, restore_allowing};
pub use self::status::{CanaryStatus, Service, Status, VersionState, VersionStatus};

/// The handle of the versions of a gateway. Dropping the future of a change cancels it, unless the change is being
/// recorded already: then it is made.
#[derive(Debug)]
pub struct Versions {
    gateway: Arc<Gateway>,
    fetcher: Arc<Fetcher>,
    commands: Commands,
    jobs: AtomicU64,
}

impl Versions {
    /// Makes the handle for a gateway that serves the restored version. Changes end with [`Versions::end`], or when the
    /// last handle is dropped.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, gate: Gate, fetcher: Fetcher, store: Store) -> Arc<Self> {
        let fetcher = Arc::new(fetcher);
        let (commands, asked) = mpsc::unbounded_channel();
        let changes = Changes::new(Arc::clone(&gateway), gate, Arc::clone(&fetcher), store);
        tokio::spawn(changes.run(asked));
        Arc::new(Versions { gateway, fetcher, commands, jobs: AtomicU64::default() })
    }

    /// The gateway.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// The active version.
    #[must_use]
    pub fn serving(&self) -> Digest {
        self.gateway.lineup.load().primary.version.digest()
    }

    /// Activates a version for new requests; requests under way keep theirs. A version that is older than an earlier
    /// one must be allowed by the configuration.
    ///
    /// # Errors
    /// With the step that the version fails at. The active version stays active.
    pub async fn activate(&self, wanted: Wanted, by: &str) -> Result<Activated, ChangeError> {
        self.activate_allowing(Downgrades::Refused, Acceptance::default(), wanted, by).await
    }

    /// As [`Versions::activate`], with downgrades and differences that the caller accepts.
    ///
    /// # Errors
    /// As [`Versions::activate`].
    pub async fn activate_allowing(
        &self,
        downgrades: Downgrades,
        acceptance: Acceptance,
        wanted: Wanted,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        self.change(Change::Activate(downgrades), acceptance, Some(wanted), by).await
    }

    /// Runs the gate on a version without activating it.
    ///
    /// # Errors
    /// With the step that the version fails at.
    pub async fn verify(&self, wanted: Wanted, by: &str) -> Result<Activated, ChangeError> {
        self.change(Change::Verify, Acceptance::default(), Some(wanted), by).await
    }

    /// Starts a canary: a version serves a part of the new requests, next to the active version. It replaces another
    /// canary. With `promote_after` it is promoted automatically after so many requests, unless it is worse. A worse
    /// canary always ends.
    ///
    /// # Errors
    /// With the step that the version fails at, and when it is active, quarantined or older than an earlier version, or
    /// another version is pinned.
    pub async fn begin_canary(
        &self,
        wanted: Wanted,
        rule: CanaryRule,
        promote_after: Option<u64>,
        downgrades: Downgrades,
        acceptance: Acceptance,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        self.change(Change::Canary { rule, promote_after, downgrades }, acceptance, Some(wanted), by).await
    }

    /// Starts a shadow: runs a version on the inputs of a share of the requests, in per cent, and compares the results
    /// with those of the active version. No request waits for it, and no client gets its results. It replaces another
    /// shadow. `prompts`: whether differences may contain the original text.
    ///
    /// # Errors
    /// With the step that the version fails at, and when it is quarantined.
    pub async fn begin_shadow(
        &self,
        wanted: Wanted,
        share: u8,
        prompts: bool,
        acceptance: Acceptance,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        self.change(Change::Shadow { share, prompts }, acceptance, Some(wanted), by).await
    }

    /// Activates the previous version again.
    ///
    /// # Errors
    /// When there is none, the active version is pinned, or the previous one cannot be loaded.
    pub async fn roll_back(&self, by: &str) -> Result<Activated, ChangeError> {
        self.change(Change::RollBack, Acceptance::default(), None, by).await
    }

    /// Pins the active version until [`Versions::unpin`].
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub async fn pin(&self, by: &str) -> Result<Digest, ChangeError> {
        self.ask(|reply| Command::Pin { by: by.to_owned(), reply }).await
    }

    /// Removes the pin.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub async fn unpin(&self, by: &str) -> Result<(), ChangeError> {
        self.ask(|reply| Command::Unpin { by: by.to_owned(), reply }).await
    }

    /// Promotes the canary.
    ///
    /// # Errors
    /// When there is none, or it cannot be activated.
    pub async fn promote_canary(&self, by: &str) -> Result<Activated, ChangeError> {
        self.ask(|reply| Command::PromoteCanary { by: by.to_owned(), reply }).await
    }

    /// Ends the canary; its requests under way finish on it.
    ///
    /// # Errors
    /// When there is none, or the end cannot be recorded.
    pub async fn stop_canary(&self, by: &str) -> Result<Digest, ChangeError> {
        self.ask(|reply| Command::StopCanary { by: by.to_owned(), reply }).await
    }

    /// Ends the shadow. Its report stays available.
    ///
    /// # Errors
    /// When there is no shadow, or the end cannot be recorded.
    pub async fn stop_shadow(&self, by: &str) -> Result<Digest, ChangeError> {
        self.ask(|reply| Command::StopShadow { by: by.to_owned(), reply }).await
    }

    /// The report of the running or last shadow; `None` before the first one.
    ///
    /// # Errors
    /// When the thread that makes the report is stopped.
    pub async fn shadow_report(&self) -> Result<Option<ShadowReport>, ChangeError> {
        let Some(run) = self.ask(Command::LastShadow).await? else { return Ok(None) };
        // The report waits for a comparison under way, and serialises specimens of any size.
        Ok(Some(tokio::task::spawn_blocking(move || run.report()).await?))
    }

    /// Removes the bytes of versions, except those that are active, pinned, in the gate or needed for a rollback, and
    /// the `keep` latest others.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub async fn prune(&self, keep: usize, by: &str) -> Result<Vec<Digest>, ChangeError> {
        self.ask(|reply| Command::Prune { keep, by: by.to_owned(), reply }).await
    }

    /// The differences for which a version was not activated last; `None` if there are none, or if it was activated
    /// since.
    ///
    /// # Errors
    /// When the gateway is stopping.
    pub async fn unaccepted(&self) -> Result<Option<Behaviour>, ChangeError> {
        self.ask(Command::LastUnaccepted).await
    }

    /// Remembers the differences for which the configured version was not activated at the start.
    pub fn unaccepted_at_start(&self, behaviour: Behaviour) {
        let _ = self.commands.send(Command::Unaccepted(Box::new(behaviour)));
    }

    /// The state of all versions.
    ///
    /// # Errors
    /// When the gateway is stopping.
    pub async fn status(&self) -> Result<Status, ChangeError> {
        self.ask(Command::Status).await
    }

    /// The last lines of the journal, the latest last.
    ///
    /// # Errors
    /// When the gateway is stopping.
    pub async fn journal(&self) -> Result<Vec<Line>, ChangeError> {
        self.ask(Command::Journal).await
    }

    /// Reads the configuration again and activates it. Requests under way keep theirs, and connections keep their time
    /// limits and head limits. Returns the changed settings that wait for a restart.
    ///
    /// # Errors
    /// When it is rejected: the active configuration stays active.
    pub async fn reload(&self) -> Result<Vec<&'static str>, StartError> {
        match self.ask(|reply| Command::Reload { reply }).await {
            Ok(reloaded) => reloaded,
            // A stopping gateway needs no reload.
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Resumes the canary and the shadow of the previous process, unless others were started meanwhile. A trial that
    /// cannot be resumed ends; the log and the journal report it. Returns without waiting.
    pub fn resume(&self, trials: Trials) {
        let resumed = Job::resuming(trials, || self.next_job());
        for job in resumed {
            let _ = self.commands.send(Command::Begin(job));
        }
    }

    /// Cancels all jobs, and makes no change from now on.
    pub async fn end(&self) {
        // If the command cannot be sent, the owner has ended already.
        let _ = self.ask(Command::End).await;
    }

    /// The state that the journal describes.
    async fn history(&self) -> Result<History, ChangeError> {
        self.ask(Command::History).await
    }

    /// Makes a change. Dropping the future cancels it.
    async fn change(
        &self,
        change: Change,
        acceptance: Acceptance,
        wanted: Option<Wanted>,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::new(self.next_job(), change, wanted, by, Some(reply)).accepting(acceptance);
        let _asking = job.asked_by(self.commands.clone());
        self.commands.send(Command::Begin(job)).map_err(|_| ChangeError::Ended)?;
        answer.await.map_err(|_| ChangeError::Ended)?
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, ChangeError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| ChangeError::Ended)?;
        answer.await.map_err(|_| ChangeError::Ended)?
    }

    fn next_job(&self) -> u64 {
        self.jobs.fetch_add(1, Ordering::Relaxed)
    }
}
