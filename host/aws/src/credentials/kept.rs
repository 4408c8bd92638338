//! Credentials that stay valid: asked for once, renewed before they expire, when AWS says that they are, and when the files
//! that they come from change.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::time::Instant;

use super::chain::{Chain, Resolved};
use super::identity::Expiry;
use super::problem::CredentialProblem;
use super::profile::FilesState;

/// How long before their end credentials are renewed. Instances have new ones at least that long before the old ones end.
const BEFORE_EXPIRY: Duration = Duration::from_secs(5 * 60);

/// How long credentials without an end are kept: a process may give others later.
const WITHOUT_EXPIRY: Duration = Duration::from_secs(15 * 60);

/// How long after a renewal that failed the next one is tried, while the old credentials still count.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// How long it counts that there are none: a command asks several times in a row, and a gateway with every request.
const FAILURE_COUNTS: Duration = Duration::from_secs(1);

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

/// How questions to the sources ended.
#[derive(Debug, Default)]
struct Ended {
    /// How many came to an end.
    count: u64,
    /// Why the last one failed, if it did, and when that was.
    problem: Option<(CredentialProblem, Instant)>,
}

/// Where credentials come from.
pub(super) trait Sources: fmt::Debug + Send + Sync {
    /// Asks for credentials.
    fn resolve(&self) -> Pin<Box<dyn Future<Output = Result<Resolved, CredentialProblem>> + Send + '_>>;

    /// The state of the files that they may come from.
    fn files(&self) -> FilesState;
}

/// Credentials of a chain, kept. This is what the SDK's clients ask, for each request; the SDK's own cache is off, because it
/// does not see changed files and cannot be told that credentials are refused. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct KeptCredentials(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    sources: Box<dyn Sources>,
    held: Mutex<Option<Held>>,
    /// Held by the one who asks the sources, so that many requests make it one question, whose answer counts for all that waited
    /// for it. Who has usable credentials never waits.
    asking: tokio::sync::Mutex<()>,
    ended: Mutex<Ended>,
}

impl KeptCredentials {
    pub(crate) fn new(chain: Chain) -> Self {
        Self::of(Box::new(chain))
    }

    fn of(sources: Box<dyn Sources>) -> Self {
        KeptCredentials(Arc::new(Kept {
            sources,
            held: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            ended: Mutex::default(),
        }))
    }

    /// The credentials to sign with now.
    ///
    /// # Errors
    /// When there are none that are valid.
    pub(crate) async fn get(&self) -> Result<Arc<Resolved>, CredentialProblem> {
        let KeptCredentials(kept) = self;
        match kept.look() {
            Found::Good(resolved) => return Ok(resolved),
            Found::Aging(resolved) => {
                // A source may take its time, and this request has no need to wait for it.
                kept.try_later();
                tokio::spawn(Arc::clone(kept).renew_aside(Arc::clone(&resolved)));
                return Ok(resolved);
            }
            Found::Nothing => {}
        }
        let before = kept.ended().count;
        let _one_at_a_time = kept.asking.lock().await;
        if let Found::Good(resolved) | Found::Aging(resolved) = kept.look() {
            return Ok(resolved);
        }
        match kept.failed_since(before) {
            Some(problem) => Err(problem),
            None => kept.renew().await,
        }
    }

    /// What was given last, expired or not. `None` where nothing was, or where the files have changed since.
    pub(crate) fn latest(&self) -> Option<Arc<Resolved>> {
        self.0.lock().as_ref().map(|held| Arc::clone(&held.resolved))
    }

    /// Renews credentials that AWS refused as expired, and says whether there are others now. A renewal in between counts.
    pub(crate) async fn renew_after(&self, refused: &Resolved) -> bool {
        let KeptCredentials(kept) = self;
        let before = kept.ended().count;
        let _one_at_a_time = kept.asking.lock().await;
        if let Some(held) = kept.lock().as_ref()
            && !same(&held.resolved, refused)
        {
            return true;
        }
        if kept.ended().count > before {
            // Somebody asked meanwhile, and got the same or nothing.
            return false;
        }
        match kept.renew().await {
            Ok(now) => !same(refused, &now),
            Err(problem) => {
                tracing::warn!(%problem, "AWS says that the credentials have expired, and they could not be renewed");
                false
            }
        }
    }
}

impl Kept {
    /// Renews credentials that are valid still: an outage of whoever gives them is no reason to stop.
    async fn renew_aside(self: Arc<Self>, aging: Arc<Resolved>) {
        // Somebody may be asking already, and for longer than it takes until the next try.
        let Ok(_one_at_a_time) = self.asking.try_lock() else { return };
        let is_held = self.lock().as_ref().is_some_and(|held| Arc::ptr_eq(&held.resolved, &aging));
        if is_held && let Err(problem) = self.renew().await {
            tracing::warn!(%problem, "credentials could not be renewed; the current ones are used until they expire");
            self.try_later();
        }
    }

    async fn renew(&self) -> Result<Arc<Resolved>, CredentialProblem> {
        let renewed = self.ask().await;
        let mut ended = self.ended();
        ended.count += 1;
        ended.problem = renewed.as_ref().err().map(|problem| (problem.clone(), Instant::now()));
        renewed
    }

    async fn ask(&self) -> Result<Arc<Resolved>, CredentialProblem> {
        let files = self.sources.files();
        let resolved = self.sources.resolve().await?;
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
            if self.sources.files() != credentials.files {
                *held = None;
                return Found::Nothing;
            }
        }
        let resolved = Arc::clone(&credentials.resolved);
        if now < credentials.renew_at { Found::Good(resolved) } else { Found::Aging(resolved) }
    }

    /// Why the last question failed, where it ended a moment ago or after this many.
    fn failed_since(&self, before: u64) -> Option<CredentialProblem> {
        let ended = self.ended();
        let (problem, at) = ended.problem.as_ref()?;
        (ended.count > before || at.elapsed() < FAILURE_COUNTS).then(|| problem.clone())
    }

    fn try_later(&self) {
        if let Some(held) = self.lock().as_mut() {
            held.renew_at = Instant::now() + AFTER_FAILURE;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
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
#[path = "kept_tests.rs"]
mod tests;
