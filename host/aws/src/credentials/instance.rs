//! The role of the EC2 instance, by IMDSv2: asked once and shortly, because most machines are no EC2 instances.

use std::time::Duration;

use aws_config::imds;
use aws_config::imds::client::error::ImdsError;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;

use crate::environment::Environment;
use crate::failure;

/// How long one exchange with the metadata service may take. On an instance it takes some milliseconds.
const EXCHANGE: Duration = Duration::from_secs(1);

/// How long the three exchanges (token, name of the role, its credentials) may take together.
const ALL_EXCHANGES: Duration = Duration::from_millis(1500);

/// How long the instance's region is waited for, which nothing depends on.
const REGION: Duration = Duration::from_millis(300);

/// Where the roles of an instance are listed.
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// Where the region is.
const REGION_PATH: &str = "/latest/meta-data/placement/region";

/// What an instance gives.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) role: String,
    pub(super) region: Option<String>,
    pub(super) credentials: Credentials,
}

/// Why an instance gave no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoInstanceRole {
    /// There is no instance, or it has no role.
    NotThere(String),
    /// There is one, and it failed.
    Failed(String),
}

/// Asks the metadata service for the role and its credentials. It never asks by IMDSv1.
///
/// `AWS_EC2_METADATA_DISABLED`, `AWS_EC2_METADATA_SERVICE_ENDPOINT` and `…_ENDPOINT_MODE` count, the latter two by the SDK.
///
/// # Errors
/// When there is no role, or its credentials cannot be had.
pub(super) async fn ask(configuration: &ProviderConfig, environment: &Environment) -> Result<Given, NoInstanceRole> {
    if environment.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(NoInstanceRole::NotThere("switched off by AWS_EC2_METADATA_DISABLED".to_owned()));
    }
    let client = client(configuration);
    let exchanges = tokio::time::timeout(ALL_EXCHANGES, exchange(configuration, &client));
    let (role, credentials) = exchanges.await.unwrap_or_else(|_elapsed| {
        let waited = ALL_EXCHANGES.as_millis();
        Err(NoInstanceRole::NotThere(format!("the metadata service did not respond within {waited} ms")))
    })?;
    let region = tokio::time::timeout(REGION, client.get(REGION_PATH)).await.ok().and_then(Result::ok);
    let region = region.map(|region| region.as_ref().trim().to_owned()).filter(|region| is_plain_name(region));
    Ok(Given { role, region, credentials })
}

fn client(configuration: &ProviderConfig) -> imds::Client {
    imds::Client::builder()
        .configure(configuration)
        .max_attempts(1)
        .connect_timeout(EXCHANGE)
        .read_timeout(EXCHANGE)
        // Longer than the ones above, which say what it was that took too long.
        .operation_attempt_timeout(ALL_EXCHANGES)
        .operation_timeout(ALL_EXCHANGES)
        .build()
}

async fn exchange(
    configuration: &ProviderConfig,
    client: &imds::Client,
) -> Result<(String, Credentials), NoInstanceRole> {
    let roles: String = client.get(ROLES).await.map_err(|error| refusal(&error))?.into();
    let Some(role) = roles.lines().map(str::trim).find(|role| !role.is_empty()) else {
        return Err(NoInstanceRole::NotThere("no role is attached to this instance".to_owned()));
    };
    if !is_plain_name(role) {
        return Err(NoInstanceRole::Failed("the metadata service returned an invalid role name".to_owned()));
    }
    let provider =
        ImdsCredentialsProvider::builder().configure(configuration).imds_client(client.clone()).profile(role).build();
    let credentials = provider
        .provide_credentials()
        .await
        .map_err(|error| NoInstanceRole::Failed(format!("the role {role}: {}", failure::chain(&error))))?;
    Ok((role.to_owned(), credentials))
}

/// Whether a text can be the name of a role (IAM's own rule), which becomes a part of an address, or of a region, which has
/// fewer characters to choose from: both are shown.
fn is_plain_name(text: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
    (1..=64).contains(&text.len()) && text.chars().all(allowed)
}

/// What a failed exchange means: nobody there, or somebody who refuses.
fn refusal(error: &ImdsError) -> NoInstanceRole {
    match error {
        ImdsError::ErrorResponse(context) if context.response().status().as_u16() == 404 => {
            NoInstanceRole::NotThere("no role is attached to this instance".to_owned())
        }
        ImdsError::ErrorResponse(context) => {
            let status = context.response().status().as_u16();
            NoInstanceRole::Failed(format!("the metadata service answered {status} to the request for the role"))
        }
        ImdsError::FailedToLoadToken(context) if context.is_dispatch_failure() => {
            NoInstanceRole::NotThere(format!("the metadata service cannot be reached: {}", failure::root(error)))
        }
        ImdsError::FailedToLoadToken(_) => NoInstanceRole::Failed(
            "the metadata service returned no token for IMDSv2; check that it is enabled for this instance".to_owned(),
        ),
        other => NoInstanceRole::NotThere(format!("the metadata service cannot be reached: {}", failure::root(other))),
    }
}
