//! The effective configuration: layers merged by the provider, and what only the host reads.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use crate::aws::{AwsOptions, BearerToken, Source, detect, profile_region};
use crate::config::gateway::GatewayConfig;
use crate::config::{ConfigError, ConfigFile, ConfigSecrets, Environment, Override, layers, locate};
use crate::contract::config::{Layer, LayerContent, Merged, Problem, Settings};
use crate::provider::{ProviderError, Session};

/// A configuration that can be used.
#[derive(Debug)]
pub struct Configuration {
    /// What the provider made of it.
    pub settings: Settings,
    /// What is worth telling about it.
    pub warnings: Vec<Problem>,
    /// The gateway's own settings.
    pub gateway: GatewayConfig,
    /// The environment that it was made with.
    pub environment: Environment,
    /// The file that it was read from, if there is one.
    pub file: Option<PathBuf>,
    secrets: ConfigSecrets,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file cannot be found or read, or a value cannot be sent.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The provider failed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// It was read, and cannot be used. All the problems, warnings among them.
    #[error("the configuration cannot be used: {} problems", .0.len())]
    Problems(Vec<Problem>),
}

impl Configuration {
    /// Finds the file, reads it, has the provider merge it with the environment and the flags.
    ///
    /// # Errors
    /// When the file cannot be read or used, or the provider fails.
    pub fn load(
        session: &mut Session,
        chosen: Option<&Path>,
        environment: &Environment,
        overrides: &[Override],
    ) -> Result<Self, ConfigurationError> {
        let file = match locate(chosen, environment)? {
            Some(location) => Some(ConfigFile::read(&location)?),
            None => None,
        };
        Self::of_file(session, file.as_ref(), environment, overrides)
    }

    /// The same for a file that was read already, or that is about to be written.
    ///
    /// # Errors
    /// When it cannot be used, or the provider fails.
    pub fn of_file(
        session: &mut Session,
        file: Option<&ConfigFile>,
        environment: &Environment,
        overrides: &[Override],
    ) -> Result<Self, ConfigurationError> {
        let secrets = ConfigSecrets::read(file, overrides)?;
        let identity = session.identify()?;
        let gateway = GatewayConfig::read(file);
        let params = gateway.as_ref().map_or(&[][..], |gateway| &gateway.provider.params);
        let mut layers = layers(file, environment, overrides, &identity, params)?;
        layers.splice(0..0, shared_config_layer(environment));
        match (session.merge(&layers)?, gateway) {
            (Ok(Merged { settings, warnings }), Ok(gateway)) => Ok(Configuration {
                settings,
                warnings,
                gateway,
                environment: environment.clone(),
                file: file.map(|file| file.path().to_owned()),
                secrets,
            }),
            (merged, gateway) => {
                let mut problems = merged.err().unwrap_or_default();
                problems.extend(gateway.err().unwrap_or_default());
                Err(ConfigurationError::Problems(problems))
            }
        }
    }

    /// How to reach AWS by it.
    #[must_use]
    pub fn aws_options(&self) -> AwsOptions {
        let (source, bearer_token) = self.credentials();
        AwsOptions {
            region: self.settings.region.clone(),
            runtime_endpoint: self.settings.base_url.clone().filter(|url| !is_standard_endpoint(url)),
            source,
            environment: self.environment.clone(),
            bearer_token,
            headers: self.secrets.headers.clone(),
            ..AwsOptions::default()
        }
    }

    /// The source of credentials that is used, and the bearer token where that is it.
    #[must_use]
    pub fn credentials(&self) -> (Option<Source>, Option<BearerToken>) {
        let source = detect(|name| self.environment.get(name).map(str::to_owned));
        if source == Some(Source::SkipAuth) {
            return (source, None);
        }
        let configured = self.secrets.bearer_token.as_ref().and_then(|token| BearerToken::new(token.expose_secret()));
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

/// The name of the layer that holds what AWS's shared configuration says.
pub const SHARED_CONFIG_LAYER: &str = "shared-config";

/// The region of the profile that is used, below everything else: it counts where neither the configuration nor a variable names
/// one, as in AWS's own tools. A provider knows it as the variable that it would be.
fn shared_config_layer(environment: &Environment) -> Option<Layer> {
    let region = profile_region(environment)?;
    let content = LayerContent::Variables(vec![("AWS_DEFAULT_REGION".to_owned(), region)]);
    Some(Layer { name: SHARED_CONFIG_LAYER.to_owned(), source: String::new(), content })
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
