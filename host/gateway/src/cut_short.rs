//! Answers that the gateway ends early.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failures;
use super::refusal::{Refusal, RefusalKind};
use crate::contract::types::{Failure, FailureKind};

/// When a client that was turned away because the gateway stops should come back: another one has taken over by then.
pub(super) const AFTER_SHUTDOWN: Duration = Duration::from_secs(5);

/// Why the gateway ends an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CutShort {
    /// It takes longer than an answer may (`quarry.limits.turnSeconds`).
    TooLong,
    /// The gateway stops, and the time for streams to finish (`quarry.drainSeconds`) is over.
    ShuttingDown,
    /// Its provider version was retired, and the drain deadline has passed.
    PutAway,
    /// It exceeds the size limit of an answer.
    TooLarge,
    /// Its client has read nothing for too long.
    Stalled,
}

impl CutShort {
    /// The reason, to follow "the answer was ended:".
    pub(crate) fn words(self) -> &'static str {
        match self {
            CutShort::TooLong => "it reached the time limit of an answer (quarry.limits.turnSeconds)",
            CutShort::ShuttingDown => "the gateway is shutting down",
            CutShort::PutAway => "its provider version was retired, and the drain deadline has passed",
            CutShort::TooLarge => "it is larger than 8 MiB, the limit of an answer",
            CutShort::Stalled => "the client has read nothing for too long (quarry.limits.stallSeconds)",
        }
    }

    /// The refusal for a client that was sent nothing yet.
    pub(crate) fn refusal(self) -> Refusal {
        let (kind, retry_after) = match self {
            CutShort::TooLong | CutShort::Stalled => (RefusalKind::Timeout, None),
            CutShort::ShuttingDown => (RefusalKind::ShuttingDown, Some(AFTER_SHUTDOWN)),
            // Another version takes it at once.
            CutShort::PutAway => (RefusalKind::Overloaded, Some(Duration::ZERO)),
            CutShort::TooLarge => (RefusalKind::Upstream, None),
        };
        Refusal { retry_after, ..Refusal::new(kind, format!("the answer was ended: {}", self.words())) }
    }

    /// The failure for a client whose stream is open.
    pub(crate) fn failure(self, request_id: Option<&str>) -> Failure {
        let kind = match self {
            CutShort::TooLong | CutShort::Stalled => FailureKind::Timeout,
            CutShort::ShuttingDown | CutShort::PutAway => FailureKind::Overloaded,
            CutShort::TooLarge => FailureKind::ModelOutput,
        };
        let message = format!("the answer was ended: {}", self.words());
        let retryable = !matches!(self, CutShort::TooLong | CutShort::TooLarge | CutShort::Stalled);
        Failure { retryable, ..failures::failure(kind, message, None, request_id) }
    }
}

/// The deadlines of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    /// The end of its own time, where that is bounded.
    pub(crate) until: Option<Instant>,
    /// Cancelled when the version of the provider ends its answers, as it does when the gateway ends all.
    pub(crate) cut_off: CancellationToken,
    /// Cancelled when the gateway ends all answers.
    pub(crate) stopping: CancellationToken,
}

impl Deadline {
    /// Why the answer must end when it is cut off.
    fn cut_off_by(&self) -> CutShort {
        if self.stopping.is_cancelled() { CutShort::ShuttingDown } else { CutShort::PutAway }
    }

    /// Ready when the answer must end.
    pub(crate) fn passed(&self) -> impl Future<Output = CutShort> + Send + 'static {
        let (until, cut_off) = (self.until, self.cut_off.clone().cancelled_owned());
        let deadline = self.clone();
        async move {
            let over = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = cut_off => deadline.cut_off_by(),
                () = over => CutShort::TooLong,
            }
        }
    }
}
