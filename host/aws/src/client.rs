//! The SDK's clients for one region.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::token::ProvideToken;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use secrecy::ExposeSecret as _;

use super::account::{self, Account, AccountIdentity};
use super::body::ExchangeBodies;
use super::bounded::Answers;
use super::credentials::{BearerToken, CredentialIdentity, CredentialProblem, KeptCredentials, Source, role_arn};
use super::plain_http::{self, KeepToken, TokenInTheClear};
use super::region::Region;
use super::request::sent_headers;
use super::retries;
use super::signing::Signing;
use super::transport::{self, CaBundleError};
use crate::environment::Environment;
use crate::printable::without_user_info;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach AWS.
#[derive(Debug, Clone)]
pub struct AwsOptions {
    /// The region of requests.
    pub region: Region,
    /// Endpoint of the runtime (`baseUrl`); the SDK's own rules, `AWS_ENDPOINT_URL*` among them, when absent.
    pub runtime_endpoint: Option<String>,
    /// Endpoint of the control plane; the SDK's own rules when absent.
    pub control_endpoint: Option<String>,
    /// Which source the configuration or the environment names; where there is none, the rest of the chain is asked.
    pub source: Option<Source>,
    /// The environment that the chain, the proxies and the certificates are read from. It is the process's: the SDK reads that
    /// one too.
    pub environment: Environment,
    /// The bearer token, where that is the source.
    pub bearer_token: Option<BearerToken>,
    /// Extra request headers: name and value. They are signed with the rest.
    pub headers: Vec<(String, secrecy::SecretString)>,
    /// How often the SDK tries a request to the runtime before its answer begins, the first time included, and never less
    /// than once; what the SDK's own configuration says (3 times, or `AWS_MAX_ATTEMPTS`) when absent. A caller that retries
    /// by itself gives 1.
    pub attempts: Option<u32>,
}

/// Whether clients made from the one do for the other. The environment does not count: a process has one.
impl PartialEq for AwsOptions {
    fn eq(&self, other: &Self) -> bool {
        let headers = |options: &AwsOptions| -> Vec<(String, String)> {
            options.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
        };
        self.region == other.region
            && self.runtime_endpoint == other.runtime_endpoint
            && self.control_endpoint == other.control_endpoint
            && self.source == other.source
            && self.bearer_token.as_ref().map(BearerToken::expose)
                == other.bearer_token.as_ref().map(BearerToken::expose)
            && self.attempts == other.attempts
            && headers(self) == headers(other)
    }
}

impl AwsOptions {
    /// AWS's own endpoints in a region, with what the rest of the chain of credentials finds.
    #[must_use]
    pub fn new(region: Region) -> Self {
        AwsOptions {
            region,
            runtime_endpoint: None,
            control_endpoint: None,
            source: None,
            environment: Environment::default(),
            bearer_token: None,
            headers: Vec::new(),
            attempts: None,
        }
    }

    /// How to reach a simulator in place of AWS: it takes any credentials.
    #[must_use]
    pub fn simulator(region: Region, address: SocketAddr) -> Self {
        let endpoint = format!("http://{address}");
        AwsOptions {
            runtime_endpoint: Some(endpoint.clone()),
            control_endpoint: Some(endpoint),
            source: Some(Source::Simulator),
            ..AwsOptions::new(region)
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A bearer token would travel in the clear.
    #[error(transparent)]
    TokenInTheClear(#[from] TokenInTheClear),
    /// The certificates of `AWS_CA_BUNDLE` cannot be used.
    #[error(transparent)]
    CaBundle(#[from] CaBundleError),
    /// The credentials are of another partition than the region: AWS would refuse them, and they would have been shown to another
    /// operator.
    #[error(
        "the role {role} belongs to the partition {partition}, and the region {region} to {actual}: set a region of {partition}"
    )]
    Partition {
        /// The role's ARN.
        role: String,
        /// The partition of the role.
        partition: String,
        /// The configured region.
        region: Region,
        /// Its partition.
        actual: &'static str,
    },
    /// An endpoint is no URL.
    #[error("the endpoint {endpoint:?} is not a URL such as https://bedrock-runtime.us-east-1.amazonaws.com")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
}

/// The SDK's clients for one region, with one source of credentials.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(super) runtime: aws_sdk_bedrockruntime::Client,
    pub(super) control: aws_sdk_bedrock::Client,
    pub(super) region: Region,
    pub(super) headers: Arc<[(String, secrecy::SecretString)]>,
    source: Option<Source>,
    /// `None` where nothing is signed, or with what needs no keeping.
    pub(super) credentials: Option<KeptCredentials>,
    account: Account,
}

impl Aws {
    /// Makes the clients. Nothing is sent yet, and no credential is asked for: that happens with the first request.
    ///
    /// # Errors
    /// When an endpoint is no URL, a bearer token would travel in the clear, or the certificates of `AWS_CA_BUNDLE` cannot be
    /// used.
    pub async fn connect(options: AwsOptions) -> Result<Self, ConnectError> {
        let AwsOptions {
            region,
            runtime_endpoint,
            control_endpoint,
            source,
            environment,
            bearer_token,
            headers,
            attempts,
        } = options;
        for endpoint in [&runtime_endpoint, &control_endpoint].into_iter().flatten() {
            check_endpoint(endpoint, bearer_token.is_some())?;
        }
        if let Some(role) = role_arn(source, &environment) {
            check_partition(&role, &region)?;
        }
        let signing = Signing::by(source, bearer_token.as_ref(), region.as_str(), &environment)?;
        let shared = shared_config(
            region.as_str(),
            &signing,
            transport::to_aws(source, &environment, Answers::Bedrock)?,
            &environment,
        )
        .await;
        for service in ["Bedrock Runtime", "Bedrock"] {
            // Where it leads is looked at with each request; what is no URL at all is told here, and in fewer words.
            if let Some(endpoint) = account::configured_endpoint(&shared, service) {
                check_endpoint(&endpoint, false)?;
            }
        }
        let account = Account::new(control_endpoint.as_deref(), &shared, &signing, bearer_token.as_ref());
        let headers = sent_headers(headers);
        let mut runtime = aws_sdk_bedrockruntime::config::Builder::from(&shared)
            .interceptor(ExchangeBodies { headers: Arc::clone(&headers) });
        let mut control = aws_sdk_bedrock::config::Builder::from(&shared);
        if let Some(endpoint) = runtime_endpoint {
            runtime = runtime.endpoint_url(endpoint);
        }
        if let Some(endpoint) = control_endpoint {
            control = control.endpoint_url(endpoint);
        }
        if let Some(attempts) = attempts {
            let retries = shared.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
            // The SDK wants at least one.
            runtime = runtime.retry_config(retries.with_max_attempts(attempts.max(1)));
        }
        if let Some(token) = &bearer_token {
            runtime = runtime.token_provider(sdk_token(token)).auth_scheme_preference([BEARER]).interceptor(KeepToken);
            control = control.token_provider(sdk_token(token)).auth_scheme_preference([BEARER]).interceptor(KeepToken);
        } else {
            // The SDK would take a token from the environment by itself, whatever was chosen here.
            runtime = runtime.auth_scheme_preference([SIGNATURE]);
            control = control.auth_scheme_preference([SIGNATURE]);
        }
        Ok(Aws {
            runtime: aws_sdk_bedrockruntime::Client::from_conf(runtime.build()),
            control: aws_sdk_bedrock::Client::from_conf(control.build()),
            region,
            headers,
            source,
            credentials: match signing {
                Signing::Kept(kept) => Some(kept),
                Signing::Dummy(_) | Signing::Token => None,
            },
            account,
        })
    }

    /// The region of requests.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Which source of credentials the configuration or the environment names; `None` where the rest of the chain must be asked.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// Who requests are signed for: asks for the credentials as a request would, unless they are at hand.
    ///
    /// # Errors
    /// When there are none, or they cannot be used.
    pub async fn identity(&self) -> Result<CredentialIdentity, CredentialProblem> {
        match (&self.credentials, self.source) {
            (Some(kept), _) => kept.get().await.map(|resolved| resolved.identity.clone()),
            (None, Some(source)) => Ok(CredentialIdentity::of_source(source)),
            (None, None) => Err(CredentialProblem::Missing { asked: Vec::new() }),
        }
    }

    /// Which account requests are made for. `None` where there are no credentials, and none were seen before.
    pub async fn account(&self) -> Option<AccountIdentity> {
        self.account.identity(self.credentials.as_ref()).await
    }

    /// Whether there is a source of credentials. What the environment names is taken at its word; else the chain is asked,
    /// down to the role of the instance.
    ///
    /// A source that is there and fails is one: who lists models is to be told how it fails, or to get what was listed before.
    /// So is one that had credentials and cannot be reached now.
    pub async fn has_credential_source(&self) -> bool {
        if self.source.is_some() {
            return true;
        }
        match self.identity().await {
            Ok(_) => true,
            Err(problem) => {
                problem.source_to_blame().is_some()
                    || self.credentials.as_ref().and_then(KeptCredentials::latest).is_some()
            }
        }
    }
}

const BEARER: AuthSchemeId = AuthSchemeId::new("httpBearerAuth");
const SIGNATURE: AuthSchemeId = AuthSchemeId::new("sigv4");

fn sdk_token(token: &BearerToken) -> impl ProvideToken + 'static {
    aws_credential_types::Token::new(token.expose(), None)
}

async fn shared_config(
    region: &str,
    signing: &Signing,
    http: SharedHttpClient,
    environment: &Environment,
) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.to_owned()))
        .http_client(http)
        .identity_cache(IdentityCache::no_cache())
        .retry_config(retries::retry_config(environment))
        // A model that thinks says nothing for minutes. How long a silence may last is for `EventStream` to say.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build());
    let loader = match signing {
        Signing::Kept(kept) => loader.credentials_provider(kept.clone()),
        Signing::Dummy(nobody) => loader.credentials_provider(nobody.clone()),
        // The token is all there is; without this the SDK would still walk its chain.
        Signing::Token => loader.no_credentials(),
    };
    loader.load().await
}

/// Checks that an endpoint is a URL, and that a token can be sent to it.
fn check_endpoint(endpoint: &str, with_token: bool) -> Result<(), ConnectError> {
    let wrong = || ConnectError::Endpoint { endpoint: without_user_info(endpoint).into_owned() };
    let url: hyper::Uri = endpoint.parse().map_err(|_| wrong())?;
    if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
        return Err(wrong());
    }
    if with_token {
        plain_http::check(&url)?;
    }
    Ok(())
}

/// Whether a role can sign for a region. A partition that is newer than the table is left to AWS.
fn check_partition(role: &str, region: &Region) -> Result<(), ConnectError> {
    let (Some(partition), Some(actual)) =
        (role.strip_prefix("arn:").and_then(|rest| rest.split(':').next()), region.partition())
    else {
        return Ok(());
    };
    if partition == actual {
        return Ok(());
    }
    let (role, partition, region) = (role.to_owned(), partition.to_owned(), region.clone());
    Err(ConnectError::Partition { role, partition, region, actual })
}

#[cfg(test)]
mod tests {
    use super::{Region, check_endpoint, check_partition};

    #[test]
    fn a_role_signs_for_regions_of_its_own_partition() {
        let check = |role: &str, region: &str| check_partition(role, &Region::new(region).expect("a region"));
        assert!(check("arn:aws:iam::123456789012:role/reader", "eu-west-1").is_ok());
        assert!(check("arn:aws-us-gov:iam::123456789012:role/reader", "us-gov-west-1").is_ok());
        assert!(check("reader", "eu-west-1").is_ok(), "no ARN says nothing");
        let refused = check("arn:aws-cn:iam::123456789012:role/reader", "us-east-1").expect_err("another operator's");
        assert!(refused.to_string().ends_with("set a region of aws-cn"), "{refused}");
        assert!(check("arn:aws:iam::123456789012:role/reader", "cn-north-1").is_err());
    }

    #[test]
    fn an_endpoint_is_a_url_that_a_token_may_go_to() {
        assert!(check_endpoint("http://127.0.0.1:8080", true).is_ok());
        assert!(check_endpoint("http://proxy.example", true).is_err());
        assert!(check_endpoint("http://proxy.example", false).is_ok());
        assert!(check_endpoint("bedrock", false).is_err());
    }
}
