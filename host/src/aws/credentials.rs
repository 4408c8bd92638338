//! Where credentials come from.

use secrecy::{ExposeSecret, SecretString};

use crate::contract::models::CredentialSource;

/// A Bedrock API key. It cannot be printed.
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

/// Which source of credentials the environment names, in Bedrock's order: a bearer token, a key pair, a profile, then what
/// the SDK's chain finds (a web identity, a container, the instance).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `apiKey` of the configuration.
    ConfiguredToken,
    /// `AWS_BEARER_TOKEN_BEDROCK`.
    BearerToken,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    AccessKeys,
    /// `AWS_PROFILE`.
    Profile,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`.
    Container,
    /// The simulator takes anything.
    Simulator,
}

impl Source {
    /// A stable word for it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Source::ConfiguredToken | Source::BearerToken => "bearer-token",
            Source::AccessKeys => "access-keys",
            Source::Profile => "profile",
            Source::WebIdentity => "web-identity",
            Source::Container => "container",
            Source::Simulator => "simulator",
        }
    }

    /// How to show it (OpenClaw's words where it has them).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Source::ConfiguredToken => "config: apiKey",
            Source::BearerToken => "env: AWS_BEARER_TOKEN_BEDROCK",
            Source::AccessKeys => "env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY",
            Source::Profile => "env: AWS_PROFILE",
            Source::WebIdentity => "env: AWS_WEB_IDENTITY_TOKEN_FILE",
            Source::Container => "env: AWS_CONTAINER_CREDENTIALS_*_URI",
            Source::Simulator => "simulator (no credentials needed)",
        }
    }

    /// For the provider: by name only.
    #[must_use]
    pub fn to_contract(self) -> CredentialSource {
        CredentialSource { kind: self.kind().to_owned(), label: self.label().to_owned() }
    }
}

/// Finds the source that the environment names. `variable` looks a variable up; a blank one counts as unset.
///
/// What is only in files (`~/.aws`), in SSO's cache or on the instance is not seen here: that takes the SDK's chain.
#[must_use]
pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<Source> {
    let set = |name: &str| variable(name).is_some_and(|value| !value.trim().is_empty());
    if set("AWS_BEARER_TOKEN_BEDROCK") {
        Some(Source::BearerToken)
    } else if set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY") {
        Some(Source::AccessKeys)
    } else if set("AWS_PROFILE") {
        Some(Source::Profile)
    } else if set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        Some(Source::WebIdentity)
    } else if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        Some(Source::Container)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{BearerToken, Source, detect};

    fn with(variables: &[(&str, &str)]) -> Option<Source> {
        detect(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_order_is_bedrocks() {
        let all = [
            ("AWS_BEARER_TOKEN_BEDROCK", "t"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_PROFILE", "p"),
        ];
        assert_eq!(with(&all), Some(Source::BearerToken));
        assert_eq!(with(&all[1..]), Some(Source::AccessKeys));
        assert_eq!(with(&all[2..]), Some(Source::Profile));
        assert_eq!(with(&[("AWS_PROFILE", "  ")]), None);
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = BearerToken::new(" secret-token ").expect("it is not blank");
        assert!(!format!("{token:?}").contains("secret-token"));
        assert_eq!(token.expose(), "secret-token");
    }
}
