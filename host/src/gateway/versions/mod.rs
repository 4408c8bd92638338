//! Versions of the provider in a gateway that runs: activating one, going back, retiring.
//!
//! One task, [`Changes`], owns what may change: the journal, the traffic split, and the jobs of the gate. [`Versions`] asks it. What fails
//! on the way leaves everything as it was; what is in the journal comes back after a crash.

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
use crate::versions::source::Fetcher;
use crate::versions::{Acceptance, Behaviour, Downgrades, Gate, History, Line, Store, Trials};

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

/// The versions of a gateway, for whoever asks. Who stops waiting for a change cancels it, unless it is being written down already:
/// then it is made.
#[derive(Debug)]
pub struct Versions {
    gateway: Arc<Gateway>,
    fetcher: Arc<Fetcher>,
    commands: Commands,
    jobs: AtomicU64,
}

impl Versions {
    /// The versions of this gateway, which serves the one that was restored. Changes end with [`Versions::end`], or when nobody has
    /// this any more.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, gate: Gate, fetcher: Fetcher, store: Store) -> Arc<Self> {
        let fetcher = Arc::new(fetcher);
        let (commands, asked) = mpsc::unbounded_channel();
        let changes = Changes::new(Arc::clone(&gateway), gate, Arc::clone(&fetcher), store);
        tokio::spawn(changes.run(asked));
        Arc::new(Versions { gateway, fetcher, commands, jobs: AtomicU64::default() })
    }

    /// The gateway that serves them.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// The active version.
    #[must_use]
    pub fn serving(&self) -> Digest {
        self.gateway.lineup.load().primary.version.digest()
    }

    /// Activates a version: new requests get it, those under way keep theirs. One that is older than one that served has to be
    /// allowed by the configuration.
    ///
    /// # Errors
    /// With the step that it fails at; whatever served goes on serving.
    pub async fn activate(&self, wanted: Wanted, by: &str) -> Result<Activated, ChangeError> {
        self.activate_allowing(Downgrades::Refused, Acceptance::default(), wanted, by).await
    }

    /// The same, of a version that may be older than one that served, and may do what is accepted differently.
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

    /// Holds a version against the gate, and does not activate it.
    ///
    /// # Errors
    /// With the step that it fails at.
    pub async fn verify(&self, wanted: Wanted, by: &str) -> Result<Activated, ChangeError> {
        self.change(Change::Verify, Acceptance::default(), Some(wanted), by).await
    }

    /// Gives a version a part of the new requests, next to the active one. It takes the place of another candidate. With
    /// `promote_after` it is activated by itself after so many of its requests, unless it is worse; worse ones go in any case.
    ///
    /// # Errors
    /// With the step that it fails at, and when it serves, is quarantined, is older than one that served, or another one is pinned.
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

    /// Runs a version on the inputs of a share of the requests, in per cent, and compares what it makes of them with what the
    /// active version does. No request waits for it, and none gets anything of it. It takes the place of another shadow.
    /// `prompts`: whether what was said may be kept in the differences.
    ///
    /// # Errors
    /// With the step that it fails at, and when it is quarantined.
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

    /// Activates the version again that served before.
    ///
    /// # Errors
    /// When none did, the active one is pinned, or the other cannot be loaded any more.
    pub async fn roll_back(&self, by: &str) -> Result<Activated, ChangeError> {
        self.change(Change::RollBack, Acceptance::default(), None, by).await
    }

    /// Keeps the active version until [`Versions::unpin`].
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn pin(&self, by: &str) -> Result<Digest, ChangeError> {
        self.ask(|reply| Command::Pin { by: by.to_owned(), reply }).await
    }

    /// Allows other versions again.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn unpin(&self, by: &str) -> Result<(), ChangeError> {
        self.ask(|reply| Command::Unpin { by: by.to_owned(), reply }).await
    }

    /// Activates the candidate that gets a part of the requests.
    ///
    /// # Errors
    /// When there is none, or it cannot be activated.
    pub async fn promote_canary(&self, by: &str) -> Result<Activated, ChangeError> {
        self.ask(|reply| Command::PromoteCanary { by: by.to_owned(), reply }).await
    }

    /// Gives the candidate no more requests; those under way finish on it.
    ///
    /// # Errors
    /// When there is none, or it cannot be written down.
    pub async fn stop_canary(&self, by: &str) -> Result<Digest, ChangeError> {
        self.ask(|reply| Command::StopCanary { by: by.to_owned(), reply }).await
    }

    /// Ends the comparing. What was found can still be asked for.
    ///
    /// # Errors
    /// When there is no shadow, or it cannot be written down.
    pub async fn stop_shadow(&self, by: &str) -> Result<Digest, ChangeError> {
        self.ask(|reply| Command::StopShadow { by: by.to_owned(), reply }).await
    }

    /// What the shadow found, also when it was stopped; none before the first.
    ///
    /// # Errors
    /// When the thread that looks is stopped.
    pub async fn shadow_report(&self) -> Result<Option<ShadowReport>, ChangeError> {
        let Some(run) = self.ask(Command::LastShadow).await? else { return Ok(None) };
        // It waits while an input is compared, and writes specimens of any size down.
        Ok(Some(tokio::task::spawn_blocking(move || run.report()).await?))
    }

    /// Removes the bytes of versions that neither serve, are pinned, are in the gate, nor would be gone back to, but for the `keep`
    /// latest.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub async fn prune(&self, keep: usize, by: &str) -> Result<Vec<Digest>, ChangeError> {
        self.ask(|reply| Command::Prune { keep, by: by.to_owned(), reply }).await
    }

    /// The differences for which a version was not activated last; none where none was, or it was activated since.
    ///
    /// # Errors
    /// When the gateway stops.
    pub async fn unaccepted(&self) -> Result<Option<Behaviour>, ChangeError> {
        self.ask(Command::LastUnaccepted).await
    }

    /// Notes the differences for which the version that the configuration names was not activated at the start.
    pub fn unaccepted_at_start(&self, behaviour: Behaviour) {
        let _ = self.commands.send(Command::Unaccepted(Box::new(behaviour)));
    }

    /// The versions, and how each is doing.
    ///
    /// # Errors
    /// When the gateway stops.
    pub async fn status(&self) -> Result<Status, ChangeError> {
        self.ask(Command::Status).await
    }

    /// The last lines of the journal, the latest last.
    ///
    /// # Errors
    /// When the gateway stops.
    pub async fn journal(&self) -> Result<Vec<Line>, ChangeError> {
        self.ask(Command::Journal).await
    }

    /// Reads the configuration again and has it used. Requests under way keep theirs, and connections their limits of time and of
    /// heads. Where to listen, the number of connections, the folder that is watched, and logs stay as they were at the start.
    ///
    /// # Errors
    /// When it cannot be used: the one at work stays.
    pub async fn reload(&self) -> Result<(), StartError> {
        match self.ask(|reply| Command::Reload { reply }).await {
            Ok(reloaded) => reloaded,
            // A gateway that stops reads nothing again, and nobody misses it.
            Err(_) => Ok(()),
        }
    }

    /// Goes on with the candidates that the gateway before had, as far as nobody began others meanwhile. One that cannot go on ends, and
    /// that is told in the log and written down. Waits for nothing.
    pub fn resume(&self, trials: Trials) {
        let resumed = Job::resuming(trials, || self.next_job());
        for job in resumed {
            let _ = self.commands.send(Command::Begin(job));
        }
    }

    /// Cancels what is under way, and makes no change from now on.
    pub async fn end(&self) {
        // It has ended already where it cannot be asked.
        let _ = self.ask(Command::End).await;
    }

    /// What the journal comes to.
    async fn history(&self) -> Result<History, ChangeError> {
        self.ask(Command::History).await
    }

    /// Has a change made. It is cancelled when this is dropped.
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
