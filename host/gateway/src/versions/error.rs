//! Errors of changes.

use crate::provider::Digest;
use crate::state::StartError;
use quarry_versions::{Downgrade, GateError, Refused, Step, StoreError, Unaccepted};

/// Why a change was not made. The active version stays active.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The version failed a step of the gate.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The differences of the version are not accepted.
    #[error(transparent)]
    Unaccepted(#[from] Unaccepted),
    /// The client disconnected, or the gateway is stopping.
    #[error("the change was cancelled{}", at(*step))]
    Cancelled {
        /// The unfinished step; `None` if the job was still in line.
        step: Option<Step>,
    },
    /// The folder of versions.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The version is older than an earlier version.
    #[error(transparent)]
    Downgrade(#[from] Downgrade),
    /// Another version is pinned.
    #[error("{digest:?} is pinned: no other version is activated until it is unpinned")]
    Pinned {
        /// The version.
        digest: Digest,
    },
    /// The version failed too often before.
    #[error("{digest:?} is quarantined: {reason}; to lift the quarantine, verify it again")]
    Quarantined {
        /// The version.
        digest: Digest,
        /// The reason of the quarantine.
        reason: String,
    },
    /// A rollback happened while this version was in the gate.
    #[error("a rollback to {serving:?} happened meanwhile; to activate this version all the same, repeat the command")]
    WentBack {
        /// The active version.
        serving: Digest,
    },
    /// Another version was activated while the previous one was being loaded.
    #[error("{serving:?} was activated meanwhile; to roll back all the same, repeat the command")]
    Overtaken {
        /// The active version.
        serving: Digest,
    },
    /// The trial from before the restart was compared with another version.
    #[error("another version was activated since the start")]
    OtherVersion,
    /// Another candidate replaced the one from before the restart.
    #[error("another candidate replaced it")]
    OtherCandidate,
    /// The active version cannot be a candidate.
    #[error("{digest:?} is active already")]
    Serves {
        /// The version.
        digest: Digest,
    },
    /// No canary is running.
    #[error("no canary is running")]
    NoCanary,
    /// No shadow is running.
    #[error("no shadow is running")]
    NoShadow,
    /// No thread can be started.
    #[error("no thread can be started: {0}")]
    Thread(std::io::Error),
    /// The share is out of range.
    #[error("a share must be from 1 to {most} per cent")]
    Share {
        /// The largest share, in per cent.
        most: u8,
    },
    /// No client key of this name is configured.
    #[error("the configuration has no client key {name:?}")]
    UnknownKey {
        /// The name.
        name: String,
    },
    /// There is no previous version.
    #[error("there is no previous version")]
    NothingBefore,
    /// No version of this digest is known.
    #[error("the version {digest} does not exist; `quarry provider list` shows the versions")]
    Unknown {
        /// The requested digest.
        digest: String,
    },
    /// A thread of the gateway was stopped.
    #[error("the change was not finished: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    /// The configuration could not be read, for a reason that is not the version's.
    #[error(transparent)]
    Configuration(StartError),
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Ended,
}

impl From<GateError> for ChangeError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Refused(refused) => ChangeError::Refused(refused),
            GateError::Cancelled { step } => ChangeError::Cancelled { step: Some(step) },
        }
    }
}

fn at(step: Option<Step>) -> String {
    step.map_or_else(String::new, |step| format!(" at `{step}`"))
}
