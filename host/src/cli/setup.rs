//! What most commands begin with: the provider, the configuration, the way to AWS.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use quarry::aws::{Aws, AwsOptions, BearerToken, Source, detect};
use quarry::config::{ConfigFile, ConfigSecrets, Environment, Override, layers, locate};
use quarry::contract::config::{Merged, Problem, Settings, Severity};
use quarry::provider::{AotCache, Generation, Host, ImportPolicy, Limits, Session};
use quarry::simulator::{Pace, Simulator, SimulatorOptions};
use secrecy::ExposeSecret as _;

use super::arguments::Global;
use super::{problems, terminal};

/// A provider with the configuration merged.
pub(crate) struct Setup {
    pub(crate) environment: Environment,
    pub(crate) settings: Settings,
    pub(crate) session: Session,
    secrets: ConfigSecrets,
}

/// Why there is no setup: told already.
pub(crate) struct ProblemsTold;

impl Setup {
    /// Loads the provider and merges the configuration. All its problems are told at once.
    pub(crate) fn make(global: &Global, overrides: &[Override]) -> anyhow::Result<Result<Self, ProblemsTold>> {
        let environment = Environment::of_process();
        let generation = load_provider(global, &environment)?;
        let mut session = generation.session()?;
        let file = match locate(global.config.as_deref(), &environment)? {
            Some(location) => Some(ConfigFile::read(&location)?),
            None => None,
        };
        let secrets = ConfigSecrets::read(file.as_ref(), overrides)?;
        let identity = session.identify()?;
        let layers = layers(file.as_ref(), &environment, overrides, &identity)?;
        match session.merge(&layers)? {
            Ok(Merged { settings, warnings }) => {
                terminal::tell(&problems::of_configuration(&warnings));
                Ok(Ok(Setup { environment, settings, session, secrets }))
            }
            Err(found) => {
                tell_problems(&found);
                Ok(Err(ProblemsTold))
            }
        }
    }

    /// The clients for AWS, or for a simulator in this process.
    pub(crate) async fn aws(&self, simulate: bool) -> anyhow::Result<Aws> {
        let region = self.settings.region.clone();
        if simulate {
            let endpoint = start_simulator().await.context("cannot start the simulator")?;
            let options = AwsOptions {
                region,
                runtime_endpoint: Some(endpoint.clone()),
                control_endpoint: Some(endpoint),
                source: Some(Source::Simulator),
                ..AwsOptions::default()
            };
            return Ok(Aws::connect(options).await?);
        }
        let (source, bearer_token) = self.credentials();
        let options = AwsOptions {
            region,
            runtime_endpoint: self.settings.base_url.clone().filter(|url| !is_standard_endpoint(url)),
            control_endpoint: None,
            source,
            bearer_token,
            headers: self.secrets.headers.clone(),
            attempts: None,
        };
        Ok(Aws::connect(options).await?)
    }

    /// The source of credentials that is used, and the bearer token where that is it.
    pub(crate) fn credentials(&self) -> (Option<Source>, Option<BearerToken>) {
        let configured = self.secrets.bearer_token.as_ref().and_then(|token| BearerToken::new(token.expose_secret()));
        if configured.is_some() {
            return (Some(Source::ConfiguredToken), configured);
        }
        let source = detect(|name| self.environment.get(name).map(str::to_owned));
        let token = match source {
            Some(Source::BearerToken) => self.environment.get("AWS_BEARER_TOKEN_BEDROCK").and_then(BearerToken::new),
            _ => None,
        };
        (source, token)
    }
}

fn tell_problems(found: &[Problem]) {
    terminal::tell(&problems::of_configuration(found));
    let errors = found.iter().filter(|problem| matches!(problem.severity, Severity::Error)).count();
    let noun = if errors == 1 { "problem" } else { "problems" };
    terminal::tell(&format!("{errors} {noun} in the configuration; nothing was done\n"));
}

/// The provider component: the one that is named, else the embedded one.
pub(crate) fn load_provider(global: &Global, environment: &Environment) -> anyhow::Result<Arc<Generation>> {
    load_provider_importing(global, environment, ImportPolicy::Nothing)
}

/// The same for a component that may import something.
pub(crate) fn load_provider_importing(
    global: &Global,
    environment: &Environment,
    policy: ImportPolicy,
) -> anyhow::Result<Arc<Generation>> {
    let host = Arc::new(Host::new(Limits::default())?);
    let cache = aot_cache(environment);
    Ok(match &global.provider_component {
        Some(path) => Generation::from_file_importing(&host, path, cache.as_ref(), policy)?,
        None => Generation::embedded(&host, cache.as_ref())?,
    })
}

/// Where compiled components are kept.
pub(crate) fn aot_cache(environment: &Environment) -> Option<AotCache> {
    cache_folder(environment).map(|folder| AotCache::new(folder.join("aot")))
}

/// `QUARRY_CACHE_DIR`, `$XDG_CACHE_HOME/quarry`, `~/.cache/quarry`. None where there is no home: then nothing is cached.
fn cache_folder(environment: &Environment) -> Option<PathBuf> {
    let set = |name| environment.get(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
    set("QUARRY_CACHE_DIR")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("quarry")))
        .or_else(|| Some(set("HOME")?.join(".cache").join("quarry")))
}

/// Starts a simulator that lives as long as this process, and gives its endpoint.
async fn start_simulator() -> std::io::Result<String> {
    let options = SimulatorOptions { pace: Pace::Model, ..SimulatorOptions::default() };
    let simulator = Simulator::bind(([127, 0, 0, 1], 0).into(), options).await?;
    let endpoint = format!("http://{}", simulator.local_addr());
    tokio::spawn(simulator.run(std::future::pending()));
    Ok(endpoint)
}

/// Whether an endpoint is AWS's own for some region. The SDK makes that from the region, which may be another one by now
/// (pi #3481: a catalog's URL must not pin the region).
fn is_standard_endpoint(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
    let region = host
        .strip_prefix("bedrock-runtime.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    region.is_some_and(|region| !region.is_empty() && !region.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::is_standard_endpoint;

    #[test]
    fn only_awss_own_endpoint_is_left_to_the_sdk() {
        assert!(is_standard_endpoint("https://bedrock-runtime.eu-west-1.amazonaws.com"));
        assert!(is_standard_endpoint("https://bedrock-runtime.cn-north-1.amazonaws.com.cn/"));
        assert!(!is_standard_endpoint("https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com"));
        assert!(!is_standard_endpoint("https://bedrock-runtime-fips.us-east-1.amazonaws.com"));
        assert!(!is_standard_endpoint("http://127.0.0.1:9000"));
    }
}
