//! What can go wrong with a registry.

use std::time::Duration;

use super::CredentialsError;
use crate::provider::Digest;

/// Why something could not be pulled or pushed. A `reference` is the text of an [`OciReference`](super::OciReference). No text holds a password, a token or the query of an address.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Its name has no address.
    #[error("the host {host} was not found: {reason}")]
    UnknownHost {
        /// The host.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// It cannot be reached, or the connection broke.
    #[error("the connection to {host} failed: {reason}")]
    Connection {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// It took too long.
    #[error("{registry} took longer than {} s", limit.as_secs_f64())]
    Timeout {
        /// The registry.
        registry: String,
        /// The limit: of all of it, or of a silence.
        limit: Duration,
    },
    /// It does not let us (401, 403).
    #[error("{reference}: the registry denies access ({status}{said}): {advice}")]
    Denied {
        /// What was asked for.
        reference: String,
        /// The HTTP status.
        status: u16,
        /// What the registry says, with a comma before it; empty when it says nothing.
        said: String,
        /// What can be done about it.
        advice: &'static str,
    },
    /// A password or token would be sent in the clear.
    #[error("{registry} requests credentials at {url}, which is not safe: use https, or this machine")]
    InTheClear {
        /// The registry.
        registry: String,
        /// Where to, without its query.
        url: String,
    },
    /// Credentials would go to another host than the registry's.
    #[error(
        "{registry} requests its credentials at another host, {realm}. If that is the registry's token server, allow it with QUARRY_REGISTRY_REALMS={realm}"
    )]
    Realm {
        /// The registry.
        registry: String,
        /// The host of the token server, with its port where that is not https's own.
        realm: String,
    },
    /// It is not there (404).
    #[error("{reference} does not exist")]
    NotFound {
        /// What was asked for.
        reference: String,
    },
    /// Any other status that is no success.
    #[error("{reference}: the registry answered {status}{said}")]
    Status {
        /// What was asked for.
        reference: String,
        /// The HTTP status.
        status: u16,
        /// What the registry says, with a comma before it; empty when it says nothing.
        said: String,
    },
    /// An answer that the specification does not allow.
    #[error("{reference}: the registry's response is invalid: {reason}")]
    Protocol {
        /// What was asked for.
        reference: String,
        /// What is wrong.
        reason: String,
    },
    /// It is something else than a WebAssembly artifact.
    #[error("{reference} is not a WebAssembly artifact: {reason}")]
    MediaType {
        /// What was asked for.
        reference: String,
        /// What it is instead.
        reason: String,
    },
    /// What came is not what was pinned.
    #[error("{reference}: the {what} should be {expected:?}, and is {found}")]
    Digest {
        /// What was asked for.
        reference: String,
        /// `manifest` or `component`.
        what: &'static str,
        /// The digest that was asked for.
        expected: Digest,
        /// What came.
        found: String,
    },
    /// It is too large.
    #[error("{reference}: the {what} has more than {limit} bytes, the limit")]
    TooLarge {
        /// What was asked for.
        reference: String,
        /// What is too large.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// A push needs a tag, and makes the digest.
    #[error("{reference}: push a provider to a tag, `oci://registry/name:tag`; the push returns the digest")]
    PushTarget {
        /// Where to.
        reference: String,
    },
    /// The credentials cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}
