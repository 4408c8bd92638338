//! A folder that versions are put into: the newest is put to work, if it passes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::command::Command;
use super::{ChangeError, Versions, Wanted};
use crate::provider::Digest;
use crate::versions::source::{Fetched, Folder, Source};
use crate::versions::{Candidate, Event, Step, Unaccepted};

/// How long a folder that cannot be read is left alone.
const REST: Duration = Duration::from_secs(2);

/// A folder that is watched.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderStatus {
    /// The folder.
    pub path: PathBuf,
    /// Why it cannot be read, while it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Who else can change what is in it, where somebody can: what it offers then has to be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writable: Option<String>,
    /// What it offered last since the gateway began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
}

/// A version that a folder offered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Its file.
    pub file: PathBuf,
    /// The version; none where its bytes could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Why it does not serve; none where it was put to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether that is because of what it does differently, which the configuration may accept.
    #[serde(default)]
    pub unaccepted: bool,
}

impl Versions {
    /// Watches a folder: its newest component passes the gate and is activated, or is refused once. Never ends.
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

    /// The file that was refused for what its version does differently, once the configuration accepts other differences.
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
        // Whoever stops the gateway wants no word of it.
        let _ = self.commands.send(Command::Folder { status: status.clone(), happened });
    }

    /// Notes whether the folder can be read; a change is told.
    fn folder_problem(&self, status: &mut FolderStatus, now: Option<String>) {
        if status.problem == now {
            return;
        }
        status.problem = now;
        let path = status.path.display().to_string();
        match &status.problem {
            Some(problem) => tracing::error!(path, problem, "the folder of the provider's versions cannot be read"),
            None => tracing::info!(path, "the folder of the provider's versions can be read again"),
        }
        self.folder_did(status, None);
    }

    /// Acts upon a file of the folder. What was decided of the same bytes and signature last stays decided, also over a restart:
    /// whoever went back from a version does not get it again because its file is still there.
    async fn offer(&self, status: &mut FolderStatus, file: &Path) {
        let fetched = match self.fetcher.fetch(&Source::File(file.to_owned()), &()).await {
            Ok(fetched) => fetched,
            // It is read again when it changes, as every file is.
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
                    "others can put versions of the provider there: what is not signed is refused"
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
            Some(reason) => tracing::error!(file = name, reason, "a version of the folder does not serve"),
            None => tracing::info!(file = name, "a version of the folder serves"),
        }
        status.offered = Some(Offered { file: file.to_owned(), digest, refused: refused.clone(), unaccepted: false });
        self.folder_did(status, Some(Event::Offered { digest, file: name, refused, settled }));
    }
}

impl Changes {
    /// Notes how the folder does, and what became of a version that it offered.
    pub(super) fn folder_did(&mut self, status: FolderStatus, happened: Option<Event>) {
        self.folder = Some(status);
        if let Some(event) = happened
            && let Err(error) = self.record(event)
        {
            tracing::error!(%error, "what became of a version of the folder could not be written down");
        }
    }
}

/// What a decision is about: the component and its signature.
fn mark(fetched: &Fetched) -> Digest {
    let signature = fetched.signature.as_deref().unwrap_or_default();
    Digest::of([fetched.bytes.as_slice(), &[0], signature.as_bytes()].concat().as_slice())
}

/// Whether a refusal is about the version, and holds until its bytes or its signature change. What stands in the way otherwise, a
/// pin or the configuration, may go away: touching the file asks again.
fn settles(error: &ChangeError) -> bool {
    match error {
        ChangeError::Refused(refused) => !matches!(refused.step, Step::Fetch | Step::Configuration | Step::Swap),
        ChangeError::Quarantined { .. } => true,
        _ => false,
    }
}
