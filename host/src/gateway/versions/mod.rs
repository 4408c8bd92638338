//! Versions of the provider in a gateway that runs: putting one to work, going back, putting away.
//!
//! One version at a time is held against the gate, and one change at a time is made, in this order: the gate, the configuration as
//! the version understands it, the journal, the swap. What fails on the way leaves everything as it was; what is in the journal comes
//! back after a crash. Going back waits for no gate.

mod activate;
mod back;
mod canary;
mod crashes;
mod folder;
mod health;
mod reference;
mod restore;
mod resume;
mod retire;
mod shadow;
mod status;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::canary::Trial;
use super::lineup::Version;
use super::shadow::Run;
use super::state::{Gateway, StartError};
use crate::provider::Digest;
use crate::versions::source::{Fetcher, Kept};
use crate::versions::{Downgrade, Gate, Refused, Store, StoreError};

use self::activate::Written;
pub use self::activate::{Activated, Wanted, check_allowed};
pub use self::crashes::{UncleanEnd, book_last_end};
pub use self::folder::{FolderStatus, Offered};
pub use self::restore::{RestoreError, Restored, begin_with, prove, restore, restore_allowing};
pub use self::status::{CanaryStatus, Service, Status, VersionState, VersionStatus};

/// Why a change was not made. Whatever served goes on serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// A step was not passed.
    #[error(transparent)]
    Refused(#[from] Refused),
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
}

/// The versions of a gateway.
#[derive(Debug)]
pub struct Versions {
    gateway: Arc<Gateway>,
    gate: Gate,
    fetcher: Fetcher,
    store: Mutex<Store>,
    /// Held while a version is held against the gate that is to be put to work then, and before `changing`: one after the other.
    proving: tokio::sync::Mutex<()>,
    /// Held while a change is made: one after the other. No candidate is looked at meanwhile, because that may take minutes.
    changing: tokio::sync::Mutex<()>,
    /// How often a person asked to go back.
    rollbacks: AtomicU64,
    loaded: Mutex<Loaded>,
    compared: Mutex<HashSet<Comparison>>,
}

/// A version, a candidate that would send requests where it does, and the fingerprint of what the configuration could name then. It
/// need not be held against it again: going live from the cache of compiled code takes milliseconds.
type Comparison = (Digest, Digest, u64);

/// As many comparisons are remembered.
const COMPARISONS: usize = 256;

/// Versions in memory besides the one that serves.
#[derive(Debug, Default)]
struct Loaded {
    /// The one before, so that going back takes no compilation whatever became of the cache.
    before: Option<Arc<Version>>,
    /// Those that were put away and have requests, and since when they are.
    retiring: HashMap<Digest, (Arc<Version>, Instant)>,
    /// The candidate that gets a part of the requests.
    canary: Option<(Arc<Version>, Arc<Trial>)>,
    /// The candidate that runs beside the requests, or did last.
    shadow: Option<Arc<Run>>,
    /// The folder that is watched.
    folder: Option<FolderStatus>,
}

impl Versions {
    /// The versions of this gateway, which serves the one that was restored.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, gate: Gate, fetcher: Fetcher, store: Store) -> Arc<Self> {
        let versions = Arc::new(Versions {
            gateway,
            gate,
            fetcher,
            store: Mutex::new(store),
            proving: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            rollbacks: AtomicU64::default(),
            loaded: Mutex::default(),
            compared: Mutex::default(),
        });
        health::watch(&versions);
        versions.complete_reference();
        versions
    }

    /// The gateway that serves them.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compared(&self) -> MutexGuard<'_, HashSet<Comparison>> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept for Versions {
    fn digests(&self) -> Result<Vec<Digest>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.store().kept()?)
    }

    fn bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.store().bytes(digest)?)
    }

    fn signature(&self, digest: &Digest) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.store().signature(digest)?)
    }
}
