//! The models that the gateway lists.

use std::sync::Arc;

use super::configuration::Configuration;
use super::refusal::{Refusal, RefusalKind};
use super::rerun::Fault;
use super::shadow::{Shadow, Watched};
use crate::aws::Aws;
use crate::contract::models::{Catalog as Listed, CatalogSource, ListingOptions};
use crate::contract::types::Model;
use crate::discovery::cache::DiscoveryCache;
use crate::discovery::listing::{ListingError, SessionListing};
use crate::discovery::store::ListingStore;
use crate::discovery::{DiscoverError, discover, told};
use crate::gateway::models;
use crate::provider::{Generation, ProviderError};
use crate::telemetry::{CacheResult, Metrics};

/// What was discovered under one configuration.
#[derive(Debug)]
pub(crate) struct Catalog {
    cache: DiscoveryCache,
}

impl Catalog {
    /// Nothing yet, but for what is in the store that is shared with others, if there is one.
    pub(crate) fn new(store: Option<Arc<dyn ListingStore>>) -> Self {
        Catalog { cache: DiscoveryCache::before(store) }
    }

    /// The models that can be asked: the configuration's or the discovered ones, then its aliases, each as a model of its own
    /// name, so that a client that only offers what is listed can offer them.
    ///
    /// # Errors
    /// When nothing could be listed.
    pub(crate) async fn models(
        &self,
        generation: &Arc<Generation>,
        configuration: &Configuration,
        aws: &Aws,
        metrics: &Metrics,
        shadow: Option<&Arc<Shadow>>,
    ) -> Result<Vec<Model>, Refusal> {
        let listed = self.list(generation, configuration, aws, shadow).await?;
        if let Some(read) = cache_result(&listed.source) {
            metrics.discovery_cache(read);
        }
        metrics.know_models(&listed.models.iter().map(|model| &*model.id).collect::<Vec<_>>());
        let mut all = listed.models;
        let settings = &configuration.settings;
        for id in settings.default_model.iter().chain(&settings.fallback_models) {
            let id = models::id_of(settings, id).unwrap_or_else(|| id.clone());
            if all.iter().all(|model| model.id != id) {
                all.push(models::model_of(settings, &id, None));
            }
        }
        for (alias, target) in &settings.aliases {
            let known = all.iter().find(|model| model.id == *target);
            let model = known.cloned().unwrap_or_else(|| models::model_of(settings, target, None));
            all.push(Model { id: alias.clone(), ..model });
        }
        if all.is_empty()
            && let Some(failure) = listed.failures.first()
        {
            return Err(Refusal::from(failure));
        }
        Ok(all)
    }

    async fn list(
        &self,
        generation: &Arc<Generation>,
        configuration: &Configuration,
        aws: &Aws,
        shadow: Option<&Arc<Shadow>>,
    ) -> Result<Listed, Refusal> {
        let settings = &configuration.settings;
        // Whether credentials are there is asked only where the answer counts: it can take a request.
        let wanted = settings.discovery.enabled.is_none() && settings.models.is_empty();
        let source = if wanted { aws.credential_source().await } else { None };
        let place = generation.capacity().listing().await.map_err(|error| provider_failed(error.into()))?;
        let session = generation.session_in(place).map_err(provider_failed)?;
        let options = ListingOptions { region: aws.region().to_string(), refresh: false };
        let mut listing = SessionListing::open(session, settings, options.clone()).map_err(provider_failed)?;
        let cache = self.cache.of_provider(generation.digest());
        let listed = match shadow {
            None => discover(&mut listing, aws, source, &cache).await,
            Some(shadow) => {
                let mut watched = Watched::new(listing);
                let listed = discover(&mut watched, aws, source, &cache).await;
                watched.hand_over(shadow, settings, options);
                listed
            }
        };
        let mut listed = listed.map_err(|error| match error {
            DiscoverError::Provider(ListingError::Provider(error)) => provider_failed(error),
            other => Refusal::new(RefusalKind::Internal, other.to_string()),
        })?;
        if matches!(listed.source, CatalogSource::StaleCache) {
            tracing::warn!("the service cannot be reached; an expired list of models is used");
            listed.models.iter_mut().for_each(told::mark_stale);
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
