//! The watched folder: its newest component is activated if it passes the gate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::command::Command;
use super::{ChangeError, Versions, Wanted};
use crate::provider::Digest;
use quarry_versions::source::{Fetched, Folder, Source};
use quarry_versions::{Candidate, Event, Step, Unaccepted};

/// The time between two attempts to read a folder that cannot be read.
const REST: Duration = Duration::from_secs(2);

/// The state of the watched folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderStatus {
    /// The folder.
    pub path: PathBuf,
    /// The reason why the folder cannot be read, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The other users that can write to the folder, if there are any. Its components must then be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writable: Option<String>,
    /// The last component that was found since the gateway started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
}

/// A component that was found in the folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Its file.
    pub file: PathBuf,
    /// The digest; `None` if the file could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Why it was not activated; `None` if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether the reason is a difference, which the configuration can accept.
    #[serde(default)]
    pub unaccepted: bool,
}

impl Versions {
    /// Watches a folder: the newest component is activated if it passes the gate, and refused once if it does not.
    /// Never returns.
    pub async fn watch_folder(&self, path: PathBuf) {
        let mut folder = Folder::begin(path.clone());
        let mut status = FolderStatus { path, problem: None, writable: None, offered: None };
        self.folder_did(&status, None);
        loop {
            let changed = tokio::select! {
                changed = folder.changed() => changed,
                file = self.acceptable(&status) => Ok(file),
            };
            match changed {
                Ok(file) => self.offer(&mut status, &file).await,
                Err(error) => {
                    self.folder_problem(&mut status, Some(error.to_string()));
                    tokio::time::sleep(REST).await;
                    while let Err(error) = folder.readable().await {
                        self.folder_problem(&mut status, Some(error.to_string()));
                        tokio::time::sleep(REST).await;
                    }
                    self.folder_problem(&mut status, None);
                }
            }
        }
    }

    /// Waits until the configuration accepts other differences. Returns the file that was refused because of its
    /// differences.
    async fn acceptable(&self, status: &FolderStatus) -> PathBuf {
        let accepted = || self.gateway.effective().configuration.gateway.provider.accept.clone();
        let before = accepted();
        loop {
            tokio::time::sleep(REST).await;
            if let Some(Offered { file, unaccepted: true, .. }) = &status.offered
                && accepted() != before
            {
                return file.clone();
            }
        }
    }

    fn folder_did(&self, status: &FolderStatus, happened: Option<Event>) {
        // Nobody needs this state when the gateway is stopping.
        let _ = self.commands.send(Command::Folder { status: status.clone(), happened });
    }

    /// Updates whether the folder can be read, and logs a change.
    fn folder_problem(&self, status: &mut FolderStatus, now: Option<String>) {
        if status.problem == now {
            return;
        }
        status.problem = now;
        let path = status.path.display().to_string();
        match &status.problem {
            Some(problem) => tracing::error!(path, problem, "the watched folder cannot be read"),
            None => tracing::info!(path, "the watched folder can be read again"),
        }
        self.folder_did(status, None);
    }

    /// Handles a file of the folder. A decision about the same bytes and signature stays, also after a restart: a
    /// version is not activated again after a rollback because its file is still there.
    async fn offer(&self, status: &mut FolderStatus, file: &Path) {
        let fetched = match self.fetcher.fetch(&Source::File(file.to_owned()), &()).await {
            Ok(fetched) => fetched,
            // A changed file is read again, as every file is.
            Err(error) => return self.offered(status, file, None, Some(error.to_string()), None),
        };
        let signers = self.gateway.effective().configuration.gateway.provider.signers.clone();
        let writable = fetched.flaws.first().map(ToString::to_string);
        if status.writable != writable {
            status.writable = writable;
            if let Some(reason) = &status.writable {
                let path = status.path.display().to_string();
                tracing::warn!(
                    path,
                    reason,
                    "other users can write to the watched folder: unsigned components are refused"
                );
            }
        }
        if let Err(error) = fetched.check_owner(&signers) {
            return self.offered(status, file, Some(fetched.digest), Some(error.to_string()), None);
        }
        let (digest, mark) = (fetched.digest, mark(&fetched));
        if self.history().await.is_ok_and(|history| history.offered == Some(mark)) {
            return self.folder_did(status, None);
        }
        let by = format!("the folder {}", file.parent().unwrap_or(file).display());
        let activated = self.activate(Wanted::Given(Candidate::from(fetched)), &by).await;
        let settled = activated.as_ref().map_or_else(settles, |_| true).then_some(mark);
        let unaccepted = match &activated {
            Err(ChangeError::Unaccepted(Unaccepted::Kinds(behaviour))) => Some(behaviour),
            _ => None,
        };
        let accepted = self.gateway.effective().configuration.gateway.provider.accept.clone();
        let to_write = unaccepted.map(|behaviour| behaviour.configuration(&accepted));
        let is_unaccepted = to_write.is_some();
        let refused = activated.err().map(|error| match to_write {
            Some(to_write) => format!("{error}; to accept that, write {to_write}"),
            None => error.to_string(),
        });
        self.offered(status, file, Some(digest), refused, settled);
        if let Some(offered) = status.offered.as_mut().filter(|_| is_unaccepted) {
            offered.unaccepted = true;
            self.folder_did(status, None);
        }
    }

    fn offered(
        &self,
        status: &mut FolderStatus,
        file: &Path,
        digest: Option<Digest>,
        refused: Option<String>,
        settled: Option<Digest>,
    ) {
        let name = file.display().to_string();
        match &refused {
            Some(reason) => tracing::error!(file = name, reason, "a component of the watched folder was not activated"),
            None => tracing::info!(file = name, "a component of the watched folder is active"),
        }
        status.offered = Some(Offered { file: file.to_owned(), digest, refused: refused.clone(), unaccepted: false });
        self.folder_did(status, Some(Event::Offered { digest, file: name, refused, settled }));
    }
}

impl Changes {
    /// Updates the state of the folder, and records the result for a component that it offered.
    pub(super) fn folder_did(&mut self, status: FolderStatus, happened: Option<Event>) {
        self.folder = Some(status);
        if let Some(event) = happened
            && let Err(error) = self.record(event)
        {
            tracing::error!(%error, "the result for a component of the watched folder could not be recorded in the journal");
        }
    }
}

/// What a decision is about: the component and its signature.
fn mark(fetched: &Fetched) -> Digest {
    let signature = fetched.signature.as_deref().unwrap_or_default();
    Digest::of([fetched.bytes.as_slice(), &[0], signature.as_bytes()].concat().as_slice())
}

/// Whether a refusal is about the version, so that it stays until the bytes or the signature change. Other reasons,
/// such as a pin or the configuration, may disappear: touching the file tries again.
fn settles(error: &ChangeError) -> bool {
    match error {
        ChangeError::Refused(refused) => !matches!(refused.step, Step::Fetch | Step::Configuration | Step::Swap),
        ChangeError::Quarantined { .. } => true,
        _ => false,
    }
}
