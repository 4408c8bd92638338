//! What a person may have meant by the name of a model that AWS does not have.

use std::sync::Arc;
use std::time::Duration;

use quarry_aws::Aws;
use quarry_config::{OtherModels, model_of_another_provider};
use quarry_contract::config::Settings;
use quarry_gateway::discovery::cache::DiscoveryCache;
use quarry_gateway::discovery::{Listing, discover};
use quarry_gateway::models;
use quarry_provider_host::Generation;

/// The longest that a list of models is waited for where none is cached. The failure is told already.
const PATIENCE: Duration = Duration::from_secs(5);

/// The names of models to look in.
pub(super) struct ModelNames {
    pub(super) generation: Arc<Generation>,
    pub(super) settings: Settings,
    pub(super) others: OtherModels,
    pub(super) listings: DiscoveryCache,
}

impl ModelNames {
    /// A sentence about the model that was meant, if any is known.
    pub(super) async fn meant(&self, aws: &Aws, id: &str) -> Option<String> {
        if let Some(provider) = self.others.provider_of(id) {
            return Some(model_of_another_provider(id, provider));
        }
        let mut names = models::named(&self.settings);
        names.extend(self.settings.aliases.iter().map(|(alias, _)| alias.clone()));
        names.extend(tokio::time::timeout(PATIENCE, self.listed(aws)).await.ok().flatten().unwrap_or_default());
        let known: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != id).collect();
        let similar = models::similar(id, &known);
        (!similar.is_empty())
            .then(|| format!("did you mean {}? `quarry models list` shows the models", similar.join(", ")))
    }

    /// The models of the region: those of the cache, where it has them.
    async fn listed(&self, aws: &Aws) -> Option<Vec<String>> {
        let settings = Settings { models: Vec::new(), ..self.settings.clone() };
        let session = self.generation.session().ok()?;
        let listed = discover(session, &settings, Listing::default(), aws, &self.listings).await.ok()?;
        Some(listed.catalog.models.into_iter().map(|model| model.id).collect())
    }
}
