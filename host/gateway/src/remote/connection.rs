//! One request over one connection, to an address that was checked.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls_native_certs::load_native_certs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::error::RemoteError;
use super::policy::Target;
use super::{Attachment, Budget};

/// Whom to trust: the certificates of the system, read once.
static TRUST: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();

/// Gets one attachment; over TLS with the given trust, or that of the system.
///
/// # Errors
/// Whatever is wrong with the host's addresses, the connection or the answer.
pub(super) async fn get(
    target: &Target,
    budget: &Budget,
    trust: Option<Arc<ClientConfig>>,
) -> Result<Attachment, RemoteError> {
    let stream = connect(target, &addresses(target).await?).await?;
    if !target.tls {
        return request(target, stream, budget).await;
    }
    let name = ServerName::try_from(target.host.clone()).map_err(|_| RemoteError::NotAnAddress)?;
    let trust = match trust {
        Some(given) => given,
        None => Arc::clone(TRUST.get_or_try_init(system_trust).await?),
    };
    let stream = TlsConnector::from(trust).connect(name, stream).await.map_err(|error| broken(target, &error))?;
    request(target, stream, budget).await
}

/// The host's addresses, all of which may be connected to. One that may not is enough to refuse the host: a name that has both
/// kinds is made for going around this check.
async fn addresses(target: &Target) -> Result<Vec<SocketAddr>, RemoteError> {
    let not_found = |reason: String| RemoteError::NotFound { host: target.host.clone(), reason };
    let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
    let found: Vec<SocketAddr> = found.map_err(|error| not_found(error.to_string()))?.collect();
    if found.is_empty() {
        return Err(not_found("the host has no address".to_owned()));
    }
    found.iter().try_for_each(|address| target.check(address.ip()))?;
    Ok(found)
}

/// Connects to the first address that answers. The name is not looked up again, so that it cannot mean something else by now.
async fn connect(target: &Target, addresses: &[SocketAddr]) -> Result<TcpStream, RemoteError> {
    TcpStream::connect(addresses).await.map_err(|error| broken(target, &error))
}

async fn system_trust() -> Result<Arc<ClientConfig>, RemoteError> {
    // It reads files.
    let loaded = tokio::task::spawn_blocking(load_native_certs).await.map_err(|_| RemoteError::Stopped)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        let reason = loaded
            .errors
            .first()
            .map_or_else(|| "the system has no trusted certificates".to_owned(), ToString::to_string);
        return Err(RemoteError::NoTrust { reason });
    }
    trusting(roots)
}

/// A client's configuration of TLS that trusts these certificates.
pub(super) fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, RemoteError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| RemoteError::NoTrust { reason: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Sends the request and reads the answer. The connection ends with it.
async fn request<S>(target: &Target, stream: S, budget: &Budget) -> Result<Attachment, RemoteError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let request = Request::get(&target.path)
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!("quarry/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| RemoteError::NotAnAddress)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(target, &error))?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|error| broken(target, &error))?;
        attachment(target, response, budget).await
    };
    // The connection is driven here and not by a task of its own, so that nothing is left when this is dropped.
    let driven = async {
        // What goes wrong with it, the exchange tells.
        let _ = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        biased;
        done = exchange => done,
        never = driven => never,
    }
}

async fn attachment(target: &Target, response: Response<Incoming>, budget: &Budget) -> Result<Attachment, RemoteError> {
    let host = || target.host.clone();
    let status = response.status();
    if status.is_redirection() {
        return Err(RemoteError::Redirect { host: host(), status: status.as_u16() });
    }
    if status != hyper::StatusCode::OK {
        return Err(RemoteError::Status { host: host(), status: status.as_u16() });
    }
    let headers = response.headers();
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(RemoteError::Encoded { host: host() });
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(media_type);
    let media_type = media_type.ok_or_else(|| RemoteError::NoMediaType { host: host() })?;
    let too_large = || RemoteError::TooLarge { host: host(), limit: budget.limit };
    let mut body = response.into_body();
    let announced = body.size_hint().lower();
    if !budget.has(announced) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(target, &error))?;
        // Trailers say nothing here.
        let Ok(data) = frame.into_data() else { continue };
        if !budget.take(data.len()) {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Attachment { media_type, bytes: bytes.freeze() })
}

/// `type/subtype` of a content type, in lower case.
fn media_type(content_type: &str) -> Option<String> {
    let essence = content_type.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    (!kind.is_empty() && !subtype.is_empty()).then(|| essence.clone())
}

/// The words of an error and its causes. They are of sockets, TLS and HTTP, and hold nothing of the address.
fn broken(target: &Target, error: &(dyn std::error::Error + 'static)) -> RemoteError {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    RemoteError::Connection { host: target.host.clone(), reason: words.join(": ") }
}
