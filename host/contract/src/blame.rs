//! Whose fault a failed request is: decided once, where the failure happens.

use crate::types::{Failure, FailureKind};

/// The kind of a [`Failure`] that the provider component caused: [`FailureKind::Other`] with this name.
pub const PROVIDER_FAILURE: &str = "provider";

/// The kind of a [`Failure`] that the gateway itself caused: [`FailureKind::Other`] with this name.
pub const GATEWAY_FAILURE: &str = "gateway";

/// Whose fault a failed request is. Metrics, quarantine and canaries go by it and by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The client asked for what cannot be done: a mistyped model, an input that is too large, content that a model refuses.
    Client,
    /// The gateway, its configuration or its AWS account: no room for an instance, missing credentials or permissions.
    Host,
    /// The provider component. Only what another version does well with the same input is its fault.
    Provider,
    /// AWS, the model, or the network to them.
    Upstream,
}

impl Blame {
    /// All of them, for metrics that begin at zero.
    pub const ALL: [Blame; 4] = [Blame::Client, Blame::Host, Blame::Provider, Blame::Upstream];

    /// Its name in metrics, logs and JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Blame::Client => "client",
            Blame::Host => "host",
            Blame::Provider => "provider",
            Blame::Upstream => "upstream",
        }
    }

    /// Whose fault a failure is that a provider explained, or that the gateway made in its form.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
        match &failure.kind {
            FailureKind::ContextOverflow
            | FailureKind::ModelNotFound
            | FailureKind::NeedsInferenceProfile
            | FailureKind::Validation
            | FailureKind::ContentFiltered
            | FailureKind::Refused
            | FailureKind::Aborted => Blame::Client,
            FailureKind::Denied
            | FailureKind::CredentialsMissing
            | FailureKind::CredentialsInvalid
            | FailureKind::ModelNotEnabled => Blame::Host,
            FailureKind::Throttled
            | FailureKind::Overloaded
            | FailureKind::Quota
            | FailureKind::Transport
            | FailureKind::Timeout
            | FailureKind::Truncated
            | FailureKind::Damaged
            | FailureKind::ModelOutput
            | FailureKind::Service => Blame::Upstream,
            FailureKind::Other(name) if name == PROVIDER_FAILURE => Blame::Provider,
            FailureKind::Other(name) if name == GATEWAY_FAILURE => Blame::Host,
            // A kind that a later provider knows: the status that AWS gave says most.
            FailureKind::Other(_) => match failure.status {
                Some(400..=428 | 430..=499) => Blame::Client,
                _ => Blame::Upstream,
            },
        }
    }
}
