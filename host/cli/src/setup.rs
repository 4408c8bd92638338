//! What most commands begin with: the provider, the configuration, the way to AWS.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use quarry_aws::{Aws, AwsOptions};
use quarry_config::{Environment, Override};
use quarry_contract::config::{Problem, Severity};
use quarry_gateway::discovery::cache::DiscoveryCache;
use quarry_gateway::discovery::store::{DiskListings, ListingStore};
use quarry_gateway::{Configuration, ConfigurationError, models};
use quarry_provider_host::{AotCache, Generation, Host, ImportPolicy, Limits, LoadError, Session, read_component};
use quarry_simulator::{Pace, Simulator, SimulatorOptions};

use super::arguments::Global;
use super::{problems, progress, terminal};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};

/// What takes its time when a provider is loaded that no cache has.
pub(crate) const COMPILING: &str = "Compiling the provider component; later starts use the cache";

/// A provider with the configuration merged.
pub(crate) struct Setup {
    pub(crate) configuration: Configuration,
    pub(crate) session: Session,
}

/// Why there is no setup: told already.
pub(crate) struct ProblemsTold;

impl Setup {
    /// Loads the provider and merges the configuration. All its problems are reported at once.
    pub(crate) fn make(global: &Global, overrides: &[Override]) -> anyhow::Result<Result<Self, ProblemsTold>> {
        let environment = Environment::of_process();
        let generation = load_provider(global, &environment)?;
        let mut session = generation.session()?;
        match load_configuration(global, &mut session, &environment, overrides)? {
            Ok(configuration) => Ok(Ok(Setup { configuration, session })),
            Err(told) => Ok(Err(told)),
        }
    }

    /// The clients for AWS, or for a simulator in this process.
    pub(crate) async fn aws(&self, simulate: bool) -> anyhow::Result<Aws> {
        if simulate {
            let address = start_simulator(Pace::Model).await.context("cannot start the simulator")?;
            return Ok(Aws::connect(AwsOptions::simulator(self.configuration.region().clone(), address)).await?);
        }
        Ok(Aws::connect(self.configuration.aws_options()).await?)
    }

    /// The listings of earlier commands. What the simulator in this process says is nothing to remember.
    pub(crate) fn listings(&self, simulate: bool) -> DiscoveryCache {
        let folder = cache_folder(&self.configuration.environment).filter(|_| !simulate);
        let store = folder.map(|folder| Arc::new(DiskListings::new(folder.join("listings"))) as Arc<dyn ListingStore>);
        DiscoveryCache::before(store)
    }
}

/// What the flags `--model` and `--region` put over the configuration.
pub(crate) fn overrides(model: Option<&str>, region: Option<&str>) -> Vec<Override> {
    let model = model.map(|model| Override::new("agents.defaults.model.primary", models::with_prefix(model)));
    let region = region.map(|region| Override::new("models.bedrockDiscovery.region", region));
    model.into_iter().chain(region).collect()
}

/// Loads the configuration. Its problems are reported, all at once.
pub(crate) fn load_configuration(
    global: &Global,
    session: &mut Session,
    environment: &Environment,
    overrides: &[Override],
) -> anyhow::Result<Result<Configuration, ProblemsTold>> {
    match Configuration::load(session, global.config.as_deref(), environment, overrides) {
        Ok(configuration) => {
            terminal::tell(&problems::of_configuration(&configuration.warnings));
            Ok(Ok(configuration))
        }
        Err(ConfigurationError::Problems(found)) => {
            tell_problems(&found);
            Ok(Err(ProblemsTold))
        }
        Err(ConfigurationError::Config(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}

/// Tells why the configuration cannot be used.
pub(crate) fn tell_problems(found: &[Problem]) {
    terminal::tell(&problems::of_configuration(found));
    let errors = found.iter().filter(|problem| matches!(problem.severity, Severity::Error)).count();
    let noun = if errors == 1 { "problem" } else { "problems" };
    terminal::tell_line(&format!("{errors} {noun} in the configuration; nothing was executed"));
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
    load_in(&Arc::new(Host::new(Limits::default())?), global, environment, policy)
}

/// Loads the provider component into a host that counts its steps.
pub(crate) fn load_metered(
    global: &Global,
    environment: &Environment,
    policy: ImportPolicy,
) -> anyhow::Result<Arc<Generation>> {
    load_in(&Arc::new(Host::metered(Limits::default())?), global, environment, policy)
}

fn load_in(
    host: &Arc<Host>,
    global: &Global,
    environment: &Environment,
    policy: ImportPolicy,
) -> anyhow::Result<Arc<Generation>> {
    let cache = aot_cache(environment);
    let load = || match &global.provider_component {
        Some(path) => Generation::from_file_importing(host, path, cache.as_ref(), policy),
        None => Generation::load(host, EMBEDDED_NAME, EMBEDDED, cache.as_ref()),
    };
    Ok(progress::telling_of_call(COMPILING, progress::is_wanted(false), load)?)
}

/// Name and bytes of a component: the embedded one where no file is named.
pub(crate) fn component_bytes(host: &Host, file: Option<&Path>) -> Result<(String, Cow<'static, [u8]>), LoadError> {
    Ok(match file {
        Some(file) => (file.display().to_string(), read_component(host, file)?.into()),
        None => (EMBEDDED_NAME.to_owned(), EMBEDDED.into()),
    })
}

/// Where compiled components are kept.
pub(crate) fn aot_cache(environment: &Environment) -> Option<AotCache> {
    cache_folder(environment).map(|folder| AotCache::new(folder.join("aot")))
}

/// The same; where nothing is cached, or others can change what is, in the folder of versions.
pub(crate) fn aot_cache_beside(environment: &Environment, state: &Path) -> AotCache {
    let usable = aot_cache(environment).filter(|cache| {
        let checked = cache.check();
        if let Err(error) = &checked {
            terminal::tell_line(&format!("compiled components are cached in the folder of versions instead: {error}"));
        }
        checked.is_ok()
    });
    usable.unwrap_or_else(|| AotCache::new(state.join("aot")))
}

/// `QUARRY_CACHE_DIR`, `$XDG_CACHE_HOME/quarry`, `~/.cache/quarry`. `None` where there is no home: then nothing is cached.
pub(crate) fn cache_folder(environment: &Environment) -> Option<PathBuf> {
    let set = |name| environment.get(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
    set("QUARRY_CACHE_DIR")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("quarry")))
        .or_else(|| Some(set("HOME")?.join(".cache").join("quarry")))
}

/// Starts a simulator that lives as long as this process, and gives its address.
pub(crate) async fn start_simulator(pace: Pace) -> std::io::Result<SocketAddr> {
    let simulator =
        Simulator::bind(([127, 0, 0, 1], 0).into(), SimulatorOptions { pace, ..Default::default() }).await?;
    let address = simulator.local_addr();
    tokio::spawn(simulator.run(std::future::pending()));
    Ok(address)
}
