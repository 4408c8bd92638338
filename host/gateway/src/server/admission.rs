//! Admission: keys, rates and concurrency.

use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, ORIGIN};
use hyper::http::request::Parts;

use super::operator::Operator;
use crate::begin::NotBegun;
use crate::canary::conversation;
use crate::capacity::{Bound, Full, Permit};
use crate::cut_short::AFTER_SHUTDOWN;
use crate::effective::Effective;
use crate::keys::{Admitted, KeyError};
use crate::lineup::Taken;
use crate::live::LiveRequest;
use crate::loopback::is_loopback_host;
use crate::refusal::{Refusal, RefusalKind};
use crate::state::{Gateway, Underway};
use crate::telemetry::Refusal as Reason;
use crate::wire::Asked;

/// `Retry-After` at a key's concurrency limit. When a request will end is unknown; SDKs back off by themselves.
const UNTIL_ONE_ENDS: Duration = Duration::from_secs(1);

/// The refusal of a signature. Its access key id is public, and the gateway has no secret that it could check the signature with.
const UNCHECKED_SIGNATURE: &str =
    "the gateway cannot check AWS signatures; set AWS_BEARER_TOKEN_BEDROCK to a key of the gateway";

/// An admitted request: its key's slot and its place among the requests in progress. Dropping it returns both.
#[derive(Debug)]
pub(super) struct Visit {
    /// Whose request it is.
    pub(super) admitted: Admitted,
    /// The active version of the provider, when the request came.
    pub(super) seat: Taken,
    live: LiveRequest,
    underway: Underway,
}

/// A request that was read and has a place among the sessions, which is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Admission {
    /// Whose request it is.
    pub(super) admitted: Admitted,
    /// The version of the provider that it has to its end.
    pub(super) seat: Taken,
    /// Its place in the list of those in progress.
    pub(super) live: LiveRequest,
    /// Its place among the sessions.
    pub(super) permit: Arc<Permit>,
    _underway: Underway,
}

impl Visit {
    /// Assigns a request that was read to a version of the provider, and gives it a place: a conversation stays with the version that
    /// it began with. Only now, because an upload may take its time, and a place is for those that need a session.
    ///
    /// # Errors
    /// When there is no room for a session of that version.
    pub(super) fn admit(
        self,
        gateway: &Gateway,
        id: &str,
        headers: &HeaderMap,
        asked: &Asked,
    ) -> Result<Admission, Refusal> {
        let key = self.admitted.name();
        let seat = gateway.lineup.load().seat(key, || conversation(key, headers, &asked.context));
        self.seated(gateway, id, seat, &asked.model, asked.stream)
    }

    /// Gives a request that was not read a place with the active version: its body passes through, so no trial of a version could
    /// tell anything by it.
    ///
    /// # Errors
    /// When there is no room for a session.
    pub(super) fn admit_unread(
        self,
        gateway: &Gateway,
        id: &str,
        model: &str,
        stream: bool,
    ) -> Result<Admission, Refusal> {
        let seat = gateway.lineup.load().unread();
        self.seated(gateway, id, seat, model, stream)
    }

    fn seated(self, gateway: &Gateway, id: &str, seat: Taken, model: &str, stream: bool) -> Result<Admission, Refusal> {
        let Visit { admitted, seat: _, live, underway } = self;
        live.asked(id, model, stream, seat.version.digest());
        let permit = gateway.capacity.admit(seat.version.generation.need()).map_err(|error| full(gateway, &error))?;
        Ok(Admission { admitted, seat, live, permit, _underway: underway })
    }
}

impl Admission {
    /// Adds similar names to the error about an unknown model.
    pub(super) fn suggesting(&self, not_begun: NotBegun, name: &str) -> NotBegun {
        not_begun.suggesting(&self.seat.effective, &self.admitted, name)
    }
}

/// The sender of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asker<'a> {
    /// A client, with these headers.
    Client(&'a HeaderMap),
    /// Whoever operates the gateway, by the admin listener.
    Operator,
}

impl<'a> Asker<'a> {
    /// Who sent this request.
    pub(super) fn of(request: &'a Parts) -> Self {
        match request.extensions.get::<Operator>() {
            Some(Operator) => Asker::Operator,
            None => Asker::Client(&request.headers),
        }
    }
}

/// Admits a request for an endpoint, or returns the refusal.
pub(super) fn visit(
    gateway: &Gateway,
    effective: &Effective,
    asker: Asker<'_>,
    endpoint: &'static str,
) -> Result<Visit, Refusal> {
    let underway = gateway.in_flight.enter();
    if gateway.is_draining() {
        gateway.metrics.refused(Reason::Draining);
        let refusal = Refusal::new(RefusalKind::ShuttingDown, "the gateway is shutting down; try again");
        return Err(Refusal { retry_after: Some(AFTER_SHUTDOWN), ..refusal });
    }
    let admitted = match asker {
        Asker::Client(headers) => check_key(gateway, effective, headers)?,
        Asker::Operator => Admitted::operator(),
    };
    let seat = gateway.lineup.load().unread();
    let live = gateway.live.enter(endpoint, admitted.name(), seat.version.digest());
    Ok(Visit { admitted, seat, live, underway })
}

/// Records a request that is refused for lack of room.
fn full(gateway: &Gateway, full: &Full) -> Refusal {
    gateway.metrics.refused(if full.bound == Bound::Concurrency { Reason::Concurrency } else { Reason::Capacity });
    Refusal::from(full)
}

/// Checks the key of a request, or, where no keys are configured, that it is from this machine's own user and not from a page
/// that a browser of this machine shows: such a page can reach loopback too.
pub(super) fn check_key(gateway: &Gateway, effective: &Effective, headers: &HeaderMap) -> Result<Admitted, Refusal> {
    if !effective.keys.are_needed() {
        check_local(headers, &effective.configuration.gateway.cors)
            .inspect_err(|_| gateway.metrics.refused(Reason::Key))?;
    }
    effective.keys.check(presented(headers)).map_err(|error| {
        let (kind, reason, retry_after) = match &error {
            KeyError::Missing | KeyError::Unknown => (RefusalKind::Authentication, Reason::Key, None),
            KeyError::TooManyAtOnce { .. } => (RefusalKind::RateLimit, Reason::Concurrency, Some(UNTIL_ONE_ENDS)),
            KeyError::TooOften { retry_after, .. } => (RefusalKind::RateLimit, Reason::Rate, Some(*retry_after)),
        };
        gateway.metrics.refused(reason);
        let message = match error {
            KeyError::Missing if is_signed(headers) => UNCHECKED_SIGNATURE.to_owned(),
            error => error.to_string(),
        };
        Refusal { retry_after, ..Refusal::new(kind, message) }
    })
}

/// Whether a request is signed as AWS's SDKs do without a bearer token.
fn is_signed(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"))
}

/// The keys that a request carries: a bearer token, and Anthropic's `x-api-key`. A client that has both set, one of them for somebody
/// else, sends both.
fn presented(headers: &HeaderMap) -> Vec<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let api_key = headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim);
    bearer.into_iter().chain(api_key).filter(|key| !key.is_empty()).collect()
}

fn check_local(headers: &HeaderMap, allowed: &[String]) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value: &hyper::header::HeaderValue| value.to_str().ok());
    if let Some(origin) = text(ORIGIN)
        && !allowed.iter().any(|allowed| allowed == "*" || allowed == origin)
        && !is_loopback_host(origin.split_once("://").map_or(origin, |(_, host)| host))
    {
        let message =
            format!("the origin {origin} may not use this gateway; the operator can allow it with quarry.cors");
        return Err(Refusal::new(RefusalKind::Permission, message));
    }
    match text(HOST) {
        Some(host) if !is_loopback_host(host) => {
            let message = "a gateway without client keys accepts loopback host names only; create a key with `quarry keys add NAME`";
            Err(Refusal::new(RefusalKind::Permission, message))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (hyper::header::HeaderName::from_static(name), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn a_key_is_a_bearer_token_or_an_api_key() {
        assert_eq!(presented(&headers(&[("authorization", "Bearer k")])), ["k"]);
        assert_eq!(presented(&headers(&[("authorization", "bearer  k ")])), ["k"]);
        assert_eq!(presented(&headers(&[("x-api-key", "k")])), ["k"]);
        assert_eq!(presented(&headers(&[("x-api-key", "k"), ("authorization", "Bearer other")])), ["other", "k"]);
        assert_eq!(presented(&headers(&[("authorization", "Basic k"), ("x-api-key", "")])), [""; 0]);
        assert_eq!(presented(&headers(&[])), [""; 0]);
    }

    #[test]
    fn without_keys_only_this_machine_asks() {
        let refused =
            |pairs: &[(&'static str, &str)]| check_local(&headers(pairs), &["https://ok.example".to_owned()]).is_err();
        assert!(!refused(&[("host", "127.0.0.1:8484")]));
        assert!(!refused(&[("host", "localhost")]));
        assert!(!refused(&[("host", "[::1]:8484")]));
        assert!(refused(&[("host", "rebound.example:8484")]));
        assert!(refused(&[("host", "localhost"), ("origin", "https://evil.example")]));
        assert!(refused(&[("host", "localhost"), ("origin", "null")]));
        assert!(!refused(&[("host", "localhost"), ("origin", "https://ok.example")]));
        assert!(!refused(&[("host", "localhost"), ("origin", "http://localhost:3000")]));
    }
}
