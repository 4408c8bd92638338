//! TLS on the listener for clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use crate::config::gateway::TlsConfig;
use crate::watch::Watch;

/// The protocols that clients may choose from, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why the gateway cannot speak TLS as it was configured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has nothing of what it should have.
    #[error("{setting}: {path} cannot be used: {source}", path = path.display())]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// Certificate and key do not belong together, or cannot be used.
    #[error("quarry.tls: {path} and its key cannot be used: {source}", path = path.display())]
    Pair {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The authorities that clients' certificates must be from cannot be used.
    #[error("quarry.tls.clientAuthorities: {path} cannot be used: {source}", path = path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: VerifierBuilderError,
    },
}

/// The gateway's certificate, and whose certificates clients need.
#[derive(Debug)]
pub(super) struct Tls {
    config: TlsConfig,
    current: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub(super) fn read(config: TlsConfig) -> Result<Self, TlsError> {
        let current = ArcSwap::from_pointee(server_config(&config)?);
        Ok(Tls { config, current })
    }

    /// An acceptor for the next connection, with the current certificate.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Reads the files again whenever one of them changes: certificates of today are renewed every few weeks. Those that cannot be
    /// used are reported, and the ones of before stay.
    pub(super) async fn follow(&self) {
        let TlsConfig { certificate, key, client_authorities } = &self.config;
        let mut certificate = Watch::begin(certificate.clone());
        let mut key = Watch::begin(key.clone());
        let mut authorities = client_authorities.clone().map(Watch::begin);
        loop {
            let authorities_changed = async {
                match &mut authorities {
                    Some(authorities) => authorities.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = certificate.changed() => {}
                () = key.changed() => {}
                () = authorities_changed => {}
            }
            match server_config(&self.config) {
                Ok(config) => {
                    self.current.store(Arc::new(config));
                    tracing::info!(certificate = %self.config.certificate.display(), "the certificate was read again");
                }
                // A renewal replaces one file after the other.
                Err(error) => {
                    tracing::warn!(%error, "the certificate could not be read again; the previous one stays in use")
                }
            }
        }
    }
}

fn server_config(config: &TlsConfig) -> Result<ServerConfig, TlsError> {
    let TlsConfig { certificate, key, client_authorities } = config;
    let chain = certificates("quarry.tls.certificate", certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(in_file("quarry.tls.key", key))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions();
    let in_pair = |source| TlsError::Pair { path: certificate.clone(), source };
    let builder = builder.map_err(in_pair)?;
    let builder = match client_authorities.as_deref() {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates("quarry.tls.clientAuthorities", path)?);
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            let verifier = verifier.map_err(|source| TlsError::Authorities { path: path.to_owned(), source })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, private).map_err(in_pair)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(|certificates| {
        let certificates: Vec<_> = certificates.collect::<Result<_, _>>()?;
        if certificates.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(certificates) }
    });
    read.map_err(in_file(setting, path))
}

fn in_file(setting: &'static str, path: &Path) -> impl FnOnce(pem::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::File { setting, path, source }
}
