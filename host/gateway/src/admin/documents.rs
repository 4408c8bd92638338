//! Requests and responses of the admin API: JSON documents and components.

use axum::body::Body;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::provider::{Digest, Limits};
use crate::{Activated, ChangeError, Wanted, decompressed};
use quarry_versions::compare::Allowed;
use quarry_versions::source::Source;
use quarry_versions::{Acceptance, Behaviour, Candidate, Downgrades, Step, StepReceipt, Unaccepted};

/// The header for the signature of a component in the body: minisign's text, in base64.
pub(super) const SIGNATURE: &str = "quarry-signature";

/// The JSON body of a change. If the body is the component itself (`application/wasm`), the query has these members and
/// the component's source: `?source=…&share=10`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    /// The digest of a version that is known, `embedded`, or a reference: `oci://registry/name:tag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The author of the change; the listener adds the identity that it knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The number of unneeded versions that `prune` keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<usize>,
    /// The share of a canary or shadow, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<u8>,
    /// The name of the client key whose requests a canary serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The number of requests after which a canary is promoted automatically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promote_after: Option<u64>,
    /// Whether the differences of a shadow may contain original text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<bool>,
    /// Whether a downgrade is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_downgrade: Option<bool>,
    /// Accepted kinds of differences from the active version: each covers the kinds below it, and `*` is any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// Accepted kinds from an allow file, each with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Allowed>,
    /// The digest of the shown list of differences that is accepted: `list` of a [`Problem`] or of the last refusal. If
    /// the list has changed since, nothing is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_list: Option<Digest>,
}

impl Asked {
    pub(super) fn downgrades(&self) -> Downgrades {
        if self.allow_downgrade == Some(true) { Downgrades::Allowed } else { Downgrades::Refused }
    }

    pub(super) fn acceptance(&self) -> Acceptance {
        let Asked { accept, allow, accept_list, .. } = self;
        Acceptance { flags: accept.clone(), file: allow.clone(), list: *accept_list, ..Acceptance::default() }
    }
}

/// The result of a change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// The version of the change.
    pub version: Digest,
    /// The name that its component states.
    #[serde(default)]
    pub name: String,
    /// The steps that were taken.
    #[serde(default)]
    pub steps: Vec<StepReceipt>,
    /// Whether the state was already the requested one.
    #[serde(default)]
    pub unchanged: bool,
    /// Its differences from the active version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behaviour: Option<Behaviour>,
}

/// Why a change was not made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong, for a person.
    pub error: String,
    /// The failed step, if a step failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// The differences that are not accepted, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behaviour: Option<Box<Behaviour>>,
    /// The digest of the list: `acceptList` of a change accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Digest>,
}

/// The differences of a version that was not activated because of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnacceptedDifferences {
    /// The digest of the list: `acceptList` of a change accepts it.
    pub list: Digest,
    /// The differences.
    #[serde(flatten)]
    pub behaviour: Behaviour,
}

impl From<Behaviour> for UnacceptedDifferences {
    fn from(behaviour: Behaviour) -> Self {
        UnacceptedDifferences { list: behaviour.list(), behaviour }
    }
}

/// The caller, as the listener knows it.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) String);

/// Reads the version of a change: a component in the body, or the one that the JSON body names.
pub(super) async fn wanted(request: Request<Body>) -> Result<(Wanted, Asked, String), Box<Response<Body>>> {
    let is_component =
        request.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/wasm"));
    if is_component {
        let by = named(request.extensions().get::<Caller>(), None);
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let (source, asked) = terms(query)?;
        let signature = match request.headers().get(SIGNATURE) {
            None => None,
            Some(value) => match BASE64_STANDARD.decode(value).ok().and_then(|text| String::from_utf8(text).ok()) {
                Some(signature) => Some(signature),
                None => return Err(bad(format!("the header {SIGNATURE} is not base64"))),
            },
        };
        let bytes = body(request).await?.to_vec();
        let source = source.unwrap_or_else(|| format!("{:?}", Digest::of(&bytes)));
        return Ok((Wanted::Given(Candidate { source, bytes, expected: None, signature }), asked, by));
    }
    let (asked, by) = asked(request).await?;
    match asked.version.as_deref() {
        Some("embedded") => Ok((Wanted::Embedded, asked, by)),
        Some(text) => match (text.parse(), text.parse()) {
            (Ok(digest), _) => Ok((Wanted::Known(digest), asked, by)),
            (_, Ok(source @ Source::Oci(_))) => Ok((Wanted::Named(source), asked, by)),
            // A path is valid on the caller's machine only.
            (Err(error), _) => Err(bad(format!(
                "version: {error}; expected a digest, `embedded`, or a reference such as oci://registry/name:tag"
            ))),
        },
        None => Err(bad(
            "`version` is missing: a digest, or `embedded`; or send a component as application/wasm".to_owned()
        )),
    }
}

/// Reads the query of a request with a component: its source, and the terms.
fn terms(query: &[u8]) -> Result<(Option<String>, Asked), Box<Response<Body>>> {
    let (mut source, mut asked) = (None, Asked::default());
    for (name, value) in url::form_urlencoded::parse(query) {
        let wrong = |error: std::num::ParseIntError| bad(format!("{name}: {error}"));
        match &*name {
            "source" => source = Some(value.into_owned()),
            "key" => asked.key = Some(value.into_owned()),
            "share" => asked.share = Some(value.parse().map_err(wrong)?),
            "promoteAfter" => asked.promote_after = Some(value.parse().map_err(wrong)?),
            "allowDowngrade" => asked.allow_downgrade = Some(value == "true"),
            "accept" => asked.accept.push(value.into_owned()),
            "allow" => {
                let entry = serde_json::from_str(&value).map_err(|error| bad(format!("{name}: {error}")))?;
                asked.allow.push(entry);
            }
            "acceptList" => {
                asked.accept_list = Some(value.parse().map_err(|error| bad(format!("{name}: {error}")))?);
            }
            "prompts" => asked.prompts = Some(value == "true"),
            _ => return Err(bad(format!("unknown query parameter {name:?}; remove it"))),
        }
    }
    Ok((source, asked))
}

/// Reads a JSON body and its author.
pub(super) async fn asked(request: Request<Body>) -> Result<(Asked, String), Box<Response<Body>>> {
    let caller = request.extensions().get::<Caller>().cloned();
    let body = body(request).await?;
    let asked: Asked = match body.is_empty() {
        true => Asked::default(),
        false => serde_json::from_slice(&body).map_err(|error| bad(format!("the body cannot be read: {error}")))?,
    };
    let by = named(caller.as_ref(), asked.by.as_deref());
    Ok((asked, by))
}

fn named(caller: Option<&Caller>, told: Option<&str>) -> String {
    let caller = caller.map_or("the admin listener", |caller| caller.0.as_str());
    told.map_or_else(|| caller.to_owned(), |told| format!("{told}, by {caller}"))
}

async fn body(request: Request<Body>) -> Result<Bytes, Box<Response<Body>>> {
    let limit = Limits::default().component;
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Err(bad(format!("the body cannot be read, or is over {limit} bytes: {error}"))),
    };
    let decompressed = decompressed(&parts.headers, body, limit).await;
    decompressed.map_err(|refused| Box::new(problem(refused.status, refused.message, None)))
}

pub(super) fn bad(message: String) -> Box<Response<Body>> {
    Box::new(problem(StatusCode::BAD_REQUEST, message, None))
}

pub(super) fn plain(version: Digest) -> Answered {
    Answered { version, name: String::new(), steps: Vec::new(), unchanged: false, behaviour: None }
}

pub(super) fn changed(changed: Result<Activated, ChangeError>) -> Response<Body> {
    told(changed.map(|Activated { digest, name, steps, unchanged, behaviour }| Answered {
        version: digest,
        name,
        steps,
        unchanged,
        behaviour,
    }))
}

/// A response with a document or an error.
pub(super) fn told(document: Result<impl Serialize, ChangeError>) -> Response<Body> {
    match document {
        Ok(document) => json(StatusCode::OK, &document),
        Err(error) => refused(&error),
    }
}

pub(super) fn refused(error: &ChangeError) -> Response<Body> {
    let (status, step) = match error {
        ChangeError::Unaccepted(Unaccepted::Kinds(behaviour)) => {
            let (list, behaviour) = (Some(behaviour.list()), Some(behaviour.clone()));
            let problem = Problem { error: error.to_string(), step: Some(Step::Behaviour), behaviour, list };
            return json(StatusCode::CONFLICT, &problem);
        }
        ChangeError::Unaccepted(Unaccepted::Unknown { .. }) => (StatusCode::BAD_REQUEST, Some(Step::Behaviour)),
        ChangeError::Refused(refused) => (StatusCode::UNPROCESSABLE_ENTITY, Some(refused.step)),
        ChangeError::Unknown { .. } => (StatusCode::NOT_FOUND, None),
        ChangeError::Share { .. } | ChangeError::UnknownKey { .. } => (StatusCode::BAD_REQUEST, None),
        ChangeError::Pinned { .. }
        | ChangeError::Downgrade(_)
        | ChangeError::Quarantined { .. }
        | ChangeError::Serves { .. }
        | ChangeError::NoCanary
        | ChangeError::NoShadow
        | ChangeError::NothingBefore
        | ChangeError::WentBack { .. }
        | ChangeError::Overtaken { .. } => (StatusCode::CONFLICT, None),
        ChangeError::Cancelled { step } => (StatusCode::SERVICE_UNAVAILABLE, *step),
        ChangeError::Ended => (StatusCode::SERVICE_UNAVAILABLE, None),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    problem(status, error.to_string(), step)
}

pub(super) fn problem(status: StatusCode, error: String, step: Option<Step>) -> Response<Body> {
    json(status, &Problem { error, step, behaviour: None, list: None })
}

pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(document) {
        Ok(body) => (status, body),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{{\"error\":{:?}}}", error.to_string()).into_bytes())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
