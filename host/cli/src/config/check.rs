//! Whether a configuration can be used, by the provider and by the gateway.

use std::sync::Arc;

use quarry_config::{ConfigFile, Environment};
use quarry_contract::config::{Problem, Severity};
use quarry_gateway::{Configuration, ConfigurationError};
use quarry_provider_host::Generation;

use super::super::arguments::Global;
use super::super::setup;

/// Checks configurations as the commands and the gateway do that use them.
pub(super) struct Checker {
    pub(super) environment: Environment,
    generation: Arc<Generation>,
}

impl Checker {
    pub(super) fn new(global: &Global) -> anyhow::Result<Self> {
        let environment = Environment::of_process();
        let generation = setup::load_provider(global, &environment)?;
        Ok(Checker { environment, generation })
    }

    /// The configuration that a file makes, or all the problems with it.
    pub(super) fn load(&self, file: Option<&ConfigFile>) -> anyhow::Result<Result<Configuration, Vec<Problem>>> {
        let mut session = self.generation.session()?;
        match Configuration::of_file(&mut session, file, &self.environment, &[]) {
            Ok(configuration) => Ok(Ok(configuration)),
            Err(ConfigurationError::Problems(problems)) => Ok(Err(problems)),
            Err(error) => Err(error.into()),
        }
    }

    /// All the problems, warnings among them.
    pub(super) fn check(&self, file: Option<&ConfigFile>) -> anyhow::Result<Vec<Problem>> {
        Ok(match self.load(file)? {
            Ok(configuration) => configuration.warnings,
            Err(problems) => problems,
        })
    }

    /// Parts of the configuration that the provider reads.
    pub(super) fn provider_paths(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.generation.session()?.identify()?.config_paths)
    }
}

/// Whether the configuration cannot be used.
pub(super) fn any_error(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| matches!(problem.severity, Severity::Error))
}
