//! Requests to one registry, with login and redirects. Every answer is bounded in bytes and in silence.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use url::Url;

use super::credentials::Login;
use super::elsewhere;
use super::login::{self, Challenge};
use super::reference::is_loopback;
use super::{OciReference, RegistryError};

/// The longest that a registry may say nothing. A request with a large body may take longer: it is bound by the time of the whole.
const SILENCE: Duration = Duration::from_secs(30);

/// How often a registry may point elsewhere: to the storage that has the blob, and from there.
const REDIRECTS: usize = 5;

/// The most bytes of a token server's answer, and of what a registry says to an error.
const ANSWER_LIMIT: usize = 256 * 1024;

/// The most characters of a registry's words that are told.
const WORDS: usize = 200;

/// What is wanted of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Pull,
    Push,
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<&'static str>,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Bytes,
}

impl Ask {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Ask { method, url, accept: None, content_type: None, body: Bytes::new() }
    }
}

/// An exchange with a registry about one name.
pub(super) struct Exchange<'a> {
    http: &'a Connector,
    pub(super) reference: &'a OciReference,
    access: Access,
    login: Option<Login>,
    /// Token servers that the operator allows.
    realms: &'a [String],
    authorization: Option<HeaderValue>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        http: &'a Connector,
        reference: &'a OciReference,
        access: Access,
        login: Option<Login>,
        realms: &'a [String],
    ) -> Self {
        Exchange { http, reference, access, login, realms, authorization: None }
    }

    /// An address below the name, such as `manifests/v1`.
    pub(super) fn url(&self, below: &str) -> Result<Url, RegistryError> {
        let url = format!("{}{below}", self.reference.base());
        Url::parse(&url).map_err(|error| self.senseless(format!("its address cannot be used: {error}")))
    }

    /// Asks, logs in where that is wanted, and asks again. The answer has any status.
    pub(super) async fn ask(&mut self, ask: &Ask) -> Result<Response<SdkBody>, RegistryError> {
        let (response, is_ours) = self.follow(ask).await?;
        // Somebody else that the registry pointed to is not told who we are, even where it asks.
        if response.status() != StatusCode::UNAUTHORIZED || !is_ours {
            return Ok(response);
        }
        // A token that was good may have run out, so that this may be the second login.
        let Some(authorization) = self.log_in(&response).await? else { return Ok(response) };
        if self.authorization.replace(authorization.clone()).is_some_and(|before| before == authorization) {
            return Ok(response);
        }
        Ok(self.follow(ask).await?.0)
    }

    /// The header that the answer asks for; `None` where there is nothing to give.
    async fn log_in(&self, response: &Response<SdkBody>) -> Result<Option<HeaderValue>, RegistryError> {
        let actions = match self.access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", self.reference.name());
        let basic = self.login.as_ref().and_then(login::basic);
        let url = match Challenge::read(response.headers(), &scope) {
            None => return Ok(None),
            Some(Challenge::Password) => return Ok(basic),
            Some(Challenge::Token(url)) => url,
        };
        if !self.is_safe(&url) {
            return Err(RegistryError::InTheClear {
                registry: self.reference.registry().to_owned(),
                url: without_query(&url),
            });
        }
        if basic.is_some() && !elsewhere::may_be_told(self.reference, &self.url("")?, &url, self.realms) {
            let registry = self.reference.registry().to_owned();
            return Err(RegistryError::Realm { registry, realm: elsewhere::authority(&url) });
        }
        let answer = self.send_anywhere(&Ask::new(Method::GET, *url), basic.as_ref()).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.refused(answer).await);
        }
        let answer = self.body(answer, "token", ANSWER_LIMIT).await?;
        let token = login::bearer(&answer);
        token.map(Some).ok_or_else(|| self.senseless("the token server returned no token".to_owned()))
    }

    /// Sends a request, and a request without a body also to where the registry points: blobs often lie with a storage service. Only
    /// the registry itself gets what proves who we are. Gives the answer, and whether it is the registry's.
    async fn follow(&self, ask: &Ask) -> Result<(Response<SdkBody>, bool), RegistryError> {
        let mut ask = ask.clone();
        for _ in 0..=REDIRECTS {
            let is_ours = self.url("")?.origin() == ask.url.origin();
            let response = self.send_anywhere(&ask, self.authorization.as_ref().filter(|_| is_ours)).await?;
            if !response.status().is_redirection() || ask.method != Method::GET {
                return Ok((response, is_ours));
            }
            ask.url = self.location(&ask.url, &response)?;
        }
        Err(self.senseless(format!("it redirects more than {REDIRECTS} times")))
    }

    /// Where an answer points.
    pub(super) fn location(&self, from: &Url, response: &Response<SdkBody>) -> Result<Url, RegistryError> {
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let url = location.and_then(|location| from.join(location).ok());
        let url = url.ok_or_else(|| self.senseless("it redirects without a location".to_owned()))?;
        if self.is_safe(&url) {
            Ok(url)
        } else {
            Err(self.senseless(format!("it redirects to {}, and only https is allowed", without_query(&url))))
        }
    }

    /// Whether an address that a registry names may be asked. A far registry has no business with this machine's own services.
    fn is_safe(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.reference.is_loopback() && url.host_str().is_some_and(is_loopback),
            _ => false,
        }
    }

    /// Sends a request to the registry, or to whom it names, where that may be reached. Whatever goes wrong there is told in the same
    /// words: who named the registry would learn from others what there is in this network.
    async fn send_anywhere(
        &self,
        ask: &Ask,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response<SdkBody>, RegistryError> {
        let base = self.url("")?;
        if base.origin() == ask.url.origin() {
            return self.send(ask, authorization).await;
        }
        let failed = || self.senseless(format!("it redirects to {}, which cannot be used", without_query(&ask.url)));
        if !elsewhere::may_be_reached(&base, &ask.url).await {
            return Err(failed());
        }
        self.send(ask, authorization).await.map_err(|_| failed())
    }

    async fn send(&self, ask: &Ask, authorization: Option<&HeaderValue>) -> Result<Response<SdkBody>, RegistryError> {
        let host = host(&ask.url);
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(ask.url.as_str())
            .header(USER_AGENT, concat!("quarry/", env!("CARGO_PKG_VERSION")));
        if let Some(accept) = ask.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(content_type) = ask.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if ask.method != Method::GET && ask.method != Method::HEAD {
            request = request.header(CONTENT_LENGTH, ask.body.len());
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let unusable = || self.senseless(format!("{} cannot be reached", without_query(&ask.url)));
        let request = request.body(SdkBody::from(ask.body.clone())).map_err(|_| unusable())?;
        let request = HttpRequest::try_from(request).map_err(|_| unusable())?;
        let answering = self.http.call(request);
        let answer = if ask.body.is_empty() {
            tokio::time::timeout(SILENCE, answering).await.map_err(|_| silent(&host))?
        } else {
            answering.await
        };
        let answer = answer.map_err(|error| broken(&host, &error))?;
        answer.try_into_http1x().map_err(|error| self.senseless(error.to_string()))
    }

    /// The body of an answer, of at most so many bytes. `what` it is, for the error.
    pub(super) async fn body(
        &self,
        response: Response<SdkBody>,
        what: &'static str,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let host = self.reference.registry();
        let mut body = response.into_body();
        let mut bytes = Vec::new();
        while let Some(frame) = tokio::time::timeout(SILENCE, body.frame()).await.map_err(|_| silent(host))? {
            let frame = frame.map_err(|error| broken(host, error.as_ref()))?;
            // Trailers say nothing here.
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(RegistryError::TooLarge { reference: self.reference.to_string(), what, limit });
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }

    /// What an answer says that is no success.
    pub(super) async fn refused(&self, response: Response<SdkBody>) -> RegistryError {
        let status = response.status();
        // Whatever is wrong with its words, the status is what counts.
        let said = self.body(response, "answer", ANSWER_LIMIT).await.map(|body| words(&body)).unwrap_or_default();
        let reference = self.reference.to_string();
        match status {
            StatusCode::NOT_FOUND => RegistryError::NotFound { reference },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let advice = if self.login.is_some() {
                    "the credentials are wrong or lack the permission"
                } else {
                    "no credentials were found: run `docker login`, or set QUARRY_REGISTRY, QUARRY_REGISTRY_USER and QUARRY_REGISTRY_PASSWORD (credential helpers are not used)"
                };
                RegistryError::Denied { reference, status: status.as_u16(), said, advice }
            }
            status => RegistryError::Status { reference, status: status.as_u16(), said },
        }
    }

    pub(super) fn senseless(&self, reason: String) -> RegistryError {
        RegistryError::Protocol { reference: self.reference.to_string(), reason }
    }
}

/// The first error of a registry's answer, as the distribution specification has it, with a comma before it.
fn words(body: &[u8]) -> String {
    let first = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let error = &first["errors"][0];
    let part = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let said = format!("{} {}", part("code"), part("message"));
    let said: String = said.trim().chars().filter(|character| !character.is_control()).take(WORDS).collect();
    if said.is_empty() { said } else { format!(", {said}") }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn without_query(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host(url), url.path())
}

fn silent(host: &str) -> RegistryError {
    RegistryError::Timeout { registry: host.to_owned(), limit: SILENCE }
}

/// The words of an error and its causes, which are of names, sockets, TLS and HTTP.
fn broken(host: &str, error: &(dyn std::error::Error + 'static)) -> RegistryError {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    let host = host.to_owned();
    // Words of hyper and of rustls for names that have no address and that can have none; there is no type for them.
    let unknown = |word: &String| word.starts_with("dns error") || word.starts_with("invalid dns name");
    match words.iter().position(unknown) {
        Some(name) => RegistryError::UnknownHost { host, reason: words.split_off(name).join(": ") },
        None => RegistryError::Connection { host, reason: words.join(": ") },
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn what_a_registry_says_is_told_within_bounds() {
        let answer = br#"{"errors":[{"code":"DENIED","message":"not \u001b[31myou","detail":{}}]}"#;
        assert_eq!(words(answer), ", DENIED not [31myou");
        assert_eq!(words(br#"{"errors":[{"message":"m"}]}"#), ", m");
        for nothing in [&b""[..], b"<html>", b"{}", br#"{"errors":[]}"#, br#"{"errors":{"0":1}}"#] {
            assert_eq!(words(nothing), "");
        }
        let long = format!(r#"{{"errors":[{{"code":"{}"}}]}}"#, "x".repeat(1000));
        assert_eq!(words(long.as_bytes()).len(), 202);
    }
}
