//! The sources of credentials, asked one after the other. The first that has any is used, and told.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use tokio::time::Instant;

use super::container;
use super::identity::CredentialIdentity;
use super::instance::{self, Given, NoInstanceRole};
use super::kept::Sources;
use super::problem::CredentialProblem;
use super::profile::{self, DEFAULT_PROFILE, FilesState, ProfileFacts, ProfileMeans};
use super::source::Source;
use super::words::{without_complaint, words, words_of_profile};
use crate::environment::Environment;

/// How long it is remembered that there is no instance role. A machine without one is asked once and not for every request; a
/// role that is attached later is found without a restart.
const NO_INSTANCE_ROLE_REMEMBERED: Duration = Duration::from_secs(60);

/// How long a container's endpoint may take to be connected to. It is on this machine.
const CONTAINER_CONNECT: Duration = Duration::from_secs(1);

/// How long a source may take in all. A role's chain takes some seconds at most, but the process of a profile may wait for a
/// person who touches a key or types a code. The SDK knows no end for either: its limit is a part of its cache, which is off.
const LONGEST: Duration = Duration::from_secs(60);

/// Credentials, and who they are for.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) credentials: Credentials,
    pub(crate) identity: CredentialIdentity,
}

/// Why a source gave none.
enum NotFrom {
    /// It is not there: the next one is asked.
    NotThere(String),
    /// It is there and failed: none other is asked.
    Failed(String),
    /// A profile says how it gets credentials, and got none: none other is asked.
    ProfileFailed(ProfileMeans, String),
}

/// The sources, with what they need to be asked.
#[derive(Debug)]
pub(crate) struct Chain {
    /// What the environment names, if anything.
    named: Option<Source>,
    environment: Environment,
    /// For sources that are asked over the network.
    configuration: ProviderConfig,
    /// For sources on this machine, which no proxy leads to.
    direct: ProviderConfig,
    no_instance_role: Mutex<Option<(Instant, String)>>,
}

impl Chain {
    pub(crate) fn new(
        named: Option<Source>,
        environment: Environment,
        configuration: ProviderConfig,
        direct: ProviderConfig,
    ) -> Self {
        Chain { named, environment, configuration, direct, no_instance_role: Mutex::default() }
    }

    /// Which sources are asked. What is named is asked alone: another identity in its place would be a surprise. The exception is
    /// the profile `default`, which people name on instances so that OpenClaw sees credentials at all.
    fn links(&self) -> &'static [Source] {
        const DEFAULT_NAMED: &[Source] =
            &[Source::Profile, Source::WebIdentity, Source::Container, Source::InstanceRole];
        const NOTHING_NAMED: &[Source] =
            &[Source::SharedConfig, Source::WebIdentity, Source::Container, Source::InstanceRole];
        match self.named {
            Some(Source::AccessKeys) => &[Source::AccessKeys],
            Some(Source::Profile) if self.environment.get("AWS_PROFILE") == Some(DEFAULT_PROFILE) => DEFAULT_NAMED,
            Some(Source::Profile) => &[Source::Profile],
            _ => NOTHING_NAMED,
        }
    }

    /// Asks the sources in their order. Nothing is kept of earlier answers, so that what changed is seen.
    async fn ask_in_order(&self) -> Result<Resolved, CredentialProblem> {
        let mut asked = Vec::new();
        for source in self.links() {
            match self.ask(*source).await {
                Ok(resolved) => return sendable(resolved),
                Err(NotFrom::NotThere(said)) => asked.push(format!("{}: {said}", source.name())),
                Err(NotFrom::Failed(reason)) => {
                    return Err(CredentialProblem::Failed { of: *source, means: None, reason, complaint: None });
                }
                Err(NotFrom::ProfileFailed(means, said)) => {
                    let (reason, complaint) = without_complaint(said);
                    return Err(CredentialProblem::Failed { of: *source, means: Some(means), reason, complaint });
                }
            }
        }
        Err(CredentialProblem::Missing { asked })
    }

    async fn ask(&self, source: Source) -> Result<Resolved, NotFrom> {
        match source {
            Source::Profile | Source::SharedConfig => self.ask_shared_config(source).await,
            Source::WebIdentity => self.ask_web_identity().await,
            Source::Container => self.ask_container().await,
            Source::InstanceRole => self.ask_instance().await,
            _ => self.access_keys(),
        }
    }

    /// The key pair of the environment, without the space and line breaks that copying brings along.
    fn access_keys(&self) -> Result<Resolved, NotFrom> {
        let variable = |name: &str| self.environment.get(name).map(str::to_owned);
        let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) else {
            return Err(NotFrom::NotThere("they are not set".to_owned()));
        };
        let mut credentials =
            Credentials::builder().access_key_id(id).secret_access_key(secret).provider_name("EnvironmentVariable");
        credentials.set_session_token(variable("AWS_SESSION_TOKEN"));
        credentials.set_account_id(variable("AWS_ACCOUNT_ID").map(Into::into));
        Ok(resolved(Source::AccessKeys, credentials.build()))
    }

    async fn ask_shared_config(&self, source: Source) -> Result<Resolved, NotFrom> {
        let facts = profile::read(&self.environment).map_err(NotFrom::Failed)?;
        let ProfileFacts { name, exists, means, role, .. } = facts;
        if !exists {
            return Err(NotFrom::NotThere(format!("the profile {name} does not exist")));
        }
        // What a profile names as its `credential_source` is on this machine, as it is where it is asked by itself.
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&self.configuration)
            .with_custom_provider("EcsContainer", EcsCredentialsProvider::builder().configure(&self.direct).build())
            .with_custom_provider(
                "Ec2InstanceMetadata",
                ImdsCredentialsProvider::builder().configure(&self.direct).build(),
            )
            .profile_name(&name)
            .build();
        let provided = in_time(&provider).await;
        let credentials = match means {
            // What it names in turn may not be there, which the SDK calls "not enabled". The profile is, and it was meant.
            Some(means) => provided.map_err(|error| NotFrom::ProfileFailed(means, words_of_profile(&error, &name)))?,
            None => if_there(provided, |_| format!("the profile {name} has no credentials"))?,
        };
        let mut found = resolved(source, credentials);
        found.identity.means = means.map(ProfileMeans::word);
        found.identity.profile = Some(name);
        found.identity.role = role;
        Ok(found)
    }

    async fn ask_web_identity(&self) -> Result<Resolved, NotFrom> {
        if self.environment.get("AWS_WEB_IDENTITY_TOKEN_FILE").is_none() {
            return Err(NotFrom::NotThere("AWS_WEB_IDENTITY_TOKEN_FILE is not set".to_owned()));
        }
        let Some(role) = self.environment.get("AWS_ROLE_ARN") else {
            return Err(NotFrom::Failed("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not".to_owned()));
        };
        let provider = WebIdentityTokenCredentialsProvider::builder().configure(&self.configuration).build();
        let mut found = resolved(Source::WebIdentity, if_there(in_time(&provider).await, |said| said)?);
        found.identity.role = Some(profile::role_name(role).to_owned());
        Ok(found)
    }

    async fn ask_container(&self) -> Result<Resolved, NotFrom> {
        let Some(runtime) = container::runtime(&self.environment) else {
            return Err(NotFrom::NotThere(
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not set".to_owned(),
            ));
        };
        let provider =
            EcsCredentialsProvider::builder().configure(&self.direct).connect_timeout(CONTAINER_CONNECT).build();
        // The address is set, so whoever set it meant it: an endpoint that does not answer is a failure.
        let credentials = in_time(&provider).await.map_err(|error| NotFrom::Failed(words(&error)))?;
        let mut found = resolved(Source::Container, credentials);
        found.identity.means = Some(runtime);
        Ok(found)
    }

    async fn ask_instance(&self) -> Result<Resolved, NotFrom> {
        if let Some(said) = self.remembered() {
            return Err(NotFrom::NotThere(said));
        }
        match instance::ask(&self.direct, &self.environment).await {
            Ok(Given { role, region, credentials }) => {
                let mut found = resolved(Source::InstanceRole, credentials);
                found.identity.role = Some(role);
                found.identity.instance_region = region;
                Ok(found)
            }
            Err(NoInstanceRole::NotThere(said)) => {
                *self.no_instance_role.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Instant::now(), said.clone()));
                Err(NotFrom::NotThere(said))
            }
            Err(NoInstanceRole::Failed(reason)) => Err(NotFrom::Failed(reason)),
        }
    }

    /// What the instance's metadata service said when it was asked a moment ago.
    fn remembered(&self) -> Option<String> {
        let remembered = self.no_instance_role.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, said) = remembered.as_ref()?;
        (at.elapsed() < NO_INSTANCE_ROLE_REMEMBERED).then(|| said.clone())
    }
}

impl Sources for Chain {
    fn resolve(&self) -> Pin<Box<dyn Future<Output = Result<Resolved, CredentialProblem>> + Send + '_>> {
        Box::pin(self.ask_in_order())
    }

    fn files(&self) -> FilesState {
        profile::files_state(&self.environment)
    }
}

fn resolved(source: Source, credentials: Credentials) -> Resolved {
    Resolved { identity: CredentialIdentity::of(source, &credentials), credentials }
}

/// Credentials that can stand in a header. The SDK takes it for granted of an id, and panics where it cannot.
fn sendable(resolved: Resolved) -> Result<Resolved, CredentialProblem> {
    let can_be_sent = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let wrong = if !can_be_sent(resolved.credentials.access_key_id()) {
        "access key's id"
    } else if !resolved.credentials.session_token().is_none_or(can_be_sent) {
        "session token"
    } else {
        return Ok(resolved);
    };
    let reason = format!("the {wrong} contains a space, a line break or another character that is not allowed in it");
    Err(CredentialProblem::Failed { of: resolved.identity.source, means: None, reason, complaint: None })
}

/// What a provider of the SDK gives, unless it takes too long. What it has begun is left to itself then.
async fn in_time(provider: &impl ProvideCredentials) -> provider::Result {
    let too_long = |_elapsed| Err(CredentialsError::provider_timed_out(LONGEST));
    tokio::time::timeout(LONGEST, provider.provide_credentials()).await.unwrap_or_else(too_long)
}

/// What a provider of the SDK gave; `not_there` says it better where it has nothing.
fn if_there(given: provider::Result, not_there: impl FnOnce(String) -> String) -> Result<Credentials, NotFrom> {
    given.map_err(|error| match &error {
        CredentialsError::CredentialsNotLoaded(_) => NotFrom::NotThere(not_there(words(&error))),
        _ => NotFrom::Failed(words(&error)),
    })
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::future;

    use super::{ProvideCredentials, in_time, words};

    #[derive(Debug)]
    struct Never;

    impl ProvideCredentials for Never {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_never_answers_is_given_up() {
        let error = in_time(&Never).await.expect_err("it never answers");
        assert_eq!(words(&error), "credentials provider timed out after 60 seconds");
    }
}
