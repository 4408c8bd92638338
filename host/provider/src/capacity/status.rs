//! What is in use and what is left, for metrics, `/readyz` and operators.

use serde::{Deserialize, Serialize};

use super::reserve::SESSIONS;
use super::{Capacity, Purpose};

/// The name of the requests' share in metrics and JSON.
const REQUESTS: &str = "requests";

/// The names of all shares, as metrics and JSON have them.
pub fn shares() -> impl Iterator<Item = &'static str> {
    std::iter::once(REQUESTS).chain(Purpose::ALL.map(Purpose::label))
}

/// The capacity of a gateway, and what of it is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityStatus {
    /// Requests that fit at once: those under way, and as many more as sessions of the active version fit beside them.
    pub requests: usize,
    /// What bounds them: `concurrency`, `sessions`, `memory` or `files`.
    pub bound: String,
    /// Whether so many are under way that `/readyz` says no.
    pub saturated: bool,
    /// `requests`, then each purpose of the reserve.
    pub shares: Vec<ShareStatus>,
    /// Bytes of requests' bodies that are being read or sent on.
    pub body_bytes: usize,
    /// Bytes that they may have.
    pub body_bytes_limit: usize,
    /// Components that are being compiled.
    pub compiling: usize,
    /// Components that wait for that.
    pub compiles_waiting: usize,
}

/// A share of the sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareStatus {
    /// Its name: `requests`, `listings`, `reruns` or `control`.
    pub share: String,
    /// Sessions in use. An admitted request has one, whether it is alive or not.
    pub in_use: usize,
    /// Sessions that may be made besides.
    pub available: usize,
}

impl Capacity {
    /// What is in use now.
    #[must_use]
    pub fn status(&self) -> CapacityStatus {
        let (in_use, more, saturated, body) = {
            let state = self.state();
            (state.requests, state.more(self.memories, state.need), state.saturated, state.settings.body)
        };
        let requests = ShareStatus { share: REQUESTS.to_owned(), in_use, available: more.requests };
        let reserved = Purpose::ALL.map(|purpose| {
            let available = self.reserve.available(purpose);
            ShareStatus { share: purpose.label().to_owned(), in_use: SESSIONS - available, available }
        });
        CapacityStatus {
            requests: in_use + more.requests,
            bound: more.bound.label().to_owned(),
            saturated,
            shares: std::iter::once(requests).chain(reserved).collect(),
            body_bytes: self.bodies().taken(),
            body_bytes_limit: super::BodyBudget::most(body),
            compiling: self.compiles().running(),
            compiles_waiting: self.compiles().waiting(),
        }
    }

    /// Where the gateway is saturated: the requests under way, and how many fit.
    #[must_use]
    pub fn saturated(&self) -> Option<(usize, usize)> {
        let state = self.state();
        let all = state.requests + state.more(self.memories, state.need).requests;
        state.saturated.then_some((state.requests, all))
    }
}
