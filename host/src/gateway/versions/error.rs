//! Why a change is not made.

use crate::gateway::state::StartError;
use crate::provider::Digest;
use crate::versions::{Downgrade, GateError, Refused, Step, StoreError, Unaccepted};

/// Why a change was not made. Whatever served goes on serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// A step was not passed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It does something differently that nobody accepted.
    #[error(transparent)]
    Unaccepted(#[from] Unaccepted),
    /// Whoever asked left, or the gateway stops.
    #[error("the change was cancelled{}", at(*step))]
    Cancelled {
        /// The step that was not finished; none while it waited for others.
        step: Option<Step>,
    },
    /// The folder of versions.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is older than one that served.
    #[error(transparent)]
    Downgrade(#[from] Downgrade),
    /// Another version is pinned.
    #[error("{digest:?} is pinned: no other version is activated until it is unpinned")]
    Pinned {
        /// The version.
        digest: Digest,
    },
    /// The version failed too often before.
    #[error("{digest:?} is quarantined: {reason}; verify it again to lift that")]
    Quarantined {
        /// The version.
        digest: Digest,
        /// What it did.
        reason: String,
    },
    /// Somebody went back while this version was looked at.
    #[error("somebody went back to {serving:?} meanwhile; activate this version again if it is wanted still")]
    WentBack {
        /// The version that serves.
        serving: Digest,
    },
    /// Another version was activated while the previous one was loaded.
    #[error("{serving:?} was activated meanwhile; roll back again if that is wanted still")]
    Overtaken {
        /// The version that serves.
        serving: Digest,
    },
    /// The trial of before the start was held against another version.
    #[error("another version serves since the start")]
    OtherVersion,
    /// Another candidate took the place of the one of before the start.
    #[error("another candidate took its place")]
    OtherCandidate,
    /// The version that serves cannot be its own candidate.
    #[error("{digest:?} serves already")]
    Serves {
        /// The version.
        digest: Digest,
    },
    /// No version is on trial.
    #[error("no version gets a part of the requests")]
    NoCanary,
    /// No version runs beside the requests.
    #[error("no version runs beside the requests")]
    NoShadow,
    /// No thread can be started.
    #[error("no thread can be started: {0}")]
    Thread(std::io::Error),
    /// A share that is none.
    #[error("a share is from 1 to {most} per cent")]
    Share {
        /// The largest.
        most: u8,
    },
    /// No client key of this name is configured.
    #[error("the configuration has no key {name:?}")]
    UnknownKey {
        /// The name.
        name: String,
    },
    /// There is nothing to go back to.
    #[error("no version served before the one that serves")]
    NothingBefore,
    /// No version of this digest is known.
    #[error("there is no version {digest}; `quarry provider list` shows those that there are")]
    Unknown {
        /// What was asked for.
        digest: String,
    },
    /// A thread was stopped.
    #[error("the change was not finished: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    /// The configuration could not be read, for a reason that is not the version's.
    #[error(transparent)]
    Configuration(StartError),
    /// No change is made any more.
    #[error("the gateway stops")]
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
