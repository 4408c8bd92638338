//! The effective configuration: layers merged by the provider, and what only the host reads.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use crate::aws::{
    AllowedRegions, AwsOptions, BearerToken, Destination, DestinationError, Region, RegionPattern, Source, detect,
};
use crate::capacity::{self, Bound};
use crate::config::connection::{ConnectionConfig, Found, Header};
use crate::config::gateway::{GatewayConfig, GatewayLimits};
use crate::config::{
    ConfigError, ConfigFile, ConfigText, Environment, OtherModels, Override, layers, locate, parse_path,
};
use crate::contract::config::{Layer, Merged, Place, Problem, Settings, Severity};
use crate::contract::conversation::RequestSettings;
use crate::contract::types::Model;
use crate::json::model::default_model;
use crate::models;
use crate::provider::{Generation, ProviderError, Session};
use quarry_versions::Reachable;

/// A configuration that can be used.
#[derive(Debug)]
pub struct Configuration {
    /// The settings that the provider merged.
    pub settings: Settings,
    /// Of that, what it gets again with each request: the same however many models there are.
    pub(crate) of_requests: RequestSettings,
    /// How to reach AWS.
    pub connection: ConnectionConfig,
    /// Warnings about it.
    pub warnings: Vec<Problem>,
    /// The gateway's own settings.
    pub gateway: GatewayConfig,
    /// The models that the file has of other providers.
    pub others: OtherModels,
    /// The environment that it was read with.
    pub environment: Environment,
    /// The file that it was read from, if there is one.
    pub file: Option<PathBuf>,
    regions: AllowedRegions,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file cannot be found or read, or a value cannot be sent.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The provider failed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The configuration was read and is invalid. All problems, including warnings.
    #[error("the configuration cannot be used: {} problems", .0.len())]
    Problems(Vec<Problem>),
}

impl Configuration {
    /// Finds and reads the file, and merges it with the environment and the flags by the provider.
    ///
    /// # Errors
    /// When the file cannot be read or is invalid, or the provider fails.
    pub fn load(
        session: &mut Session,
        chosen: Option<&Path>,
        environment: &Environment,
        overrides: &[Override],
    ) -> Result<Self, ConfigurationError> {
        let file = located(chosen, environment)?;
        Self::of_file(session, file.as_ref(), environment, overrides)
    }

    /// As [`Configuration::load`], for a gateway that serves clients.
    ///
    /// # Errors
    /// As [`Configuration::load`], and when other users can change the file.
    pub fn load_for_service(
        session: &mut Session,
        chosen: Option<&Path>,
        environment: &Environment,
        overrides: &[Override],
    ) -> Result<Self, ConfigurationError> {
        let file = located(chosen, environment)?;
        file.as_ref().map_or(Ok(()), ConfigFile::check_for_service)?;
        Self::of_file(session, file.as_ref(), environment, overrides)
    }

    /// As [`Configuration::load`], for a file that was read already, or that is about to be written.
    ///
    /// # Errors
    /// When it is invalid, or the provider fails.
    pub fn of_file(
        session: &mut Session,
        file: Option<&ConfigFile>,
        environment: &Environment,
        overrides: &[Override],
    ) -> Result<Self, ConfigurationError> {
        let connection = ConnectionConfig::read(file, environment, overrides)?;
        let identity = session.identify()?;
        let gateway = GatewayConfig::read(file);
        let params = gateway.as_ref().map_or(&[][..], |gateway| &gateway.provider.params);
        // A file that is no JSON5 has no layer; its error is among the gateway's problems.
        let parsed = file.filter(|file| file.is_json5());
        let layers = layers(parsed, environment, overrides, &identity, params)?;
        match (session.merge(&layers)?, connection, gateway) {
            (Ok(Merged { settings, mut warnings }), Ok(connection), Ok(gateway)) => {
                let regions = AllowedRegions::new(connection.region.value.clone(), gateway.regions.clone());
                warnings.extend(writable_by_others(file));
                warnings.extend(connection.warnings.iter().cloned());
                warnings.extend(unreachable_models(&settings, &regions));
                warnings.extend(unreachable_regions(file, &gateway, &regions));
                warnings.extend(more_than_fit(file, &gateway, session.generation()));
                in_order(&mut warnings, &layers);
                Ok(Configuration {
                    of_requests: RequestSettings::from(&settings),
                    settings,
                    connection,
                    warnings,
                    gateway,
                    others: OtherModels::of(file),
                    environment: environment.clone(),
                    file: file.map(|file| file.path().to_owned()),
                    regions,
                })
            }
            (merged, connection, gateway) => {
                let mut problems = merged.map_or_else(|problems| problems, |merged| merged.warnings);
                problems.extend(writable_by_others(file));
                problems.extend(connection.map_or_else(|problems| problems, |connection| connection.warnings));
                in_order(&mut problems, &layers);
                problems.extend(gateway.err().unwrap_or_default());
                Err(ConfigurationError::Problems(problems))
            }
        }
    }

    /// The configured region.
    #[must_use]
    pub fn region(&self) -> &Region {
        self.regions.home()
    }

    /// The regions that requests may go to.
    #[must_use]
    pub fn regions(&self) -> &AllowedRegions {
        &self.regions
    }

    /// The destination of a model.
    ///
    /// # Errors
    /// When the name cannot be a model id, or its region is not allowed.
    pub fn destination(&self, model_id: &str) -> Result<Destination, DestinationError> {
        self.regions.destination(model_id)
    }

    /// The requests that it allows.
    #[must_use]
    pub fn reachable(&self) -> Reachable {
        let model = |id: String| {
            let listed = self.settings.models.iter().find(|model| model.id == id);
            listed.cloned().unwrap_or_else(|| Model { id, ..default_model() })
        };
        let models: Vec<Model> = models::named(&self.settings).into_iter().map(model).collect();
        Reachable::under(&self.settings, &self.regions, &models)
    }

    /// The connection to AWS.
    #[must_use]
    pub fn aws_options(&self) -> AwsOptions {
        let (source, bearer_token) = self.credentials();
        let header = |Found { value: Header { name, value }, place: _ }: &_| (name.clone(), value.clone());
        AwsOptions {
            runtime_endpoint: self.connection.base_url.as_ref().map(|url| url.value.clone()),
            source,
            environment: self.environment.clone(),
            bearer_token,
            headers: self.connection.headers.iter().map(header).collect(),
            ..AwsOptions::new(self.region().clone())
        }
    }

    /// The source of credentials that is used, and the bearer token where that is it.
    #[must_use]
    pub fn credentials(&self) -> (Option<Source>, Option<BearerToken>) {
        let source = detect(|name| self.environment.get(name).map(str::to_owned));
        if source == Some(Source::SkipAuth) {
            return (source, None);
        }
        let configured =
            self.connection.bearer_token.as_ref().and_then(|token| BearerToken::new(token.expose_secret()));
        if configured.is_some() {
            return (Some(Source::ConfiguredToken), configured);
        }
        let token = match source {
            Some(Source::BearerToken) => self.environment.get("AWS_BEARER_TOKEN_BEDROCK").and_then(BearerToken::new),
            _ => None,
        };
        (source, token)
    }
}

fn located(chosen: Option<&Path>, environment: &Environment) -> Result<Option<ConfigFile>, ConfigError> {
    locate(chosen, environment)?.map(|location| ConfigFile::read(&location)).transpose()
}

/// A warning for each way in which others can change the file.
fn writable_by_others(file: Option<&ConfigFile>) -> impl Iterator<Item = Problem> {
    let flaws = file.into_iter().flat_map(|file| file.flaws().iter().map(|flaw| (file.path(), flaw)));
    flaws.map(|(path, flaw)| Problem {
        severity: Severity::Warning,
        place: Place { layer: "file".to_owned(), source: path.display().to_string(), line: 0, column: 0 },
        path: String::new(),
        message: flaw.to_string(),
        expected: format!("that only this user and root can change: {}", flaw.remedy()),
    })
}

/// Sorts problems as they stand in the layers, lowest first; a layer that no provider gets comes before all.
fn in_order(problems: &mut [Problem], layers: &[Layer]) {
    problems.sort_by_key(|Problem { place, .. }| {
        let layer = layers.iter().position(|layer| layer.name == place.layer).map_or(0, |index| index + 1);
        (layer, place.line, place.column)
    });
}

/// Models that the configuration names and requests cannot be sent to.
fn unreachable_models(settings: &Settings, regions: &AllowedRegions) -> Vec<Problem> {
    let listed = settings
        .models
        .iter()
        .enumerate()
        .map(|(index, model)| (format!("models.providers.amazon-bedrock.models[{index}].id"), &model.id));
    let default = settings.default_model.iter().map(|id| ("agents.defaults.model.primary".to_owned(), id));
    let fallbacks = settings.fallback_models.iter().map(|id| ("agents.defaults.model.fallbacks".to_owned(), id));
    let problem = |(path, id): (String, &String)| {
        let error = regions.destination(id).err()?;
        let place = settings.origins.iter().find(|origin| origin.path == path)?.place.clone();
        let (message, expected) = (error.to_string(), error.expected().to_owned());
        Some(Problem { severity: Severity::Warning, place, path, message, expected })
    };
    listed.chain(default).chain(fallbacks).filter_map(problem).collect()
}

/// The settings that bound the number of requests.
#[must_use]
pub fn capacity_settings(limits: &GatewayLimits) -> capacity::Settings {
    let GatewayLimits { body, concurrency, unready_percent, .. } = *limits;
    capacity::Settings { concurrency, body, unready_percent, ..capacity::Settings::default() }
}

/// A warning where more requests are configured than fit on this machine.
fn more_than_fit(file: Option<&ConfigFile>, gateway: &GatewayConfig, generation: &Generation) -> Option<Problem> {
    const PATH: &str = "quarry.limits.concurrency";
    let configured = gateway.limits.concurrency?;
    let fits = generation.fits(capacity_settings(&gateway.limits));
    if fits.bound == Bound::Concurrency {
        return None;
    }
    let (line, column) = ConfigText::of(file?).place(&parse_path(PATH).ok()?)?;
    let source = file?.path().display().to_string();
    Some(Problem {
        severity: Severity::Warning,
        place: Place { layer: "file".to_owned(), source, line, column },
        path: PATH.to_owned(),
        message: format!("{configured} concurrent requests do not fit on this machine: {fits}"),
        expected: format!("at most {}; remove the setting to use the number that fits", fits.requests),
    })
}

/// Members of `quarry.regions` that are in another partition than the configured region.
fn unreachable_regions(file: Option<&ConfigFile>, gateway: &GatewayConfig, regions: &AllowedRegions) -> Vec<Problem> {
    let text = file.map(ConfigText::of);
    let home = regions.home();
    let problem = |(index, pattern): (usize, &RegionPattern)| {
        if pattern.partition() == home.partition() {
            return None;
        }
        let path = format!("quarry.regions[{index}]");
        let (line, column) = text.as_ref()?.place(&parse_path(&path).ok()?)?;
        let source = file?.path().display().to_string();
        Some(Problem {
            severity: Severity::Warning,
            place: Place { layer: "file".to_owned(), source, line, column },
            path,
            message: format!("{pattern} is ignored: it belongs to another partition than the configured region {home}"),
            expected: format!("regions of the partition of {home}"),
        })
    };
    gateway.regions.iter().flatten().enumerate().filter_map(problem).collect()
}
