//! From what each layer says to what counts.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::endpoint::{self, StandardEndpoint};
use super::{ConnectionConfig, Found, Header, PROVIDER_PATH, REGION_PATH, SHARED_CONFIG_LAYER};
use crate::aws::Region;
use crate::contract::config::{Place, Problem, Severity};
use crate::pi;

/// The region when nothing names one (pi's and OpenClaw's).
const DEFAULT_REGION: &str = "us-east-1";

/// What a layer says, and what is wrong with it. What it does not say is absent.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) region: Option<Found<String>>,
    /// `AWS_REGION`, which only counts when nothing of the configuration names a region.
    pub(super) aws_region: Option<Found<String>>,
    /// `AWS_DEFAULT_REGION`, which comes after `AWS_REGION`.
    pub(super) aws_default_region: Option<Found<String>>,
    pub(super) base_url: Option<Found<String>>,
    pub(super) auth: Option<Found<String>>,
    pub(super) api: Option<Found<String>>,
    /// By their names in lower case: names of headers do not differ by case.
    pub(super) headers: BTreeMap<String, Found<Header>>,
    pub(super) bearer_token: Option<SecretString>,
    pub(super) problems: Vec<Problem>,
}

impl Layer {
    /// Lays a higher layer over this one: what it says wins, what it does not say stays.
    fn lay_over(mut self, higher: Layer) -> Self {
        self.headers.extend(higher.headers);
        self.problems.extend(higher.problems);
        Layer {
            region: higher.region.or(self.region),
            aws_region: higher.aws_region.or(self.aws_region),
            aws_default_region: higher.aws_default_region.or(self.aws_default_region),
            base_url: higher.base_url.or(self.base_url),
            auth: higher.auth.or(self.auth),
            api: higher.api.or(self.api),
            headers: self.headers,
            bearer_token: higher.bearer_token.or(self.bearer_token),
            problems: self.problems,
        }
    }
}

/// Makes the connection of layers, lowest first, and of the AWS profile's region.
///
/// # Errors
/// All the problems, warnings among them, when any is an error.
pub(super) fn settle(layers: Vec<Layer>, profile_region: Option<String>) -> Result<ConnectionConfig, Vec<Problem>> {
    let top = layers.into_iter().fold(Layer::default(), Layer::lay_over);
    let mut problems = top.problems;
    let endpoint = top.base_url.as_ref().and_then(|url| endpoint::standard_endpoint(&url.value));
    let of_endpoint = || {
        let url = top.base_url.as_ref()?;
        Some(url.with(endpoint.as_ref()?.region.to_string()))
    };
    let named = top.region.clone().or_else(of_endpoint).or(top.aws_region).or(top.aws_default_region);
    let region = named.or_else(|| of_profile(profile_region, &mut problems));
    // An error was noted where a name is none.
    let region = region.and_then(|found| Some(found.with(Region::new(&found.value)?)));
    let default = || Region::new(DEFAULT_REGION).map(Found::by_default);
    let region = region.or_else(default);
    let base_url = match (top.base_url, endpoint, &region) {
        (Some(url), Some(endpoint), Some(region)) => pinned(url, &endpoint, region, &mut problems),
        (url, _, _) => url,
    };
    match region {
        Some(region) if problems.iter().all(|problem| problem.severity != Severity::Error) => Ok(ConnectionConfig {
            region,
            base_url,
            auth: top.auth.unwrap_or_else(|| Found::by_default("aws-sdk".to_owned())),
            api: top.api.unwrap_or_else(|| Found::by_default(pi::API.to_owned())),
            headers: top.headers.into_values().collect(),
            bearer_token: top.bearer_token,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

/// The region of the AWS profile, below everything else, as in AWS's own tools.
fn of_profile(region: Option<String>, problems: &mut Vec<Problem>) -> Option<Found<String>> {
    let value = region?;
    let place = Place { layer: SHARED_CONFIG_LAYER.to_owned(), source: String::new(), line: 0, column: 0 };
    if let Some((severity, message, expected)) = endpoint::fault_of_region("region", &value) {
        let path = REGION_PATH.to_owned();
        problems.push(Problem { severity, place: place.clone(), path, message, expected });
    }
    Some(Found { value, place })
}

/// The endpoint, where it says more than the SDK knows from the region by itself.
fn pinned(
    url: Found<String>,
    endpoint: &StandardEndpoint,
    region: &Found<Region>,
    problems: &mut Vec<Problem>,
) -> Option<Found<String>> {
    let in_one_layer = url.place.layer == region.place.layer;
    if endpoint.region != region.value && (!endpoint.is_plain || in_one_layer) {
        problems.push(Problem {
            severity: Severity::Warning,
            place: url.place.clone(),
            path: format!("{PROVIDER_PATH}.baseUrl"),
            message: format!("baseUrl is in {}, and the region is {}", endpoint.region, region.value),
            expected: format!("an endpoint in {}, or no `baseUrl`", region.value),
        });
    }
    (!endpoint.is_plain).then_some(url)
}
