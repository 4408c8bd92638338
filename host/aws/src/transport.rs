//! How bytes get to AWS: TLS with the certificates that are trusted, through a proxy where one is set.

use std::path::{Path, PathBuf};

use aws_smithy_http_client::pool::{self, Partition, PartitionId};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider as Tls, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use hyper_util::client::proxy::matcher::Matcher;

use super::bounded::{Answers, BoundedClient};
use super::credentials::Source;
use super::driver;
use crate::environment::Environment;

/// Where the certificates are that are trusted in place of this machine's own.
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// The certificates of `AWS_CA_BUNDLE` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("AWS_CA_BUNDLE: the certificates in {path} cannot be used: {reason}", path = path.display())]
pub struct CaBundleError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// The client for AWS: through the proxy of `HTTPS_PROXY` (or `HTTP_PROXY`, `ALL_PROXY`) unless `NO_PROXY` says otherwise, with the
/// certificates of `AWS_CA_BUNDLE` in place of the machine's, as the AWS CLI has it. The simulator in this process is reached
/// directly.
///
/// # Errors
/// When the certificates cannot be used.
pub(super) fn to_aws(
    source: Option<Source>,
    environment: &Environment,
    answers: Answers,
) -> Result<SharedHttpClient, CaBundleError> {
    if source == Some(Source::Simulator) {
        return Ok(direct(answers));
    }
    let trusted = match environment.get(CA_BUNDLE) {
        Some(path) => bundle(Path::new(path))?,
        None => TrustStore::default(),
    };
    Ok(client(trusted, ProxyConfig::from_env(), answers))
}

/// The client for what is on this machine or its link: no proxy leads there, and none is to see what is said.
pub(super) fn direct(answers: Answers) -> SharedHttpClient {
    client(TrustStore::default(), ProxyConfig::disabled(), answers)
}

/// A client with connections of its own.
///
/// # Panics
/// Never: the pool is put together of nothing that comes from outside. The certificates were read before.
fn client(trusted: TrustStore, proxies: ProxyConfig, answers: Answers) -> SharedHttpClient {
    // One place for all connections, so that their tasks are ours to spawn.
    let place = PartitionId::from_index(0);
    let tls = TlsContext::builder().with_trust_store(trusted).build().expect("trusted certificates are all it has");
    let pool = pool::Builder::default()
        .partitions([Partition::new(place, driver::spawner())])
        .proxy_config(proxies)
        .tls_provider(Tls::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https()
        .expect("there is one place");
    let inner = pool::Client::from_partition(&pool, place).expect("it is that one");
    SharedHttpClient::new(BoundedClient { inner: SharedHttpClient::new(inner), answers })
}

/// Reads a bundle. The TLS library takes it for granted that it is one, so it is looked at before.
fn bundle(path: &Path) -> Result<TrustStore, CaBundleError> {
    let wrong = |reason: String| CaBundleError { path: path.to_owned(), reason };
    let read = rustls_native_certs::load_certs_from_paths(Some(path), None);
    if let Some(error) = read.errors.first() {
        return Err(wrong(error.to_string()));
    }
    if read.certs.is_empty() {
        return Err(wrong("the file contains no certificate".to_owned()));
    }
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    for certificate in read.certs {
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    Ok(TrustStore::empty().with_pem_certificate(text))
}

/// The proxy that leads to an address, as host and port: a proxy's URL may have a password. `None` where the way is direct.
#[must_use]
pub fn proxy_of(address: &str) -> Option<String> {
    let address: hyper::Uri = address.parse().ok()?;
    let found = Matcher::from_env().intercept(&address)?;
    let host = found.uri().host()?;
    Some(found.uri().port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The variables that name a proxy, the ones that count first.
const PROXY_VARIABLES: &[&str] = &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Variables that are to name a proxy and do not: requests go as if they were not set.
#[must_use]
pub fn proxy_variables_without_proxy(environment: &Environment) -> Vec<&'static str> {
    let anywhere = hyper::Uri::from_static("https://aws.amazon.com");
    let names_none = |name: &&'static str| {
        environment.get(name).is_some_and(|value| Matcher::builder().all(value).build().intercept(&anywhere).is_none())
    };
    PROXY_VARIABLES.iter().copied().filter(names_none).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{bundle, proxy_variables_without_proxy};

    #[test]
    fn a_variable_that_names_no_proxy_is_found() {
        let set =
            [("HTTPS_PROXY", "http//proxy.example:3128"), ("http_proxy", "proxy.example:3128"), ("ALL_PROXY", "")];
        assert_eq!(proxy_variables_without_proxy(&set.into_iter().collect()), ["HTTPS_PROXY"]);
        let fine = [("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128"), ("NO_PROXY", "*")];
        assert!(proxy_variables_without_proxy(&fine.into_iter().collect()).is_empty());
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bundle.pem");
        assert!(bundle(&path).is_err(), "it is not there");
        for (text, told) in [
            ("", "no certificate"),
            ("text", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "cannot be used"),
        ] {
            fs::write(&path, text).expect("it can be written");
            let error = bundle(&path).expect_err("it holds none").to_string();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
