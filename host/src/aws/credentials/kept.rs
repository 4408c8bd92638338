//! Credentials that stay valid: asked for once, renewed before they expire, when AWS says that they are, and when the files
//! that they come from change.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::time::Instant;

use super::chain::{Chain, Resolved};
use super::identity::Expiry;
use super::problem::CredentialProblem;
use super::profile::{FilesState, files_state};

/// How long before their end credentials are renewed. Instances have new ones at least that long before the old ones end.
const BEFORE_EXPIRY: Duration = Duration::from_secs(5 * 60);

/// How long credentials without an end are kept: a process may give others later.
const WITHOUT_EXPIRY: Duration = Duration::from_secs(15 * 60);

/// How long after a renewal that failed the next one is tried, while the old credentials still count.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// How often the files are looked at, at most: a look is two calls of the kernel.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Credentials at hand.
#[derive(Debug)]
struct Held {
    resolved: Arc<Resolved>,
    renew_at: Instant,
    expires: Option<SystemTime>,
    files: FilesState,
    looked: Instant,
}

/// Whether what is held can be used.
enum Found {
    /// It can.
    Good(Arc<Resolved>),
    /// It can, and should be renewed.
    Aging(Arc<Resolved>),
    /// It cannot.
    Nothing,
}

/// Credentials of a chain, kept. This is what the SDK's clients ask, for each request; the SDK's own cache is off, because it
/// does not see changed files and cannot be told that credentials are refused.
#[derive(Debug)]
pub(in crate::aws) struct KeptCredentials {
    chain: Chain,
    held: Mutex<Option<Held>>,
    /// Held by the one who asks the chain, so that many requests make it one question. Who has usable credentials never waits.
    asking: tokio::sync::Mutex<()>,
}

impl KeptCredentials {
    pub(in crate::aws) fn new(chain: Chain) -> Self {
        KeptCredentials { chain, held: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// The credentials to sign with now.
    ///
    /// # Errors
    /// When there are none that are valid.
    pub(in crate::aws) async fn get(&self) -> Result<Arc<Resolved>, CredentialProblem> {
        let _one_at_a_time = match self.look() {
            Found::Good(resolved) => return Ok(resolved),
            Found::Aging(resolved) => match self.asking.try_lock() {
                Ok(held) => held,
                // Somebody renews them already.
                Err(_) => return Ok(resolved),
            },
            Found::Nothing => self.asking.lock().await,
        };
        let aging = match self.look() {
            Found::Good(resolved) => return Ok(resolved),
            Found::Aging(resolved) => Some(resolved),
            Found::Nothing => None,
        };
        match (self.renew().await, aging) {
            (Ok(resolved), _) => Ok(resolved),
            // They are valid still: an outage of whoever gives them is no reason to stop.
            (Err(problem), Some(aging)) => {
                tracing::warn!(%problem, "credentials could not be renewed; the ones at hand are used until they expire");
                self.try_later();
                Ok(aging)
            }
            (Err(problem), None) => Err(problem),
        }
    }

    /// Renews credentials that AWS refused as expired, and says whether there are others now. A renewal in between counts.
    pub(in crate::aws) async fn renew_after(&self, refused: &Resolved) -> bool {
        let _one_at_a_time = self.asking.lock().await;
        if let Some(held) = self.lock().as_ref()
            && !same(&held.resolved, refused)
        {
            return true;
        }
        match self.renew().await {
            Ok(now) => !same(refused, &now),
            Err(problem) => {
                tracing::warn!(%problem, "AWS says that the credentials have expired, and they could not be renewed");
                false
            }
        }
    }

    async fn renew(&self) -> Result<Arc<Resolved>, CredentialProblem> {
        let files = files_state(self.chain.environment());
        let resolved = self.chain.resolve().await?;
        let (now, clock) = (Instant::now(), SystemTime::now());
        let expires = resolved.credentials.expiry();
        if let Some(at) = expires.filter(|at| *at <= clock) {
            return Err(CredentialProblem::Expired { of: resolved.identity.source, at: Expiry(at).to_string() });
        }
        let resolved = Arc::new(resolved);
        let renew_at = now + keep_for(expires.and_then(|at| at.duration_since(clock).ok()));
        *self.lock() = Some(Held { resolved: Arc::clone(&resolved), renew_at, expires, files, looked: now });
        Ok(resolved)
    }

    /// What is at hand.
    fn look(&self) -> Found {
        let now = Instant::now();
        let mut held = self.lock();
        let Some(credentials) = held.as_mut() else { return Found::Nothing };
        if credentials.expires.is_some_and(|at| at <= SystemTime::now()) {
            return Found::Nothing;
        }
        if now.duration_since(credentials.looked) >= BETWEEN_LOOKS {
            credentials.looked = now;
            if files_state(self.chain.environment()) != credentials.files {
                *held = None;
                return Found::Nothing;
            }
        }
        let resolved = Arc::clone(&credentials.resolved);
        if now < credentials.renew_at { Found::Good(resolved) } else { Found::Aging(resolved) }
    }

    fn try_later(&self) {
        if let Some(held) = self.lock().as_mut() {
            held.renew_at = Instant::now() + AFTER_FAILURE;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long credentials are kept that are valid for so long: until five minutes before their end, and at least half of their
/// time, so that short ones are not asked for with every request.
fn keep_for(valid: Option<Duration>) -> Duration {
    match valid {
        None => WITHOUT_EXPIRY,
        Some(valid) => valid.saturating_sub(BEFORE_EXPIRY).max(valid / 2),
    }
}

fn same(one: &Resolved, other: &Resolved) -> bool {
    let (one, other) = (&one.credentials, &other.credentials);
    one.access_key_id() == other.access_key_id() && one.session_token() == other.session_token()
}

impl ProvideCredentials for KeptCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { provider::Result::from(self.provide().await) })
    }
}

impl KeptCredentials {
    async fn provide(&self) -> provider::Result {
        match self.get().await {
            Ok(resolved) => Ok(resolved.credentials.clone()),
            Err(problem @ CredentialProblem::Missing { .. }) => Err(CredentialsError::not_loaded(problem)),
            Err(problem) => Err(CredentialsError::provider_error(problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, WITHOUT_EXPIRY, keep_for};

    #[test]
    fn credentials_are_renewed_before_they_expire() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(keep_for(Some(minutes(60))), minutes(55));
        assert_eq!(keep_for(Some(minutes(6))), minutes(3));
        assert_eq!(keep_for(Some(Duration::from_secs(2))), Duration::from_secs(1));
        assert_eq!(keep_for(None), WITHOUT_EXPIRY);
    }
}
