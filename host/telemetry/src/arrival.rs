//! A request from its first byte, whatever becomes of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::spans::TARGET;

/// The facts that a request's head has.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// When its head was there.
    pub at: Instant,
    /// The sender behind the configured proxies; `None` for the operator's own requests.
    pub client: Option<IpAddr>,
    /// The caller's own id of it, from `x-request-id`.
    pub caller_id: Option<String>,
    is_observed: Arc<AtomicBool>,
}

/// A request that nobody observes: it was turned away, or it asks for no model.
#[derive(Debug)]
pub struct Unobserved<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path, without the query.
    pub path: &'a str,
    /// The status of its answer.
    pub status: u16,
    /// The gateway's own id of it, where it was given one.
    pub request_id: Option<&'a str>,
    /// Why it was turned away: the error's kind, and the message.
    pub refused: Option<(&'a str, &'a str)>,
    /// Whether it is one that programs send again and again to see whether the gateway lives.
    pub is_probe: bool,
}

impl Arrival {
    /// A request whose head is there now.
    #[must_use]
    pub fn now(client: Option<IpAddr>, caller_id: Option<String>) -> Self {
        Arrival { at: Instant::now(), client, caller_id, is_observed: Arc::default() }
    }

    /// From now on an [`Observation`](super::Observation) logs it.
    pub(super) fn observed(&self) {
        self.is_observed.store(true, Ordering::Relaxed);
    }

    /// Logs a request that is not observed, in the words of those that are.
    pub fn log(&self, request: &Unobserved<'_>) {
        if self.is_observed.load(Ordering::Relaxed) {
            return;
        }
        let Unobserved { method, path, status, request_id, refused, is_probe } = *request;
        let outcome = if status < 400 { "ok" } else { "refused" };
        let (error, why) = refused.unzip();
        let duration_ms = self.at.elapsed().as_secs_f64() * 1e3;
        let client = self.client.map(tracing::field::display);
        let caller_request_id = self.caller_id.as_deref();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: TARGET, method, path, status, outcome, error, why, request_id, caller_request_id, client, duration_ms,
                    "request"
                )
            };
        }
        if is_probe && status < 400 {
            line!(debug);
        } else {
            line!(info);
        }
    }
}
