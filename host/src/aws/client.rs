//! The SDK's clients for one region.

use std::net::SocketAddr;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::token::ProvideToken;
use aws_smithy_http_client::tls::{Provider as Tls, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use secrecy::ExposeSecret as _;

use super::account::Account;
use super::credentials::{BearerToken, Source};
use super::plain_http::{self, KeepToken, TokenInTheClear};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach AWS.
#[derive(Debug, Clone, Default)]
pub struct AwsOptions {
    /// The region of requests.
    pub region: String,
    /// Endpoint of the runtime (`baseUrl`); the SDK's own rules, `AWS_ENDPOINT_URL*` among them, when absent.
    pub runtime_endpoint: Option<String>,
    /// Endpoint of the control plane; the SDK's own rules when absent.
    pub control_endpoint: Option<String>,
    /// Which source the environment names.
    pub source: Option<Source>,
    /// The bearer token, where that is the source.
    pub bearer_token: Option<BearerToken>,
    /// Extra request headers: name and value. They are signed with the rest.
    pub headers: Vec<(String, secrecy::SecretString)>,
    /// How often the SDK tries a request to the runtime before its answer begins, the first time included, and never less
    /// than once; what the SDK's own configuration says (3 times, or `AWS_MAX_ATTEMPTS`) when absent. A caller that retries
    /// by itself gives 1.
    pub attempts: Option<u32>,
}

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
    /// How to reach a simulator in place of AWS: it takes any credentials.
    #[must_use]
    pub fn simulator(region: &str, address: SocketAddr) -> Self {
        let endpoint = format!("http://{address}");
        AwsOptions {
            region: region.to_owned(),
            runtime_endpoint: Some(endpoint.clone()),
            control_endpoint: Some(endpoint),
            source: Some(Source::Simulator),
            ..AwsOptions::default()
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A bearer token would travel in the clear.
    #[error(transparent)]
    TokenInTheClear(#[from] TokenInTheClear),
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
    pub(super) region: String,
    pub(super) headers: Vec<(String, secrecy::SecretString)>,
    source: Option<Source>,
    pub(super) credentials: Option<SharedCredentialsProvider>,
    pub(super) account: Account,
}

impl Aws {
    /// Makes the clients. Nothing is sent yet, and no credential is asked for: that happens with the first request.
    ///
    /// # Errors
    /// When an endpoint is no URL, or a bearer token would travel in the clear.
    pub async fn connect(options: AwsOptions) -> Result<Self, ConnectError> {
        let AwsOptions { region, runtime_endpoint, control_endpoint, source, bearer_token, headers, attempts } =
            options;
        for endpoint in [&runtime_endpoint, &control_endpoint].into_iter().flatten() {
            check_endpoint(endpoint, bearer_token.is_some())?;
        }
        let shared = shared_config(&region, source, bearer_token.as_ref()).await;
        let account = Account::new(control_endpoint.as_deref(), &shared, bearer_token.as_ref());
        let mut runtime = aws_sdk_bedrockruntime::config::Builder::from(&shared);
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
        }
        Ok(Aws {
            runtime: aws_sdk_bedrockruntime::Client::from_conf(runtime.build()),
            control: aws_sdk_bedrock::Client::from_conf(control.build()),
            region,
            headers,
            source,
            credentials: shared.credentials_provider(),
            account,
        })
    }

    /// The region of requests.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Which source of credentials the environment names; none where the SDK's chain has to look further.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        self.source
    }
}

const BEARER: AuthSchemeId = AuthSchemeId::new("httpBearerAuth");

fn sdk_token(token: &BearerToken) -> impl ProvideToken + 'static {
    aws_credential_types::Token::new(token.expose(), None)
}

async fn shared_config(region: &str, source: Option<Source>, token: Option<&BearerToken>) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .http_client(http)
        // A model that thinks says nothing for minutes. How long a silence may last is for `EventStream` to say.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build());
    if source == Some(Source::Simulator) {
        let nobody = Credentials::new("simulator", "simulator", None, None, "simulator");
        loader = loader.credentials_provider(nobody);
    } else if token.is_some() {
        // The token is all there is; without this the SDK would still walk its chain.
        loader = loader.no_credentials();
    }
    loader.load().await
}

/// Checks that an endpoint is a URL, and that a token can be sent to it.
fn check_endpoint(endpoint: &str, with_token: bool) -> Result<(), ConnectError> {
    let wrong = || ConnectError::Endpoint { endpoint: endpoint.to_owned() };
    let url: hyper::Uri = endpoint.parse().map_err(|_| wrong())?;
    if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
        return Err(wrong());
    }
    if with_token {
        plain_http::check(&url)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_endpoint;

    #[test]
    fn an_endpoint_is_a_url_that_a_token_may_go_to() {
        assert!(check_endpoint("http://127.0.0.1:8080", true).is_ok());
        assert!(check_endpoint("http://proxy.example", true).is_err());
        assert!(check_endpoint("http://proxy.example", false).is_ok());
        assert!(check_endpoint("bedrock", false).is_err());
    }
}
