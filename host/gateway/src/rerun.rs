//! Whose fault a failed call of the provider is. A provider is a pure function, so the call is run again: by the same version, which
//! tells a busy machine from a failure, and by another version, which tells the input from the version.

use std::sync::Arc;
use std::time::Duration;

use super::lineup::{Seat, Taken};
use super::refusal::{Refusal, RefusalKind};
use super::worker::beside_the_worker;
use crate::blame::Blame;
use crate::capacity::Purpose;
use crate::provider::{Generation, ProviderError, Session};

/// When to try again while there is no room for another instance. Nobody knows when a request ends.
const UNTIL_ONE_ENDS: Duration = Duration::from_secs(1);

/// What a client is told of a provider that fails.
pub(super) const PROVIDERS_BUG: &str =
    "this is a bug of the provider component, and not an error of the request or of AWS";

/// The reference version on which failed calls of a request are repeated, and the id of the request's input.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    seat: Option<Seat>,
    input: u64,
    /// Whether the request is a candidate's and the seat the active version's.
    of_candidate: bool,
}

/// A failed call, and who is to blame.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Fault {
    /// Who is to blame.
    pub blame: Blame,
    /// The failure of the call.
    #[source]
    pub error: Box<ProviderError>,
}

impl Reference {
    /// For a request with this body. Without a version to compare with nothing is confirmed.
    pub(super) fn new(taken: &Taken, body: &[u8]) -> Self {
        // Every request pays for this and few need it, so it is a checksum: bodies have megabytes.
        let input = (body.len() as u64) << 32 | u64::from(crc32fast::hash(body));
        Reference { seat: taken.reference().cloned(), input, of_candidate: taken.is_candidate() }
    }

    /// The active version, for a request of a candidate.
    pub(super) fn active(&self) -> Option<&Seat> {
        self.seat.as_ref().filter(|_| self.of_candidate)
    }

    /// The version to compare with, where there is one.
    pub(super) fn compared(reference: Option<&Self>) -> Option<(&Self, &Seat)> {
        reference.and_then(|reference| Some((reference, reference.seat()?)))
    }

    /// The version to compare with.
    pub(super) fn seat(&self) -> Option<&Seat> {
        self.seat.as_ref()
    }

    /// Runs a failed call again, in new sessions: `call` gets one of the same version, then one of the other with its seat. What a
    /// version makes of it is used, whichever it is; where only the other version does it, the fault of the first is confirmed.
    /// It takes up to two more calls, and belongs beside the async workers.
    ///
    /// # Errors
    /// When no version does it.
    pub(super) fn rerun<T>(
        &self,
        generation: &Arc<Generation>,
        failed: ProviderError,
        call: impl Fn(Session, Option<&Seat>) -> Result<T, ProviderError>,
    ) -> Result<(T, Arc<Generation>), Fault> {
        if let Some(blame) = blame_without_rerun(&failed) {
            return Err(Fault::new(blame, failed));
        }
        let error = match generation.session_for(Purpose::Rerun).and_then(|session| call(session, None)) {
            Ok(done) => return Ok((done, Arc::clone(generation))),
            Err(error) => error,
        };
        if let Some(blame) = blame_without_rerun(&error) {
            return Err(Fault::new(blame, error));
        }
        let Some(seat) = &self.seat else { return Err(Fault::new(Blame::Provider, error)) };
        let other = &seat.version.generation;
        match other.session_for(Purpose::Rerun).and_then(|session| call(session, Some(seat))) {
            Ok(done) => {
                self.confirm(generation, &error);
                Ok((done, Arc::clone(other)))
            }
            Err(same) => Err(Fault::new(blame_without_rerun(&same).unwrap_or(Blame::Client), error)),
        }
    }

    /// The version is to blame for a failure.
    pub(super) fn confirm(&self, generation: &Generation, error: &ProviderError) {
        tracing::warn!(version = %generation.digest(), %error, "the provider failed on an input that another version handles");
        generation.faults().confirm(self.input);
    }
}

/// Runs a call again that failed before the turn was open.
pub(super) fn rerun<T>(
    reference: Option<&Reference>,
    session: &Session,
    failed: ProviderError,
    call: impl Fn(Session) -> Result<T, ProviderError>,
) -> Result<T, Fault> {
    let alone = Reference::default();
    let reference = reference.unwrap_or(&alone);
    beside_the_worker(|| reference.rerun(session.generation(), failed, |session, _| call(session)))
        .map(|(done, _)| done)
}

/// The blame for failures that are never the input's: there is no room for an instance, or the host called out of order.
pub(super) fn blame_without_rerun(error: &ProviderError) -> Option<Blame> {
    let host = matches!(
        error,
        ProviderError::Full(_)
            | ProviderError::Reserve(_)
            | ProviderError::Instantiate { .. }
            | ProviderError::OutOfOrder { .. }
    );
    host.then_some(Blame::Host)
}

impl Fault {
    pub(super) fn new(blame: Blame, error: ProviderError) -> Self {
        Fault { blame, error: Box::new(error) }
    }

    /// A failure that no other version was asked about.
    pub(super) fn unconfirmed(error: ProviderError) -> Self {
        Fault::new(blame_without_rerun(&error).unwrap_or(Blame::Provider), error)
    }
}

impl From<&Fault> for Refusal {
    /// For a client whose answer did not begin.
    fn from(fault: &Fault) -> Self {
        let refusal = match (fault.blame, &*fault.error) {
            (_, ProviderError::Full(full)) => Refusal::from(full),
            (Blame::Host, ProviderError::Reserve(_) | ProviderError::Instantiate { .. }) => {
                let message = "the gateway is full; try again later";
                let full = Refusal::new(RefusalKind::Overloaded, message);
                Refusal { retry_after: Some(UNTIL_ONE_ENDS), ..full }
            }
            (Blame::Client, ProviderError::OutOfMemory { .. } | ProviderError::Deadline { .. }) => {
                let message = "the request is too large or too complex: it exceeds the memory or time of one request; send less text, fewer tools or smaller schemas";
                Refusal::new(RefusalKind::TooLarge, message)
            }
            (Blame::Client, error) => {
                let message = format!("no provider version can handle this request: {error}");
                Refusal::new(RefusalKind::Invalid, message)
            }
            (_, error) => Refusal::new(RefusalKind::Internal, format!("{error} ({PROVIDERS_BUG})")),
        };
        Refusal { blame: fault.blame, ..refusal }
    }
}
