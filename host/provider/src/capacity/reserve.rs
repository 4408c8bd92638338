//! Sessions that no request gets, so that a gateway that is full can still be operated.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What sessions of the reserve are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Lists of models.
    Listing,
    /// Failed calls that are run again to find whose fault it is.
    Rerun,
    /// Reloads, the gate, activation, rollback, candidates beside the requests, commands.
    Control,
}

/// Sessions for each purpose. A session of a purpose is short but for listings, which wait for AWS; more than these are waited for.
pub(super) const SESSIONS: usize = 32;

/// How long a session of the reserve is waited for: as long as the longest call of another one may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a listing waits: others of the same account that began before ask AWS, and are done then.
const PATIENCE_OF_LISTINGS: Duration = Duration::from_secs(10);

/// How often it is looked for a session of the reserve. Nobody waits unless 32 are in use.
const LOOK: Duration = Duration::from_millis(2);

/// All sessions of one purpose are in use, and none was given back in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all {SESSIONS} reserved sessions are in use; try again later")]
pub struct ReserveInUse;

/// The sessions of each purpose.
#[derive(Debug)]
pub(super) struct Reserve {
    listings: Arc<Semaphore>,
    reruns: Arc<Semaphore>,
    control: Arc<Semaphore>,
}

/// A session of the reserve; given back when this is dropped.
#[derive(Debug)]
pub struct Reserved(#[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 3] = [Purpose::Listing, Purpose::Rerun, Purpose::Control];

    /// Its name in metrics and JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Purpose::Listing => "listings",
            Purpose::Rerun => "reruns",
            Purpose::Control => "control",
        }
    }
}

impl Reserve {
    pub(super) fn new() -> Self {
        let sessions = || Arc::new(Semaphore::new(SESSIONS));
        Reserve { listings: sessions(), reruns: sessions(), control: sessions() }
    }

    fn of(&self, purpose: Purpose) -> &Arc<Semaphore> {
        match purpose {
            Purpose::Listing => &self.listings,
            Purpose::Rerun => &self.reruns,
            Purpose::Control => &self.control,
        }
    }

    /// Waits for a session on this thread.
    pub(super) fn take(&self, purpose: Purpose) -> Result<Reserved, ReserveInUse> {
        let began = Instant::now();
        loop {
            if let Ok(permit) = Arc::clone(self.of(purpose)).try_acquire_owned() {
                return Ok(Reserved(permit));
            }
            if began.elapsed() > PATIENCE {
                return Err(ReserveInUse);
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits for a session of a listing.
    pub(super) async fn listing(&self) -> Result<Reserved, ReserveInUse> {
        match tokio::time::timeout(PATIENCE_OF_LISTINGS, Arc::clone(&self.listings).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Reserved(permit)),
            Ok(Err(_)) | Err(_) => Err(ReserveInUse),
        }
    }

    /// Sessions of a purpose that are not in use.
    pub(super) fn available(&self, purpose: Purpose) -> usize {
        self.of(purpose).available_permits()
    }
}
