//! Where credentials come from: the order of sources, who of them answered, and credentials that stay valid.
//!
//! ```text
//! apiKey ▶ AWS_BEARER_TOKEN_BEDROCK ▶ key pair ▶ AWS_PROFILE ▶ [ shared config ▶ web identity ▶ container ▶ instance role ]
//! └──────────── named by the configuration or the environment ──────────┘   └────────── found by asking ──────────┘
//! ```
//!
//! Each source is one provider of the SDK, asked by name, so the source that is shown is the source that is used.

mod chain;
mod container;
mod identity;
mod instance;
mod kept;
mod problem;
mod profile;
mod source;
mod words;

pub use self::identity::{CredentialIdentity, Expiry};
pub use self::problem::CredentialProblem;
pub use self::profile::{ProfileMeans, profile_region};
pub use self::source::{Source, detect};

pub(super) use self::chain::Chain;
pub(super) use self::kept::KeptCredentials;
pub(super) use self::profile::{profile_members, role_arn};

use secrecy::{ExposeSecret, SecretString};

/// A Bedrock API key. It cannot be printed, and is zeroed when it goes.
#[derive(Debug, Clone)]
pub struct BearerToken(SecretString);

impl BearerToken {
    /// Wraps a token. None for a blank one.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        (!token.is_empty()).then(|| BearerToken(SecretString::from(token)))
    }

    /// Shows the token to the code that puts it into a request.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::BearerToken;

    #[test]
    fn a_token_is_not_printed() {
        let token = BearerToken::new(" secret-token ").expect("it is not blank");
        assert!(!format!("{token:?}").contains("secret-token"));
        assert_eq!(token.expose(), "secret-token");
    }
}
