//! How to reach AWS, as the configuration has it: region, endpoint, headers, `auth`, `api` and the key.
//!
//! The host reads these members and never asks a provider for them: they decide where credentials and conversations go.

mod document;
mod endpoint;
mod settle;
mod slips;
mod variables;

use secrecy::SecretString;

use super::error::ConfigError;
use super::file::ConfigFile;
use super::overrides::{self, Override};
use crate::aws::{Region, profile_region};
use crate::contract::config::{Place, Problem};
use crate::environment::Environment;

/// Names of the provider in `models.providers`, the one that counts most last.
pub const PROVIDER_NAMES: [&str; 3] = ["aws-bedrock", "bedrock", "amazon-bedrock"];

/// The name of the layer that holds what AWS's shared configuration says.
pub const SHARED_CONFIG_LAYER: &str = "shared-config";

/// The name of the layer of values that nothing sets.
pub const DEFAULTS_LAYER: &str = "defaults";

/// The path that the region goes by, wherever it is from.
pub const REGION_PATH: &str = "models.bedrockDiscovery.region";

const PROVIDER_PATH: &str = "models.providers.amazon-bedrock";

/// The environment variables that are read here, the region's in the order in which they count.
const REGION_VARIABLES: [&str; 3] = ["QUARRY_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"];
const BASE_URL_VARIABLE: &str = "QUARRY_BASE_URL";

/// A value and where it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it is from.
    pub place: Place,
}

impl<T> Found<T> {
    /// A value that nothing sets.
    fn by_default(value: T) -> Self {
        let place = Place { layer: DEFAULTS_LAYER.to_owned(), source: String::new(), line: 0, column: 0 };
        Found { value, place }
    }

    fn with<U>(&self, value: U) -> Found<U> {
        Found { value, place: self.place.clone() }
    }
}

/// An extra header of requests. Its value may be a secret.
#[derive(Debug, Clone)]
pub struct Header {
    /// Its name, as it is written.
    pub name: String,
    /// Its value, which can be sent.
    pub value: SecretString,
}

/// How to reach AWS.
#[derive(Debug)]
pub struct ConnectionConfig {
    /// The region: of the flag, `QUARRY_REGION`, `models.bedrockDiscovery.region` (or the same under `plugins`), the endpoint,
    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, the AWS profile; else us-east-1.
    pub region: Found<Region>,
    /// The endpoint of the runtime, where it is not AWS's own for a region.
    pub base_url: Option<Found<String>>,
    /// `auth`: `aws-sdk`, `api-key`, `oauth` or `token`. What is sent depends on the credentials that are there.
    pub auth: Found<String>,
    /// `api`: the one that there is.
    pub api: Found<String>,
    /// `headers`, by their names.
    pub headers: Vec<Found<Header>>,
    /// `apiKey`: a bearer token for Bedrock.
    pub bearer_token: Option<SecretString>,
    /// What is worth telling about these.
    pub warnings: Vec<Problem>,
}

impl ConnectionConfig {
    /// Reads the file, the environment, the flags and the AWS profile.
    ///
    /// # Errors
    /// When the path of a flag cannot be read. The inner result: all that is wrong with these members, warnings among it, when
    /// any is an error. What is wrong with the objects that they stand in, and with the syntax, a provider reports.
    pub fn read(
        file: Option<&ConfigFile>,
        environment: &Environment,
        overrides: &[Override],
    ) -> Result<Result<Self, Vec<Problem>>, ConfigError> {
        let flags = overrides::document(overrides)?;
        let mut layers = Vec::new();
        if let Some((file, document)) = file.and_then(|file| Some((file, file.document().ok()?))) {
            layers.push(document::read("file", &file.path().display().to_string(), document));
        }
        layers.push(variables::read(environment));
        layers.push(document::read("flags", "", &flags));
        Ok(settle::settle(layers, profile_region(environment)))
    }

    /// Every value with its path, in the order in which they are reported. Values of headers are not among them.
    pub fn values(&self) -> Vec<(String, Found<serde_json::Value>)> {
        let ConnectionConfig { region, base_url, auth, api, headers, bearer_token: _, warnings: _ } = self;
        let text = |found: &Found<String>| found.with(found.value.as_str().into());
        let mut values = vec![(REGION_PATH.to_owned(), region.with(region.value.as_str().into()))];
        values.extend(base_url.as_ref().map(|found| (format!("{PROVIDER_PATH}.baseUrl"), text(found))));
        values.push((format!("{PROVIDER_PATH}.auth"), text(auth)));
        values.push((format!("{PROVIDER_PATH}.api"), text(api)));
        for header in headers {
            values.push((header_path(&header.value.name), header.with("(set)".into())));
        }
        values
    }
}

fn header_path(name: &str) -> String {
    let path = super::path::Segment::members(["models", "providers", "amazon-bedrock", "headers", name]);
    super::path::Shown(&path).to_string()
}

#[cfg(test)]
mod tests;
