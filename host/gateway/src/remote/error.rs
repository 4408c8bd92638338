//! Why an attachment was not fetched.

use std::time::Duration;

/// Why an attachment was not fetched. The host is all that it tells of an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The operator allowed no remote attachments.
    #[error(
        "attachments from {host} are not fetched: this gateway allows no remote addresses; send the bytes as a data URL"
    )]
    NotAllowed {
        /// The host.
        host: String,
    },
    /// The address is not one, or has a user name or a password in it.
    #[error("an attachment's address is not an absolute URL without a user name and password")]
    NotAnAddress,
    /// The scheme is not `https`.
    #[error("attachments from {host} are fetched over https only, not over {scheme}")]
    Scheme {
        /// The host.
        host: String,
        /// What the address begins with.
        scheme: String,
    },
    /// The operator allowed other hosts.
    #[error("attachments from {host} are not fetched: this gateway does not allow the host")]
    HostNotAllowed {
        /// The host.
        host: String,
    },
    /// The host has an address that is not public.
    #[error("attachments from {host} are not fetched: its address is not a public one")]
    AddressNotPublic {
        /// The host.
        host: String,
    },
    /// The host's name has no address.
    #[error("{host} was not found: {reason}")]
    NotFound {
        /// The host.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// There are no certificates to trust.
    #[error("no trusted certificates could be loaded, so attachments cannot be fetched: {reason}")]
    NoTrust {
        /// What is wrong with them.
        reason: String,
    },
    /// No connection could be made, or it broke.
    #[error("the connection to {host} failed: {reason}")]
    Connection {
        /// The host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The host answered with a redirect.
    #[error(
        "{host} redirects the attachment elsewhere (status {status}), which is not followed; name its final address"
    )]
    Redirect {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host answered with anything but the content.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host does not say what the content is.
    #[error("{host} did not state the attachment's media type")]
    NoMediaType {
        /// The host.
        host: String,
    },
    /// The content is compressed although nobody asked for that.
    #[error("{host} sent the attachment in an encoding that was not requested")]
    Encoded {
        /// The host.
        host: String,
    },
    /// The attachments of the request are too large.
    #[error("with the one from {host}, the attachments of this request exceed {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The request names too many addresses.
    #[error("the request has {count} addresses of attachments; at most {limit} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// It took too long.
    #[error("the attachment from {host} did not arrive within {} s", limit.as_secs_f64())]
    Timeout {
        /// The host.
        host: String,
        /// The limit for all attachments of the request.
        limit: Duration,
    },
    /// The gateway is stopping.
    #[error("the attachments were not fetched, because the gateway is stopping")]
    Stopped,
}
