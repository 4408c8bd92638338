//! Whether there are credentials, asked as a request would ask.

use std::time::SystemTime;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::client::Aws;
use super::failure;

/// The SDK's words for "not this source", which say nothing beside the source's name.
const NOT_ENABLED: &str = "the credential provider was not enabled";

/// Why there are no credentials to sign with. The words are the SDK's; no secret is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialProblem {
    /// No source has any.
    #[error("none found")]
    Missing {
        /// The sources that were asked, each with what it said.
        asked: Vec<String>,
    },
    /// A source is there and failed.
    #[error("not usable: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
    /// They were valid once.
    #[error("expired at {at}")]
    Expired {
        /// Until when they were valid (RFC 3339).
        at: String,
    },
}

impl Aws {
    /// Asks the SDK for credentials, as a request would, and gives until when they are valid (RFC 3339), where they say so.
    ///
    /// # Errors
    /// When there are none, they cannot be loaded, or they are expired.
    pub async fn check_credentials(&self) -> Result<Option<String>, CredentialProblem> {
        let Some(provider) = self.credentials.as_ref() else {
            return Err(CredentialProblem::Missing { asked: Vec::new() });
        };
        let credentials = provider.provide_credentials().await.map_err(|error| match &error {
            CredentialsError::CredentialsNotLoaded(_) => {
                CredentialProblem::Missing { asked: asked(&failure::chain(&error)) }
            }
            _ => CredentialProblem::Failed { reason: failure::chain(&error) },
        })?;
        let Some(expiry) = credentials.expiry() else { return Ok(None) };
        let at = DateTime::from(expiry).fmt(Format::DateTime).unwrap_or_else(|_| "an unknown time".to_owned());
        if expiry <= SystemTime::now() { Err(CredentialProblem::Expired { at }) } else { Ok(Some(at)) }
    }
}

/// The sources of the SDK's chain and what they said: a line each after the first.
fn asked(words: &str) -> Vec<String> {
    words
        .lines()
        .skip(1)
        .map(|line| line.trim().replace(&format!("{NOT_ENABLED}: "), "").replace(NOT_ENABLED, "nothing there"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn each_source_that_was_asked_is_told() {
        let words = "the credential provider was not enabled: no credentials found in chain. Attempted:\n  \
                     Environment: the credential provider was not enabled: environment variable not set\n  \
                     Profile: the credential provider was not enabled";
        assert_eq!(asked(words), ["Environment: environment variable not set", "Profile: nothing there"]);
        assert_eq!(asked("something else"), Vec::<String>::new());
    }
}
