//! Providers in registries: the part of the OCI distribution specification that pulling and pushing one artifact takes.
//!
//! An own client on the HTTP client and the TLS that are here anyway, and not `oci-client`: it reads manifests, tokens and error
//! bodies of any size into memory, sends a password wherever a registry points over plain http too, forgets why a login failed,
//! and brings 33 crates with a second HTTP client. Here every body is bounded, and the reasons are told.

mod credentials;
mod elsewhere;
mod error;
mod exchange;
mod login;
mod manifest;
mod pull;
mod push;
mod reference;

use std::fmt;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider as Tls, rustls_provider::CryptoMode};

pub use self::credentials::{CredentialsError, RegistryCredentials};
pub use self::error::RegistryError;
use self::exchange::{Access, Exchange};
pub use self::manifest::{Interfaces, SIGNATURE_ANNOTATION};
use self::pull::Pulled;
pub use self::push::Pushed;
pub(super) use self::reference::OCI;
pub use self::reference::OciReference;

/// The registries that can be reached from here. A registry of this machine is spoken to over plain http, any other over https, with
/// the certificates that the system trusts (`SSL_CERT_FILE` for others) and through the proxy that `HTTPS_PROXY` names.
pub struct Registries {
    credentials: RegistryCredentials,
    time: Duration,
    near: Connector,
    far: Connector,
}

impl Registries {
    /// With credentials, and how long a pull or a push may take in all.
    #[must_use]
    pub fn new(credentials: RegistryCredentials, time: Duration) -> Self {
        let connector = || Connector::builder().tls_provider(Tls::Rustls(CryptoMode::Ring));
        let near = connector().proxy_config(ProxyConfig::disabled()).build();
        let far = connector().proxy_config(ProxyConfig::from_env()).build();
        Registries { credentials, time, near, far }
    }

    /// Pulls the component that a reference names, of at most so many bytes.
    pub(super) async fn pull(&self, reference: &OciReference, limit: usize) -> Result<Pulled, RegistryError> {
        let pulled = async { pull::pull(self.exchange(reference, Access::Pull).await?, limit).await };
        self.in_time(reference, pulled).await
    }

    /// Pushes a component under a tag, with the text of its signature where it has one. What is there already is not sent again.
    /// The same component with the same signature always makes the same manifest, so its digest can be foretold.
    ///
    /// # Errors
    /// When the reference has no tag or has a digest, or the registry cannot be reached or does not take it.
    pub async fn push(
        &self,
        reference: &OciReference,
        component: Vec<u8>,
        interfaces: &Interfaces,
        signature: Option<&str>,
    ) -> Result<Pushed, RegistryError> {
        let pushed =
            async { push::push(self.exchange(reference, Access::Push).await?, component, interfaces, signature).await };
        self.in_time(reference, pushed).await
    }

    async fn exchange<'a>(
        &'a self,
        reference: &'a OciReference,
        access: Access,
    ) -> Result<Exchange<'a>, RegistryError> {
        let login = self.credentials.of(reference.registry()).await?;
        let http = if reference.is_loopback() { &self.near } else { &self.far };
        let realms = self.credentials.realms();
        Ok(Exchange::new(http, reference, access, login, realms))
    }

    async fn in_time<T>(
        &self,
        reference: &OciReference,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let late = |_| RegistryError::Timeout { registry: reference.registry().to_owned(), limit: self.time };
        tokio::time::timeout(self.time, work).await.map_err(late)?
    }
}

impl fmt::Debug for Registries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registries").field("time", &self.time).finish_non_exhaustive()
    }
}
