//! `discover`: what models there are.
//!
//! The rules are the classic ones of OpenClaw's discovery, inference profiles beside them, and what the listing says on the
//! wire and no documentation does. A [`Listing`] asks the host
//! for one thing after the other: the credential source (where that decides whether to list at all), the cache, the API,
//! the cache again.

use crate::contract::config::Settings;
use crate::contract::models::{CacheEntry, Cached, Catalog, CatalogSource, ListingOptions, Need, Pages, Step, Supply};
use crate::contract::types::{Model, Notice};

mod foundation;
mod hints;
mod members;
mod order;
mod plan;
mod profiles;
mod reasons;
mod stale;
mod stored;
mod survey;
#[cfg(test)]
mod tests;
mod traits;

use plan::Plan;
use survey::survey;

/// One run of discovery.
#[derive(Debug)]
pub struct Listing {
    plan: Plan,
    /// The models that the configuration lists.
    configured: Vec<Model>,
    enabled: Option<bool>,
    refresh: bool,
    /// What the listing waits for.
    waiting: Waiting,
    /// A catalog out of the cache that is past its time, in case that the API fails, and its age in seconds.
    stale: Option<(Catalog, u64)>,
    notices: Vec<Notice>,
}

/// What was asked of the host last.
#[derive(Debug)]
enum Waiting {
    /// Nothing yet.
    Beginning,
    CredentialSource,
    CacheRead,
    /// Foundation models and inference profiles.
    Api,
    /// The write of this catalog.
    CacheWrite(Catalog),
    /// Nothing any more.
    Over,
}

impl Listing {
    /// Begins a listing.
    #[must_use]
    pub fn new(settings: Settings, options: ListingOptions) -> Self {
        Listing {
            plan: Plan::new(&settings, options.region),
            configured: settings.models,
            enabled: settings.discovery.enabled,
            refresh: options.refresh,
            waiting: Waiting::Beginning,
            stale: None,
            notices: Vec::new(),
        }
    }

    /// Goes on with the supplies for the needs of the last step.
    ///
    /// # Panics
    /// When the supplies do not match the needs, and after the listing is over. The contract says so: it is a bug of the
    /// host, and there is nothing that an answer could say about it.
    pub fn resume(&mut self, supplies: Vec<Supply>) -> Step {
        match std::mem::replace(&mut self.waiting, Waiting::Over) {
            Waiting::Beginning => {
                assert!(supplies.is_empty(), "a listing begins without supplies, and it was given {}", supplies.len());
                self.begin()
            }
            Waiting::CredentialSource => match only(supplies) {
                Supply::CredentialSource(Some(_)) => self.read_cache(),
                Supply::CredentialSource(None) => self.without_credentials(),
                other => mismatch("credential-source", &other),
            },
            Waiting::CacheRead => match only(supplies) {
                Supply::Cached(cached) => self.use_cache(cached),
                other => mismatch("cache-read", &other),
            },
            Waiting::Api => match <[Supply; 2]>::try_from(supplies) {
                Ok([Supply::Pages(models), Supply::Pages(profiles)]) => self.use_pages(&models, &profiles),
                Ok([Supply::Pages(_), other] | [other, _]) => mismatch("foundation-models, inference-profiles", &other),
                Err(supplies) => panic!("a listing that asked for two things was given {}", supplies.len()),
            },
            Waiting::CacheWrite(catalog) => match only(supplies) {
                Supply::Stored => Step::Done(catalog),
                other => mismatch("cache-write", &other),
            },
            Waiting::Over => panic!("a listing that is over cannot be resumed"),
        }
    }

    /// Decides whether to list at all. Models of the configuration replace discovery whole (OpenClaw does).
    fn begin(&mut self) -> Step {
        if !self.configured.is_empty() {
            let models = std::mem::take(&mut self.configured);
            return Step::Done(Catalog { models, ..self.catalog(CatalogSource::Config) });
        }
        match self.enabled {
            Some(true) => self.read_cache(),
            Some(false) => Step::Done(self.catalog(CatalogSource::Disabled)),
            None => self.ask(Waiting::CredentialSource, vec![Need::CredentialSource]),
        }
    }

    fn without_credentials(&mut self) -> Step {
        self.notices.push(Notice {
            kind: "no-credential-source".to_owned(),
            message: "Discovery is not switched on in the configuration, and without AWS credentials it stays off."
                .to_owned(),
        });
        Step::Done(self.catalog(CatalogSource::Disabled))
    }

    fn read_cache(&mut self) -> Step {
        if self.plan.refresh_interval == 0 || self.refresh {
            return self.ask_api();
        }
        self.ask(Waiting::CacheRead, vec![Need::CacheRead(self.plan.cache_key())])
    }

    fn use_cache(&mut self, cached: Option<Cached>) -> Step {
        let Some(cached) = cached else { return self.ask_api() };
        match stored::read(&cached.value) {
            Ok(catalog) if !cached.stale => return Step::Done(catalog),
            Ok(catalog) => self.stale = Some((catalog, cached.age)),
            Err(why) => self.notices.push(Notice {
                kind: "cache-unreadable".to_owned(),
                message: format!("The cached listing cannot be read ({why}), so the models were listed anew."),
            }),
        }
        self.ask_api()
    }

    /// Both lists do not depend on each other: the host fetches them at once.
    fn ask_api(&mut self) -> Step {
        self.ask(Waiting::Api, vec![Need::FoundationModels, Need::InferenceProfiles])
    }

    fn use_pages(&mut self, foundation_models: &Pages, inference_profiles: &Pages) -> Step {
        let mut survey = survey(&self.plan, foundation_models, inference_profiles);
        let complete = survey.failures.is_empty();
        // A listing that failed at its head is no better than an old one that is whole.
        if let Some((stale, age)) = self.stale.take() {
            if !survey.has_foundation_models {
                self.notices.push(stale::whole(age));
                let Catalog { models, left_out, .. } = stale;
                let failures = survey.failures;
                return Step::Done(Catalog { models, left_out, failures, ..self.catalog(CatalogSource::StaleCache) });
            }
            if !survey.has_all_profiles {
                self.notices.extend(stale::add_profiles(&mut survey, stale, age));
            }
        }
        let nothing_came = !survey.has_foundation_models && survey.models.is_empty();
        let source = if nothing_came { CatalogSource::Failed } else { CatalogSource::Live };
        let catalog = Catalog {
            models: survey.models,
            left_out: survey.left_out,
            failures: survey.failures,
            ..self.catalog(source)
        };
        if !complete || self.plan.refresh_interval == 0 {
            return Step::Done(catalog);
        }
        let entry =
            CacheEntry { key: self.plan.cache_key(), ttl: self.plan.refresh_interval, value: stored::write(&catalog) };
        self.ask(Waiting::CacheWrite(catalog), vec![Need::CacheWrite(entry)])
    }

    fn ask(&mut self, waiting: Waiting, needs: Vec<Need>) -> Step {
        self.waiting = waiting;
        Step::Needs(needs)
    }

    /// A catalog without models, with the notices so far.
    fn catalog(&mut self, source: CatalogSource) -> Catalog {
        Catalog {
            models: Vec::new(),
            left_out: Vec::new(),
            source,
            failures: Vec::new(),
            notices: std::mem::take(&mut self.notices),
        }
    }
}

/// The one supply for the one need of a step.
fn only(supplies: Vec<Supply>) -> Supply {
    match <[Supply; 1]>::try_from(supplies) {
        Ok([supply]) => supply,
        Err(supplies) => panic!("a listing that asked for one thing was given {}", supplies.len()),
    }
}

/// Ends a listing whose host gave it something else than it had asked for. The text does not hold what it gave.
fn mismatch(needs: &str, supply: &Supply) -> ! {
    let given = match supply {
        Supply::CredentialSource(_) => "a credential source",
        Supply::Cached(_) => "a cached value",
        Supply::Stored => "stored",
        Supply::Pages(_) => "pages",
    };
    panic!("a listing that asked for {needs} was given {given}")
}
