//! Why there are no credentials.

use super::profile::ProfileMeans;
use super::source::Source;

/// Why there are no credentials to sign with. The words are the SDK's; no secret is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialProblem {
    /// No source has any.
    #[error("none found")]
    Missing {
        /// The sources that were asked, each with what it said.
        asked: Vec<String>,
    },
    /// A source is there and failed. No later one is asked: it would be another identity than the one that was meant.
    #[error("not usable: {reason}")]
    Failed {
        /// Which one.
        of: Source,
        /// How it was to get them, where it is a profile that says so.
        means: Option<ProfileMeans>,
        /// What it said.
        reason: String,
        /// What the process of a profile wrote on its standard error. It is for who runs this machine, and may be anything: those
        /// whose requests fail are not told, nor is the log.
        complaint: Option<String>,
    },
    /// They were valid once.
    #[error("expired at {at}")]
    Expired {
        /// Where they are from.
        of: Source,
        /// Until when they were valid (RFC 3339).
        at: String,
    },
}

impl CredentialProblem {
    /// The source that is to blame, where it is one.
    #[must_use]
    pub fn source_to_blame(&self) -> Option<Source> {
        match self {
            CredentialProblem::Missing { .. } => None,
            CredentialProblem::Failed { of, .. } | CredentialProblem::Expired { of, .. } => Some(*of),
        }
    }
}
