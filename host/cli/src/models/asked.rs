//! What AWS lists, asked for as the commands need it: with a line that tells that it takes its time, and failures told once.

use std::collections::BTreeMap;

use anyhow::bail;
use quarry_contract::config::Settings;
use quarry_contract::models::{Catalog, CatalogSource, Resolution};
use quarry_contract::types::Failure;
use quarry_gateway::discovery::{Listed, Listing, discover};
use quarry_gateway::models;

use super::super::exit::Exit;
use super::super::setup::Setup;
use super::super::{credentials, progress, terminal};

/// How to ask.
pub(super) struct Asking<'a> {
    /// Even where a listing is cached.
    pub(super) refresh: bool,
    /// A simulator in this process.
    pub(super) simulate: bool,
    /// Whether a program reads the answer.
    pub(super) for_programs: bool,
    /// The model that is asked about.
    pub(super) name: Option<&'a str>,
}

/// What came of it.
pub(super) struct Asked {
    /// The configuration.
    pub(super) settings: Settings,
    /// The region that was listed.
    pub(super) region: String,
    /// What AWS lists.
    pub(super) catalog: Catalog,
    /// Whether nothing was asked because there are no credentials.
    pub(super) no_credentials: bool,
    /// What the names of the configuration mean, as the provider resolves them for requests.
    pub(super) resolved: BTreeMap<String, Resolution>,
    /// What the name means that is asked about; none where it means the default model and there is none.
    pub(super) meant: Option<Resolution>,
}

/// Asks AWS, or the cache, for the models of the region, whatever models the configuration lists: those take the place of
/// discovery where clients of the gateway are told what to offer, and here a person wants to see both.
pub(super) async fn ask(setup: Setup, how: &Asking<'_>) -> anyhow::Result<Asked> {
    let aws = setup.aws(how.simulate).await?;
    if let Some(message) = credentials::half_a_pair(aws.source(), &setup.configuration.environment) {
        bail!(message);
    }
    let cache = setup.listings(how.simulate);
    let settings = setup.configuration.settings;
    let region = aws.region().to_string();
    let to_discover = Settings { models: Vec::new(), ..settings.clone() };
    let listing = Listing { refresh: how.refresh, ..Listing::default() };
    let what = format!("Listing the models of {region}");
    let listing = discover(setup.session, &to_discover, listing, &aws, &cache);
    let listed = progress::telling(&what, progress::is_wanted(how.for_programs), listing).await?;
    let Listed { mut session, mut catalog, .. } = listed;
    let mut meant = None;
    if let Some(name) = how.name {
        meant = session.resolve(&[name.to_owned()], &settings, &catalog.models)?.pop().flatten();
        if let Some(source) = meant.as_ref().and_then(|meant| meant.lookup.clone()) {
            let listing = Listing { lookup: Some(source), ..Listing::default() };
            let listed = discover(session, &to_discover, listing, &aws, &cache).await?;
            // What cannot be looked up is not known. The listing says what else failed.
            (session, catalog.models) = (listed.session, listed.catalog.models);
            meant = session.resolve(&[name.to_owned()], &settings, &catalog.models)?.pop().flatten();
        }
    }
    let names: Vec<String> = models::named(&settings).into_iter().chain(models::with_params(&settings)).collect();
    let resolved = session.resolve(&names, &settings, &catalog.models)?;
    let resolved = names.into_iter().zip(resolved).filter_map(|(name, found)| Some((name, found?))).collect();
    let no_credentials = settings.discovery.enabled.is_none() && matches!(catalog.source, CatalogSource::Disabled);
    Ok(Asked { settings, region, catalog, no_credentials, resolved, meant })
}

impl Asked {
    /// Whether the configuration does without discovery: it lists models, and does not say that discovery is on. Then a listing
    /// that AWS refuses is no failure: models are often configured because it does.
    pub(super) fn is_optional(&self) -> bool {
        !self.settings.models.is_empty() && self.settings.discovery.enabled != Some(true)
    }

    /// Whether AWS said all that it lists, so that what is not there does not exist.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.catalog.source, CatalogSource::Live | CatalogSource::Cache) && self.catalog.failures.is_empty()
    }

    /// Tells on standard error what failed, and what else is worth telling.
    pub(super) fn tell(&self) {
        let mut told = Vec::new();
        let word = if self.is_optional() { "note" } else { "error" };
        for Failure { message, hint, .. } in &self.catalog.failures {
            // Both lists are asked for at once, and often fail for one reason.
            if told.contains(&message) {
                continue;
            }
            told.push(message);
            terminal::tell_line(&format!("{word}: {message}"));
            if let Some(hint) = hint {
                terminal::tell_line(&format!("  {hint}"));
            }
        }
        for notice in &self.catalog.notices {
            terminal::tell_line(&format!("note: {}", notice.message));
        }
    }

    /// Tells on standard error why nothing was asked, where that is so and the configuration lists nothing either.
    pub(super) fn tell_why_not(&self, done: &str) {
        if !matches!(self.catalog.source, CatalogSource::Disabled) || self.is_optional() {
            return;
        }
        if self.no_credentials {
            let advice = credentials::advice(None);
            terminal::tell_line(&format!("error: No AWS credentials were found, so nothing was {done}"));
            terminal::tell_line(&format!("  {advice}; `quarry auth status` shows every source and its state"));
        } else {
            terminal::tell_line(
                "note: the configuration disables discovery (models.bedrockDiscovery.enabled) and lists no models itself",
            );
        }
    }

    /// How a command ends that did what it could with this.
    pub(super) fn exit(&self) -> Exit {
        let failed = match self.catalog.source {
            CatalogSource::Failed | CatalogSource::StaleCache => true,
            CatalogSource::Disabled => self.no_credentials,
            CatalogSource::Config | CatalogSource::Live | CatalogSource::Cache => false,
        };
        if failed && !self.is_optional() { Exit::Failed } else { Exit::Done }
    }
}
