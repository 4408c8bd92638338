//! The role of the EC2 instance, by IMDSv2: asked once and shortly, because most machines are no EC2 instances.

use std::time::Duration;

use aws_config::imds;
use aws_config::imds::client::error::ImdsError;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;

use crate::aws::failure;
use crate::config::Environment;

/// How long one exchange with the metadata service may take. On an instance it takes some milliseconds.
const EXCHANGE: Duration = Duration::from_secs(1);

/// How long the three exchanges (token, name of the role, its credentials) may take together.
const ALL_EXCHANGES: Duration = Duration::from_millis(1500);

/// Where the roles of an instance are listed.
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

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
pub(super) async fn ask(
    configuration: &ProviderConfig,
    environment: &Environment,
) -> Result<(String, Credentials), NoInstanceRole> {
    if environment.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(NoInstanceRole::NotThere("switched off by AWS_EC2_METADATA_DISABLED".to_owned()));
    }
    let exchanges = exchange(configuration);
    tokio::time::timeout(ALL_EXCHANGES, exchanges).await.unwrap_or_else(|_elapsed| {
        let waited = ALL_EXCHANGES.as_millis();
        Err(NoInstanceRole::NotThere(format!("the metadata service did not answer within {waited} ms")))
    })
}

async fn exchange(configuration: &ProviderConfig) -> Result<(String, Credentials), NoInstanceRole> {
    let client = imds::Client::builder()
        .configure(configuration)
        .max_attempts(1)
        .connect_timeout(EXCHANGE)
        .read_timeout(EXCHANGE)
        // Longer than the ones above, which say what it was that took too long.
        .operation_attempt_timeout(ALL_EXCHANGES)
        .operation_timeout(ALL_EXCHANGES)
        .build();
    let roles: String = client.get(ROLES).await.map_err(|error| refusal(&error))?.into();
    let Some(role) = roles.lines().map(str::trim).find(|role| !role.is_empty()) else {
        return Err(NoInstanceRole::NotThere("no role is attached to this instance".to_owned()));
    };
    let provider =
        ImdsCredentialsProvider::builder().configure(configuration).imds_client(client).profile(role).build();
    let credentials = provider
        .provide_credentials()
        .await
        .map_err(|error| NoInstanceRole::Failed(format!("the role {role}: {}", failure::chain(&error))))?;
    Ok((role.to_owned(), credentials))
}

/// What a failed exchange means: nobody there, or somebody who refuses.
fn refusal(error: &ImdsError) -> NoInstanceRole {
    match error {
        ImdsError::ErrorResponse(context) if context.response().status().as_u16() == 404 => {
            NoInstanceRole::NotThere("no role is attached to this instance".to_owned())
        }
        ImdsError::ErrorResponse(context) => {
            let status = context.response().status().as_u16();
            NoInstanceRole::Failed(format!("the metadata service answered {status} when asked for the role"))
        }
        ImdsError::FailedToLoadToken(context) if context.is_dispatch_failure() => {
            NoInstanceRole::NotThere(format!("the metadata service cannot be reached: {}", failure::root(error)))
        }
        ImdsError::FailedToLoadToken(_) => NoInstanceRole::Failed(
            "the metadata service gave no token for IMDSv2; is it switched off for this instance?".to_owned(),
        ),
        other => NoInstanceRole::NotThere(format!("the metadata service cannot be asked: {}", failure::root(other))),
    }
}
