//! A client of a running gateway's admin API.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::access::AdminToken;
use super::address::AdminAddress;
use super::documents::{Asked, Problem, SIGNATURE};

/// The longest answer, in bytes.
const LONGEST: usize = 64 << 20;

/// Why a request to the admin API failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No gateway listens on the address.
    #[error(
        "no gateway listens on {address} ({source}): start `quarry serve`, or give the address of its admin listener with --admin"
    )]
    NobodyThere {
        /// The address.
        address: AdminAddress,
        /// Why.
        source: std::io::Error,
    },
    /// The connection ended before the response was complete.
    #[error("the gateway on {address} did not answer: {reason}")]
    BrokeOff {
        /// The address.
        address: AdminAddress,
        /// Why.
        reason: String,
    },
    /// Another user listens on the default socket.
    #[error("the gateway on {address} belongs to user {user}: to use it anyway, give its address with --admin")]
    Stranger {
        /// The address.
        address: AdminAddress,
        /// The user.
        user: u32,
    },
    /// The gateway refused the request.
    #[error("{}", .0.error)]
    Refused(Problem),
}

/// A client for one gateway.
#[derive(Debug, Clone)]
pub struct AdminClient {
    address: AdminAddress,
    token: Option<AdminToken>,
    /// Whether the listener must be a process of this user.
    own: bool,
}

impl AdminClient {
    /// A client of the gateway on this address.
    #[must_use]
    pub fn new(address: AdminAddress, token: Option<AdminToken>) -> Self {
        AdminClient { address, token, own: false }
    }

    /// A client of this user's gateway on the default socket. It sends nothing to a socket of another user.
    #[must_use]
    pub fn of_this_user(address: AdminAddress) -> Self {
        AdminClient { address, token: None, own: true }
    }

    /// Requests a document.
    ///
    /// # Errors
    /// When the gateway cannot be reached or refuses.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(self.request(Method::GET, path, "application/json", Bytes::new())?).await
    }

    /// Requests a change.
    ///
    /// # Errors
    /// As [`AdminClient::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, asked: &Asked) -> Result<T, ClientError> {
        let body = serde_json::to_vec(asked).map_err(|error| self.broke_off(&error))?;
        self.ask(self.request(Method::POST, path, "application/json", body.into())?).await
    }

    /// Requests a change with a component. The terms are in the query: see [`Asked`].
    ///
    /// # Errors
    /// As [`AdminClient::get`].
    pub async fn post_component<T: DeserializeOwned>(
        &self,
        path: &str,
        source: &str,
        terms: &Asked,
        component: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<T, ClientError> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("source", source);
        if let Some(share) = terms.share {
            query.append_pair("share", &share.to_string());
        }
        if let Some(key) = &terms.key {
            query.append_pair("key", key);
        }
        if let Some(after) = terms.promote_after {
            query.append_pair("promoteAfter", &after.to_string());
        }
        if terms.allow_downgrade == Some(true) {
            query.append_pair("allowDowngrade", "true");
        }
        if terms.prompts == Some(true) {
            query.append_pair("prompts", "true");
        }
        for kind in &terms.accept {
            query.append_pair("accept", kind);
        }
        for entry in &terms.allow {
            let entry = serde_json::to_string(entry).map_err(|error| self.broke_off(&error))?;
            query.append_pair("allow", &entry);
        }
        if let Some(list) = terms.accept_list {
            query.append_pair("acceptList", &list.to_string());
        }
        let path = format!("{path}?{}", query.finish());
        let mut request = self.request(Method::POST, &path, "application/wasm", component.into())?;
        if let Some(signature) = signature {
            let value =
                HeaderValue::from_str(&BASE64_STANDARD.encode(signature)).map_err(|error| self.broke_off(&error))?;
            request.headers_mut().insert(SIGNATURE, value);
        }
        self.ask(request).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let host = match &self.address {
            AdminAddress::Tcp(address) => address.to_string(),
            AdminAddress::Unix(_) | AdminAddress::Off => "localhost".to_owned(),
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, host).header(CONTENT_TYPE, kind);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.bearer());
        }
        request.body(Full::new(body)).map_err(|error| self.broke_off(&error))
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<Full<Bytes>>) -> Result<T, ClientError> {
        let nobody = |source| ClientError::NobodyThere { address: self.address.clone(), source };
        match &self.address {
            AdminAddress::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(nobody)?;
                let user = stream.peer_cred().map_err(nobody)?.uid();
                if self.own && user != rustix::process::geteuid().as_raw() {
                    return Err(ClientError::Stranger { address: self.address.clone(), user });
                }
                self.on(stream, request).await
            }
            AdminAddress::Tcp(address) => self.on(TcpStream::connect(address).await.map_err(nobody)?, request).await,
            AdminAddress::Off => Err(nobody(std::io::Error::other("administration is off"))),
        }
    }

    async fn on<T: DeserializeOwned>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        request: Request<Full<Bytes>>,
    ) -> Result<T, ClientError> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broke_off(&error))?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| self.broke_off(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await;
        let body = body.map_err(|error| self.broke_off(&*error))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| self.broke_off(&error));
        }
        match serde_json::from_slice(&body) {
            Ok(problem) => Err(ClientError::Refused(problem)),
            Err(_) => Err(self.broke_off(&format!("status {status}: {}", String::from_utf8_lossy(&body)))),
        }
    }

    fn broke_off(&self, reason: &(impl std::fmt::Display + ?Sized)) -> ClientError {
        ClientError::BrokeOff { address: self.address.clone(), reason: reason.to_string() }
    }
}
