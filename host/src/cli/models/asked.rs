//! What AWS lists, asked for as the commands need it: with a line that tells that it takes its time, and failures told once.

use anyhow::bail;
use quarry::contract::config::Settings;
use quarry::contract::models::{Catalog, CatalogSource, ListingOptions};
use quarry::contract::types::Failure;
use quarry::discovery::discover;
use quarry::discovery::listing::SessionListing;

use super::super::exit::Exit;
use super::super::setup::Setup;
use super::super::{credentials, progress, terminal};

/// How to ask.
pub(super) struct Asking {
    /// Even where a listing is cached.
    pub(super) refresh: bool,
    /// A simulator in this process.
    pub(super) simulate: bool,
    /// Whether a program reads the answer.
    pub(super) for_programs: bool,
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
}

/// Asks AWS, or the cache, for the models of the region, whatever models the configuration lists: those take the place of
/// discovery where clients of the gateway are told what to offer, and here a person wants to see both.
pub(super) async fn ask(setup: Setup, how: &Asking) -> anyhow::Result<Asked> {
    let aws = setup.aws(how.simulate).await?;
    if let Some(message) = credentials::half_a_pair(aws.source(), &setup.configuration.environment) {
        bail!(message);
    }
    let cache = setup.listings(how.simulate);
    let settings = setup.configuration.settings;
    let region = aws.region().to_string();
    let options = ListingOptions { region: region.clone(), refresh: how.refresh };
    let to_discover = Settings { models: Vec::new(), ..settings.clone() };
    let mut listing = SessionListing::open(setup.session, &to_discover, options)?;
    let enabled = settings.discovery.enabled;
    let asking = async {
        // Whether credentials are there is asked only where the answer counts: it can take a request.
        let source = if enabled.is_none() { aws.credential_source().await } else { None };
        let no_credentials = source.is_none() && enabled.is_none();
        (discover(&mut listing, &aws, source, &cache).await, no_credentials)
    };
    let what = format!("Asking AWS for the models of {region}");
    let (catalog, no_credentials) = progress::telling(&what, progress::is_wanted(how.for_programs), asking).await;
    Ok(Asked { settings, region, catalog: catalog?, no_credentials })
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
        // That there are no credentials is reported as the error that it is here.
        let missing = |kind: &str| kind == "no-credential-source";
        for notice in self.catalog.notices.iter().filter(|notice| !missing(&notice.kind)) {
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
            terminal::tell_line(&format!("  {advice}; `quarry auth status` shows what is seen"));
        } else {
            terminal::tell_line(
                "note: discovery is switched off in the configuration (models.bedrockDiscovery.enabled), and it lists no \
                 models of its own",
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
