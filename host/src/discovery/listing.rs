//! The listing of a session, stepped off the async workers.

use crate::contract::config::Settings;
use crate::contract::models::{ListingOptions, Step, Supply};
use crate::discovery::ListingStepper;
use crate::provider::{ProviderError, Session};

/// A session whose listing is open.
///
/// Reading the pages of a region takes the provider several milliseconds, so each step runs on a blocking thread. The session
/// moves there and back.
#[derive(Debug)]
pub struct SessionListing {
    /// Away while a step runs, and for good once a step was dropped before its end.
    session: Option<Session>,
}

/// Why a step did not come back.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// The provider trapped, took too long or gave back too much.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The thread that ran the step was stopped.
    #[error("the thread that lists models was stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    /// A step before this one was dropped before its end, and took the session with it.
    #[error("the listing was given up in the middle of a step and cannot go on")]
    GivenUp,
}

impl SessionListing {
    /// Begins a listing.
    ///
    /// # Errors
    /// When the provider fails.
    pub fn open(mut session: Session, settings: &Settings, options: ListingOptions) -> Result<Self, ProviderError> {
        session.open_listing(settings, options)?;
        Ok(SessionListing { session: Some(session) })
    }

    /// The session, for other calls, once the listing is over.
    #[must_use]
    pub fn into_session(self) -> Option<Session> {
        self.session
    }
}

impl ListingStepper for SessionListing {
    type Error = ListingError;

    async fn resume(&mut self, supplies: Vec<Supply>) -> Result<Step, ListingError> {
        let mut session = self.session.take().ok_or(ListingError::GivenUp)?;
        let (session, step) = tokio::task::spawn_blocking(move || {
            let step = session.resume(&supplies);
            (session, step)
        })
        .await?;
        self.session = Some(session);
        Ok(step?)
    }
}
