//! Which account is asked, in a form that tells nothing about it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_types::service_config::ServiceConfigKey;
use sha2::{Digest as _, Sha256};

use super::credentials::{BearerToken, KeptCredentials};
use super::signing::Signing;

/// How many characters an access key id has that an account's number can be read from.
const KEY_ID_LENGTH: usize = 20;

/// What stands for an account, and for the endpoint that it is asked at: 128 bits of a SHA-256, in hexadecimal. Two that differ
/// get different answers; from none can it be told which account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIdentity(Arc<str>);

impl AccountIdentity {
    /// The identity of an account that goes by `who` (whose kind is `kind`), at an endpoint.
    pub fn of(endpoint: &str, kind: &str, who: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(b"quarry account 1");
        for part in [endpoint, kind, who] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hex: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        AccountIdentity(hex.into())
    }
}

impl fmt::Display for AccountIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is known of the account of some clients. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Account(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    endpoint: String,
    /// There for a bearer token, which stays what it is.
    fixed: Option<AccountIdentity>,
    /// What was found last, for when there are no credentials.
    latest: Mutex<Option<AccountIdentity>>,
}

impl Account {
    /// The account of clients that are made from this. Where nobody looks at credentials, the endpoint stands for it.
    pub(super) fn new(
        endpoint: Option<&str>,
        shared: &SdkConfig,
        signing: &Signing,
        token: Option<&BearerToken>,
    ) -> Self {
        let endpoint =
            endpoint.map(str::to_owned).or_else(|| configured_endpoint(shared, "Bedrock")).unwrap_or_default();
        let fixed = match (signing, token) {
            (_, Some(token)) => Some(AccountIdentity::of(&endpoint, "bearer token", token.expose())),
            (Signing::Dummy(_), None) => Some(AccountIdentity::of(&endpoint, "nobody", "")),
            (Signing::Kept(_) | Signing::Token, None) => None,
        };
        Account(Arc::new(Shared { endpoint, fixed, latest: Mutex::default() }))
    }

    /// Whose account it is. `None` where there are no credentials, and none were seen before.
    ///
    /// An account is known by its number where the credentials have it. Where they are temporary, the id of their key has it:
    /// these change by the hour, and a role's listing is not another one for that. Else the id of the key stands for it, or the
    /// bearer token.
    pub(super) async fn identity(&self, credentials: Option<&KeptCredentials>) -> Option<AccountIdentity> {
        let Account(shared) = self;
        if let Some(fixed) = &shared.fixed {
            return Some(fixed.clone());
        }
        let kept = credentials?.get().await;
        let mut latest = shared.latest.lock().unwrap_or_else(PoisonError::into_inner);
        // Those who cannot be told again who they are, are who they were.
        if let Ok(resolved) = kept {
            let (kind, who) = holder(&resolved.credentials);
            *latest = Some(AccountIdentity::of(&shared.endpoint, kind, &who));
        }
        latest.clone()
    }
}

/// The endpoint of a service that the environment or the profile names, as the SDK's client finds it.
pub(super) fn configured_endpoint(shared: &SdkConfig, service_id: &str) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_service = shared.service_config().and_then(|config| config.load_config(key.ok()?));
    of_service.or_else(|| shared.endpoint_url().map(str::to_owned))
}

fn holder(credentials: &Credentials) -> (&'static str, String) {
    let of_key = || credentials.session_token().and_then(|_| account_of_key_id(credentials.access_key_id()));
    if let Some(account) = credentials.account_id() {
        ("account", account.as_str().to_owned())
    } else if let Some(account) = of_key() {
        ("account", account)
    } else {
        ("access key", credentials.access_key_id().to_owned())
    }
}

/// The account's number in the id of a temporary key: 40 bits after the first of what its last 16 characters are in base 32.
/// Ids have it since 2019, and begin with `Q` or later behind their kind (not documented by AWS, found by many).
fn account_of_key_id(id: &str) -> Option<String> {
    let digits = id.strip_prefix("ASIA").filter(|_| id.len() == KEY_ID_LENGTH)?;
    let value = |digit: u8| match digit {
        b'A'..=b'Z' => Some(u64::from(digit - b'A')),
        b'2'..=b'7' => Some(u64::from(digit - b'2') + 26),
        _ => None,
    };
    if !digits.bytes().all(|digit| value(digit).is_some()) || value(digits.bytes().next()?)? < 16 {
        return None;
    }
    // Ten digits are 50 bits: the first is not the account's, 40 are, and nine are not.
    let bits = digits.bytes().take(10).try_fold(0, |bits, digit| Some(bits << 5 | value(digit)?))?;
    Some(format!("{:012}", bits >> 9 & ((1 << 40) - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str, session: Option<&str>, account: Option<&str>) -> (&'static str, String) {
        let mut credentials = Credentials::builder().access_key_id(id).secret_access_key("s").provider_name("test");
        credentials.set_session_token(session.map(str::to_owned));
        credentials.set_account_id(account.map(|account| account.to_owned().into()));
        holder(&credentials.build())
    }

    #[test]
    fn an_account_is_known_by_the_best_there_is() {
        let temporary = "ASIAQNZGKIQY56JQ7WML";
        let account = ("account", "029608264753".to_owned());
        assert_eq!(held(temporary, Some("t"), None), account, "an id whose account is public knowledge");
        assert_eq!(held("ASIAQNZGKIQY5AAAAAAA", Some("t"), None), account, "the next hour's key");
        assert_eq!(held(temporary, Some("t"), Some("111122223333")), ("account", "111122223333".to_owned()));
        for other in
            ["AKIDTEST", "AKIAQNZGKIQY56JQ7WML", "ASIAANZGKIQY56JQ7WML", "ASIAQNZGKIQY56JQ7WM", "ASIAQNZGKIQY56JQ7W0L"]
        {
            assert_eq!(held(other, Some("t"), None), ("access key", other.to_owned()));
        }
        assert_eq!(held(temporary, None, None), ("access key", temporary.to_owned()));
    }

    #[test]
    fn whatever_differs_is_another_account_and_nothing_is_told() {
        let all = [("", "a", "b"), ("e", "a", "b"), ("", "ab", ""), ("", "", "ab"), ("ab", "", "")];
        let identities: Vec<String> =
            all.iter().map(|(endpoint, kind, who)| AccountIdentity::of(endpoint, kind, who).to_string()).collect();
        for (index, identity) in identities.iter().enumerate() {
            assert!(identity.len() == 32 && !identities[..index].contains(identity), "{identities:?}");
        }
        let token = AccountIdentity::of("", "bearer token", "hunter2-hunter2");
        assert!(!format!("{token:?} {token}").contains("hunter2"));
    }
}
