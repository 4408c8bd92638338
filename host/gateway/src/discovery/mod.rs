//! Discovery of models: fetches what a provider wants listed, and has it make a catalog of the pages.
//!
//! The provider decides what to list and what comes of it; here are the clock, the cache and the calls of the API. The cache
//! keeps pages as they came, so that every version of a provider reads the same.
//!
//! ```text
//! provider.sources ──▶ cache │ control plane ──pages──▶ provider.assemble ──▶ catalog
//! ```

use std::sync::Arc;

use tokio::task::JoinError;

use crate::aws::{Answer, ControlCall};
use crate::contract::config::Settings;
use crate::contract::models::{Catalog, EarlierPages, Pages, Source};
use crate::provider::{MOST_SOURCES, ProviderError, Session};

pub mod cache;
mod concurrently;
pub mod control_plane;
pub mod store;
#[cfg(test)]
mod tests;
pub mod told;

use cache::{CacheEntry, DiscoveryCache};
use concurrently::{Boxed, concurrently};
use control_plane::{ControlPlane, within_deadline};

/// How to list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Whether to list even what is cached.
    pub refresh: bool,
    /// Whether the cache alone is read, and nothing is called.
    pub offline: bool,
    /// A source besides those that the provider names: the `lookup` of a resolution.
    pub lookup: Option<Source>,
}

/// What a listing came to.
#[derive(Debug)]
pub struct Listed {
    /// The provider's session, for other calls.
    pub session: Session,
    /// What the provider made of the pages.
    pub catalog: Catalog,
    /// The pages.
    pub pages: Vec<Pages>,
}

/// Why there is no catalog. A failed API is none of these: the catalog tells it.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// The provider trapped, took too long or gave back too much.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The thread that ran the provider was stopped.
    #[error("the thread that lists models was stopped: {0}")]
    Stopped(#[from] JoinError),
    /// The provider wants too much listed.
    #[error("the provider named {0} sources for its list of models; at most {MOST_SOURCES} are allowed")]
    TooManySources(usize),
    /// The provider wants something called that is not on the host's list.
    #[error("the provider named a source for its list of models that the host does not call: {0}")]
    NotAllowed(String),
}

/// Lists the models of the control plane's region.
///
/// All sources are fetched at once. Listings that read the same source at the same time become one: see [`DiscoveryCache`].
/// Dropping the future ends the calls under way and lets the next listing take over. Reading the pages of a region takes the
/// provider several milliseconds, so it runs on a blocking thread.
///
/// # Errors
/// When the provider fails. What the API refuses is in the catalog.
pub async fn discover<C: ControlPlane>(
    session: Session,
    settings: &Settings,
    how: Listing,
    control_plane: &C,
    cache: &DiscoveryCache,
) -> Result<Listed, DiscoverError> {
    // Where a value is from changes no listing, and is most of what large settings have.
    let settings = Arc::new(Settings { origins: Vec::new(), ..settings.clone() });
    let (session, mut sources) = called(session, &settings, |session, settings| session.sources(settings)).await?;
    // Whether credentials are there is asked only where the answer counts: it can take a request.
    if !sources.is_empty() && settings.discovery.enabled.is_none() && !control_plane.has_credentials().await {
        sources.clear();
    }
    sources.extend(how.lookup.clone());
    let region = control_plane.region().to_string();
    let mut fetching = Fetching { ttl: settings.discovery.refresh_interval, how: &how, control_plane, cache };
    let pages = fetching.all(&sources).await?;
    let (session, (pages, catalog)) = assembled(session, &settings, &region, pages).await?;
    // Pages that were cached by another version may say nothing to this one.
    let refused = pages.iter().filter(|pages| pages.failed.is_some()).count();
    let unread = catalog.failures.len() > refused && pages.iter().any(|pages| pages.cached);
    if !unread || how.offline {
        return Ok(Listed { session, catalog, pages });
    }
    let again = Listing { refresh: true, ..Listing::default() };
    fetching.how = &again;
    let pages = fetching.all(&sources).await?;
    let (session, (pages, catalog)) = assembled(session, &settings, &region, pages).await?;
    Ok(Listed { session, catalog, pages })
}

/// The pages of one source that the host itself wants, from the cache that discovery uses or from the control plane. `ttl` is how long
/// they stay fresh, in seconds.
///
/// # Errors
/// When the host does not make the call.
pub(crate) async fn pages<C: ControlPlane>(
    source: &Source,
    ttl: u64,
    control_plane: &C,
    cache: &DiscoveryCache,
) -> Result<Pages, DiscoverError> {
    let fetching = Fetching { ttl, how: &Listing::default(), control_plane, cache };
    Ok(fetching.one(source, &allowed(source)?).await)
}

/// The call that a source names.
fn allowed(source: &Source) -> Result<ControlCall, DiscoverError> {
    ControlCall::of(source).ok_or_else(|| DiscoverError::NotAllowed(crate::json::catalog::source_text(source)))
}

/// Calls a provider on a blocking thread.
async fn called<T: Send + 'static>(
    mut session: Session,
    settings: &Arc<Settings>,
    call: impl FnOnce(&mut Session, &Settings) -> Result<T, ProviderError> + Send + 'static,
) -> Result<(Session, T), DiscoverError> {
    let settings = Arc::clone(settings);
    let (session, result) = tokio::task::spawn_blocking(move || {
        let result = call(&mut session, &settings);
        (session, result)
    })
    .await?;
    Ok((session, result?))
}

async fn assembled(
    session: Session,
    settings: &Arc<Settings>,
    region: &str,
    pages: Vec<Pages>,
) -> Result<(Session, (Vec<Pages>, Catalog)), DiscoverError> {
    let region = region.to_owned();
    called(session, settings, move |session, settings| {
        let catalog = session.assemble(settings, &region, &pages)?;
        Ok((pages, catalog))
    })
    .await
}

/// What a listing has at hand while it fetches.
struct Fetching<'a, C> {
    /// In seconds; 0 switches the cache off.
    ttl: u64,
    how: &'a Listing,
    control_plane: &'a C,
    cache: &'a DiscoveryCache,
}

impl<C: ControlPlane> Fetching<'_, C> {
    /// Fetches all sources at once, and gives their pages in order.
    async fn all(&self, sources: &[Source]) -> Result<Vec<Pages>, DiscoverError> {
        if sources.len() > MOST_SOURCES {
            return Err(DiscoverError::TooManySources(sources.len()));
        }
        let calls: Vec<(&Source, ControlCall)> =
            sources.iter().map(|source| Ok((source, allowed(source)?))).collect::<Result<_, DiscoverError>>()?;
        let fetching = calls.iter().map(|(source, call)| Box::pin(self.one(source, call)) as Boxed<'_, Pages>);
        Ok(concurrently(fetching.collect()).await)
    }

    /// The pages of a source: those of the cache, or new ones.
    async fn one(&self, source: &Source, call: &ControlCall) -> Pages {
        let of = |Answer { bodies, failed }, cached, earlier| Pages {
            source: source.clone(),
            bodies,
            failed,
            cached,
            earlier,
        };
        let began = self.cache.now();
        let key = if self.ttl == 0 { None } else { self.key(source).await };
        let (mut earlier, mut flight) = (None, None);
        if let Some(key) = key.as_ref().filter(|_| !self.how.refresh) {
            let reading = self.cache.read(key).await;
            flight = reading.flight;
            // What lies in the cache may be anybody's. What is no list of pages is as none.
            if let Some(cached) = reading.cached
                && let Ok(bodies) = serde_json::from_slice::<Vec<String>>(&cached.value)
            {
                if !cached.stale || self.how.offline {
                    return of(Answer { bodies, failed: None }, true, None);
                }
                earlier = Some(EarlierPages { bodies, age: cached.age });
            }
        }
        if self.how.offline {
            return of(Answer::default(), false, None);
        }
        let answer = within_deadline(self.control_plane, call).await;
        if answer.failed.is_some() {
            return of(answer, false, earlier);
        }
        if let Some(key) = key
            && let Ok(value) = serde_json::to_vec(&answer.bodies)
        {
            self.cache.write(CacheEntry { key, ttl: self.ttl, value }, began).await;
        }
        drop(flight);
        of(answer, false, None)
    }

    /// The key of a source: who answers, and what is asked. `None` where that is not known.
    async fn key(&self, source: &Source) -> Option<String> {
        let account = self.control_plane.account().await?;
        let region = self.control_plane.region();
        Some(format!("{account} {region} {}", crate::json::catalog::source_text(source)))
    }
}
