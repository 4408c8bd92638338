//! The models of one configuration: those that the gateway lists, and those that names of requests mean.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::effective::Effective;
use super::refusal::{Refusal, RefusalKind};
use super::rerun::{Fault, Reference};
use super::shadow::Shadow;
use super::worker::beside_the_worker;
use crate::aws::Aws;
use crate::capacity::Permit;
use crate::contract::config::Settings;
use crate::contract::models::{Catalog as Rows, CatalogSource, Pages, Resolution, Source};
use crate::contract::types::{ApiError, Model};
use crate::discovery::cache::DiscoveryCache;
use crate::discovery::{self, DiscoverError, Listed, Listing, discover};
use crate::provider::{Generation, ProviderError, Session};
use crate::telemetry::{CacheResult, Metrics};

/// The longest that a request waits for AWS to say what its model is. The call of the model tells it better than a failure here.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(10);

/// For how long a name is remembered that nobody knew: a profile may be made meanwhile.
const UNKNOWN: Duration = Duration::from_secs(60);

/// How many names are remembered, and how long each may be. Clients choose them.
const MOST_NAMES: usize = 4096;
const LONGEST_NAME: usize = 2048;

/// Settings and rows of so many models are handed over on the worker: it takes well below a millisecond.
const FEW: usize = 128;

/// The models of one configuration. A version of the provider has its own; what AWS said is in the cache that they share.
#[derive(Debug)]
pub(crate) struct Catalog {
    cache: DiscoveryCache,
    /// What names are resolved with: the settings without the origins of their values, which are most of them.
    settings: Arc<Settings>,
    /// The rows of the last listing; none where nobody asked for one yet.
    rows: ArcSwap<Vec<Model>>,
    /// The names of what clients were told last.
    listed: ArcSwap<Vec<String>>,
    /// What names mean, with these rows. Settings and rows cross into the provider once for each name, not with each request.
    resolved: Mutex<HashMap<String, Remembered>>,
}

/// Why there is nothing of what AWS lists.
#[derive(Debug, thiserror::Error)]
pub(super) enum PagesError {
    /// The operator switched discovery off.
    #[error("this gateway lists no models of AWS (plugins.entries.amazon-bedrock.config.discovery.enabled)")]
    Off,
    /// AWS refused.
    #[error("AWS did not answer the listing")]
    Refused(Box<ApiError>),
    /// The source is none that the host reads.
    #[error(transparent)]
    Discovery(#[from] DiscoverError),
}

#[derive(Debug, Clone)]
struct Remembered {
    resolution: Option<Resolution>,
    /// `None` where it holds as long as the rows do.
    until: Option<Instant>,
}

/// Who resolves a name of a request.
pub(super) struct Resolver<'a> {
    /// The version.
    pub(super) generation: &'a Arc<Generation>,
    /// The request's place.
    pub(super) permit: &'a Arc<Permit>,
    /// The configuration, with the way to AWS.
    pub(super) effective: &'a Effective,
    /// The version that tells whose fault a failure is.
    pub(super) reference: &'a Reference,
}

impl Catalog {
    /// Nothing yet, but for what is in the cache.
    pub(crate) fn new(settings: &Settings, cache: DiscoveryCache) -> Self {
        let settings = Arc::new(Settings { origins: Vec::new(), ..settings.clone() });
        Catalog { cache, settings, rows: ArcSwap::default(), listed: ArcSwap::default(), resolved: Mutex::default() }
    }

    /// The cache, for the configuration that comes after this one.
    pub(crate) fn cache(&self) -> &DiscoveryCache {
        &self.cache
    }

    /// The models that can be asked: the configuration's or the discovered ones, then its aliases, each as a model of its own
    /// name, so that a client that only offers what is listed can offer them.
    ///
    /// # Errors
    /// When nothing could be listed.
    pub(crate) async fn models(
        &self,
        generation: &Arc<Generation>,
        aws: &Aws,
        metrics: &Metrics,
        shadow: Option<&Arc<Shadow>>,
    ) -> Result<Vec<Model>, Refusal> {
        let Listed { mut session, catalog, pages } = self.list(generation, aws, None).await?;
        if let Some(read) = cache_result(&catalog.source) {
            metrics.discovery_cache(read);
        }
        if let Some(shadow) = shadow {
            shadow.list(&self.settings, aws.region(), pages);
        }
        let Rows { models: mut all, failures, .. } = catalog;
        metrics.know_models(&all.iter().map(|model| &*model.id).collect::<Vec<_>>());
        let settings = &self.settings;
        let named = settings.default_model.iter().chain(&settings.fallback_models);
        let targets = settings.aliases.iter().map(|(_, target)| target);
        let names: Vec<String> = named.clone().chain(targets).cloned().collect();
        if !names.is_empty() {
            let (settings, rows) = (Arc::clone(settings), self.rows.load_full());
            let resolving = move || session.resolve(&names, &settings, &rows);
            let resolved = tokio::task::spawn_blocking(resolving)
                .await
                .map_err(|error| Refusal::new(RefusalKind::Internal, error.to_string()))?
                .map_err(provider_failed)?;
            let mut resolved = resolved.into_iter().map(|found| found.map(|found| found.model));
            for model in resolved.by_ref().take(named.count()).flatten() {
                if all.iter().all(|known| known.id != model.id) {
                    all.push(model);
                }
            }
            for ((alias, _), model) in self.settings.aliases.iter().zip(resolved) {
                all.extend(model.map(|model| Model { id: alias.clone(), ..model }));
            }
        }
        if all.is_empty()
            && let Some(failure) = failures.first()
        {
            return Err(Refusal::from(failure));
        }
        self.listed.store(Arc::new(all.iter().map(|model| model.id.clone()).collect()));
        Ok(all)
    }

    /// What AWS lists of a source: AWS's own bodies, as they are in the cache or as they come.
    ///
    /// # Errors
    /// When the configuration has listing off, or AWS does not list it.
    pub(super) async fn pages(&self, source: &Source, aws: &Aws) -> Result<Vec<String>, PagesError> {
        if self.settings.discovery.enabled == Some(false) {
            return Err(PagesError::Off);
        }
        let Pages { bodies, failed, earlier, .. } =
            discovery::pages(source, self.settings.discovery.refresh_interval, aws, &self.cache).await?;
        match (failed, earlier) {
            (None, _) => Ok(bodies),
            (Some(_), Some(earlier)) => Ok(earlier.bodies),
            (Some(error), None) => Err(PagesError::Refused(Box::new(error))),
        }
    }

    /// The id that a name means, where it was resolved not long ago.
    pub(super) fn id_of(&self, name: &str) -> Option<String> {
        self.remembered(name)?.map(|found| found.model.id)
    }

    /// The names of what was listed last; none where nobody asked for a list yet. AWS is not asked.
    pub(crate) fn listed(&self) -> Arc<Vec<String>> {
        self.listed.load_full()
    }

    /// The model that a name means. `None` where it means the default model and there is none.
    ///
    /// A name that only AWS knows, such as the id of an application inference profile, is looked up: in the listing, and by
    /// itself. It is remembered, so that a request costs the same however many models there are.
    ///
    /// # Errors
    /// When no version of the provider can resolve it.
    pub(super) async fn resolve(&self, name: &str, by: &Resolver<'_>) -> Result<Option<Resolution>, Refusal> {
        if let Some(resolution) = self.remembered(name) {
            return Ok(resolution);
        }
        let mut found = self.asked(name, by)?;
        let lookup = found.as_ref().and_then(|found| found.lookup.clone());
        if let Some(source) = lookup.filter(|_| self.settings.discovery.enabled != Some(false)) {
            let looking = self.list(by.generation, &by.effective.aws, Some(source));
            match tokio::time::timeout(LOOKUP_DEADLINE, looking).await {
                Ok(Ok(_)) => found = self.asked(name, by)?,
                // The request goes out all the same: AWS knows best what it names.
                Ok(Err(error)) => tracing::warn!(model = name, error = error.message, "a model cannot be looked up"),
                Err(_elapsed) => tracing::warn!(model = name, "a model cannot be looked up in time"),
            }
        }
        self.remember(name, &found);
        Ok(found)
    }

    /// Has the provider resolve a name with what is known.
    fn asked(&self, name: &str, by: &Resolver<'_>) -> Result<Option<Resolution>, Refusal> {
        let rows = self.rows.load();
        let names = [name.to_owned()];
        let call = |mut session: Session, settings: &Settings, rows: &[Model]| {
            session.resolve(&names, settings, rows).map(|resolved| resolved.into_iter().next().flatten())
        };
        let first = || by.generation.session_of(by.permit).and_then(|session| call(session, &self.settings, &rows));
        let few = rows.len() + self.settings.models.len() + self.settings.aliases.len() <= FEW;
        let first = if few && !by.generation.faults().lately() { first() } else { beside_the_worker(first) };
        first.or_else(|failed| {
            let again = || {
                by.reference.rerun(by.generation, failed, |session, seat| match seat {
                    None => call(session, &self.settings, &rows),
                    Some(seat) => {
                        let theirs = &seat.effective.catalog;
                        call(session, &theirs.settings, &theirs.rows.load())
                    }
                })
            };
            beside_the_worker(again).map(|(found, _)| found).map_err(|fault| Refusal::from(&fault))
        })
    }

    fn remembered(&self, name: &str) -> Option<Option<Resolution>> {
        let resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let known = resolved.get(name)?;
        known.until.is_none_or(|until| Instant::now() < until).then(|| known.resolution.clone())
    }

    fn remember(&self, name: &str, resolution: &Option<Resolution>) {
        if name.len() > LONGEST_NAME {
            return;
        }
        let is_unknown = resolution.as_ref().is_some_and(|found| found.lookup.is_some());
        let until = is_unknown.then(|| Instant::now() + UNKNOWN);
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if resolved.len() >= MOST_NAMES {
            resolved.clear();
        }
        resolved.insert(name.to_owned(), Remembered { resolution: resolution.clone(), until });
    }

    /// Lists the models. Its rows are what names are resolved with from now on.
    async fn list(&self, generation: &Arc<Generation>, aws: &Aws, lookup: Option<Source>) -> Result<Listed, Refusal> {
        let place = generation.capacity().listing().await.map_err(|error| provider_failed(error.into()))?;
        let session = generation.session_in(place).map_err(provider_failed)?;
        let is_lookup = lookup.is_some();
        let how = Listing { lookup, ..Listing::default() };
        let listed = discover(session, &self.settings, how, aws, &self.cache).await.map_err(|error| match error {
            DiscoverError::Provider(error) => provider_failed(error),
            other => Refusal::new(RefusalKind::Internal, other.to_string()),
        })?;
        if matches!(listed.catalog.source, CatalogSource::StaleCache) {
            tracing::warn!("the service cannot be reached; an expired list of models is used");
        }
        let before = self.rows.load_full();
        let mut rows = listed.catalog.models.clone();
        if is_lookup {
            // What was looked up before stays known, and is not looked up in turns.
            let ids: HashSet<&str> = listed.catalog.models.iter().map(|model| model.id.as_str()).collect();
            rows.extend(before.iter().filter(|model| !ids.contains(model.id.as_str())).cloned());
        }
        if *before != rows {
            self.rows.store(Arc::new(rows));
            self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(listed)
    }
}

/// How the cache served a listing; not at all where it was not read.
fn cache_result(source: &CatalogSource) -> Option<CacheResult> {
    match source {
        CatalogSource::Cache => Some(CacheResult::Hit),
        CatalogSource::Live | CatalogSource::Failed => Some(CacheResult::Miss),
        CatalogSource::StaleCache => Some(CacheResult::Stale),
        CatalogSource::Config | CatalogSource::Disabled => None,
    }
}

/// Listings are not run again on another version: what they are made of is AWS's, and no client chooses it.
fn provider_failed(error: ProviderError) -> Refusal {
    Refusal::from(&Fault::unconfirmed(error))
}
