//! Who the credentials are for, without anything that could be misused.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::source::Source;

/// How much of an access key's id is shown: enough to tell keys apart.
const SHOWN_OF_KEY_ID: usize = 4;

/// Until when credentials are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry(pub SystemTime);

impl std::fmt::Display for Expiry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = DateTime::from(self.0).fmt(Format::DateTime);
        formatter.write_str(text.as_deref().unwrap_or("an unknown time"))
    }
}

/// Who credentials are for. It can be shown to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialIdentity {
    /// The source that answered.
    pub source: Source,
    /// How the source got them, a stable word: `assume-role`, `sso`, `ecs-task-role` and so on; `None` where there is one way only.
    pub means: Option<&'static str>,
    /// The last four characters of the access key's id.
    pub key_id_ends: Option<String>,
    /// The profile of the shared configuration.
    pub profile: Option<String>,
    /// The name of the role, without its account.
    pub role: Option<String>,
    /// The account, where the source says so.
    pub account: Option<String>,
    /// The region that the instance is in, where the role is an instance's.
    pub instance_region: Option<String>,
    /// Until when they are valid, where the source says so.
    pub expires: Option<Expiry>,
}

impl CredentialIdentity {
    /// Of a source of which nothing else is known, such as a token.
    pub(crate) fn of_source(source: Source) -> Self {
        CredentialIdentity {
            source,
            means: None,
            key_id_ends: None,
            profile: None,
            role: None,
            account: None,
            instance_region: None,
            expires: None,
        }
    }

    /// Of credentials that a source gave.
    pub(super) fn of(source: Source, credentials: &Credentials) -> Self {
        let id = credentials.access_key_id();
        // An id as short as what is shown of it would be shown whole.
        let shown = id.char_indices().rev().nth(SHOWN_OF_KEY_ID - 1).filter(|(begin, _)| *begin > 0);
        CredentialIdentity {
            key_id_ends: shown.map(|(begin, _)| id[begin..].to_owned()),
            account: credentials.account_id().map(|account| account.as_str().to_owned()),
            expires: credentials.expiry().map(Expiry),
            ..Self::of_source(source)
        }
    }

    /// How to show the source, with what is known of it: `env: AWS_PROFILE (work, sso)`.
    #[must_use]
    pub fn label(&self) -> String {
        let known: Vec<&str> = [self.profile.as_deref(), self.means].into_iter().flatten().collect();
        let label = self.source.label();
        if known.is_empty() { label.to_owned() } else { format!("{label} ({})", known.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;

    use super::{CredentialIdentity, Source};

    #[test]
    fn only_the_end_of_a_key_id_is_shown() {
        let of = |id: &str| {
            let credentials = Credentials::new(id, "secret", None, None, "test");
            CredentialIdentity::of(Source::AccessKeys, &credentials).key_id_ends
        };
        assert_eq!(of("AKIDEXAMPLE1234").as_deref(), Some("1234"));
        assert_eq!((of("1234"), of("")), (None, None));
        assert_eq!(of("1äöü2").as_deref(), Some("äöü2"));
    }
}
