//! What requests are signed with, by where the credentials come from.

use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;

use super::bounded::Answers;
use super::credentials::{BearerToken, Chain, KeptCredentials, Source};
use super::transport::{self, CaBundleError};
use crate::environment::Environment;

/// What requests are signed with.
pub(super) enum Signing {
    /// Credentials of the chain.
    Kept(KeptCredentials),
    /// Dummy credentials, for an endpoint that does not check signatures.
    Dummy(Credentials),
    /// A token, and nothing else.
    Token,
}

impl Signing {
    pub(super) fn by(
        source: Option<Source>,
        token: Option<&BearerToken>,
        region: &str,
        environment: &Environment,
    ) -> Result<Self, CaBundleError> {
        let dummy = |id: &str, secret: &str| Signing::Dummy(Credentials::new(id, secret, None, None, "dummy"));
        Ok(match source {
            Some(Source::Simulator) => dummy("simulator", "simulator"),
            // pi signs with the same.
            Some(Source::SkipAuth) => dummy("dummy-access-key", "dummy-secret-key"),
            _ if token.is_some() => Signing::Token,
            _ => {
                let is_on = |name: &str| environment.get(name).map(|value| value.eq_ignore_ascii_case("true"));
                let configuration = |http| {
                    ProviderConfig::without_region()
                        .with_use_fips(is_on("AWS_USE_FIPS_ENDPOINT"))
                        .with_use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"))
                        .with_behavior_version(Some(BehaviorVersion::latest()))
                        .with_region(Some(Region::new(region.to_owned())))
                        .with_http_client(http)
                };
                let aws = configuration(transport::to_aws(source, environment, Answers::Credentials)?);
                let chain = Chain::new(
                    source,
                    environment.clone(),
                    aws,
                    configuration(transport::direct(Answers::Credentials)),
                );
                Signing::Kept(KeptCredentials::new(chain))
            }
        })
    }
}
