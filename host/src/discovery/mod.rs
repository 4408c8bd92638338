//! Discovery of models: steps a provider's listing and gets it what it needs.
//!
//! The provider decides what to ask for and what comes of it; here are the clock, the cache and the calls of the API.
//!
//! ```text
//! provider.resume(supplies) ──needs──▶ credential source │ cache │ control plane ──supplies──▶ provider.resume(…) ──▶ catalog
//! ```

use std::future::Future;

use tokio::time::Instant;

use crate::aws::{AccountIdentity, Operation};
use crate::contract::models::{CacheEntry, Cached, Catalog, CredentialSource, Need, Step, Supply};

pub mod cache;
mod concurrently;
pub mod control_plane;
pub mod listing;
pub mod store;
#[cfg(test)]
mod tests;
pub mod told;

use cache::{DiscoveryCache, Flight};
use concurrently::{Boxed, concurrently};
use control_plane::{ControlPlane, within_deadline};

/// How often a listing may ask before it has to be done. The built-in provider asks four times at most; the bound keeps a
/// faulty one from asking for ever.
pub const MOST_STEPS: usize = 32;

/// How much a listing may ask for at once.
pub const MOST_NEEDS: usize = 64;

/// One listing of a provider: the contract's resource `listing`.
pub trait ListingStepper: Send {
    /// Why the provider could not be called, or trapped.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Resumes the listing. Reading the pages of a region takes longer than an async worker can be held up: an
    /// implementation that computes moves off it.
    fn resume(&mut self, supplies: Vec<Supply>) -> impl Future<Output = Result<Step, Self::Error>> + Send;
}

/// Why there is no catalog. A failed API is none of these: the catalog tells it.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError<E: std::error::Error + 'static> {
    /// The provider failed.
    #[error("the provider failed while it listed models")]
    Provider(#[source] E),
    /// The provider asked on and on.
    #[error("the provider asked {MOST_STEPS} times while it listed models, and did not come to an end")]
    TooManySteps,
    /// The provider asked for too much at once.
    #[error("the provider asked for {0} things at once while it listed models; {MOST_NEEDS} is the most")]
    TooManyNeeds(usize),
}

/// Runs a listing to its end.
///
/// Needs of one step are got at once. Listings that read the same cache key at the same time become one: see
/// [`DiscoveryCache`]. Dropping the future ends the calls under way and lets the next listing take over.
///
/// # Errors
/// When the provider fails or does not come to an end. What the API refuses is in the catalog.
pub async fn discover<P: ListingStepper, C: ControlPlane>(
    provider: &mut P,
    control_plane: &C,
    credentials: Option<CredentialSource>,
    cache: &DiscoveryCache,
) -> Result<Catalog, DiscoverError<P::Error>> {
    let mut run = Run { control_plane, credentials, cache, began: cache.now(), account: None, flights: Vec::new() };
    let mut supplies = Vec::new();
    for _ in 0..MOST_STEPS {
        match provider.resume(supplies).await.map_err(DiscoverError::Provider)? {
            Step::Done(catalog) => return Ok(catalog),
            Step::Needs(needs) if needs.len() > MOST_NEEDS => return Err(DiscoverError::TooManyNeeds(needs.len())),
            Step::Needs(needs) => supplies = run.supply(needs).await,
        }
    }
    Err(DiscoverError::TooManySteps)
}

/// What a listing has at hand while it runs.
struct Run<'a, C> {
    control_plane: &'a C,
    credentials: Option<CredentialSource>,
    cache: &'a DiscoveryCache,
    /// Times to live count from here.
    began: Instant,
    /// Whose listing it is, once that was asked.
    account: Option<Option<AccountIdentity>>,
    /// Keys that other listings wait for, until this run stores them or is dropped.
    flights: Vec<Flight>,
}

impl<C: ControlPlane> Run<'_, C> {
    /// Gets what is needed, in order. The cache answers first, then all calls of the API go out together.
    async fn supply(&mut self, needs: Vec<Need>) -> Vec<Supply> {
        let control_plane = self.control_plane;
        let ready = |supply| -> Boxed<'_, Supply> { Box::pin(std::future::ready(supply)) };
        let mut pending = Vec::with_capacity(needs.len());
        for need in needs {
            pending.push(match need {
                Need::CredentialSource => ready(Supply::CredentialSource(self.credentials.clone())),
                Need::CacheRead(key) => ready(Supply::Cached(self.read(&key).await)),
                Need::CacheWrite(entry) => {
                    self.write(entry).await;
                    ready(Supply::Stored)
                }
                Need::FoundationModels => Box::pin(async move {
                    let (operation, pages) = (Operation::ListFoundationModels, control_plane.foundation_models());
                    Supply::Pages(within_deadline(operation, control_plane.region(), pages).await)
                }),
                Need::InferenceProfiles => Box::pin(async move {
                    let (operation, pages) = (Operation::ListInferenceProfiles, control_plane.inference_profiles());
                    Supply::Pages(within_deadline(operation, control_plane.region(), pages).await)
                }),
            });
        }
        concurrently(pending).await
    }

    /// Reads the cache. A listing that others wait for does not wait itself: two that read two keys in turns would wait for
    /// each other, and one that reads a key twice for itself.
    async fn read(&mut self, asked: &str) -> Option<Cached> {
        let key = &self.key(asked).await?;
        if !self.flights.is_empty() {
            return self.cache.look(key);
        }
        let reading = self.cache.read(key).await;
        self.flights.extend(reading.flight);
        reading.cached
    }

    async fn write(&mut self, entry: CacheEntry) {
        if let Some(key) = self.key(&entry.key).await {
            self.cache.write(CacheEntry { key, ..entry }, self.began).await;
        }
    }

    /// The whole key. The provider knows what it asks for; who is asked, it is not told.
    async fn key(&mut self, asked: &str) -> Option<String> {
        if self.account.is_none() {
            self.account = Some(self.control_plane.account().await);
        }
        let account = self.account.as_ref()?.as_ref()?;
        Some(self.cache.key(account, asked))
    }
}
