//! The metrics: on a listener of their own where the configuration names one, else among the clients' endpoints.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Response, StatusCode};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listener::{Connections, open};
use super::{admission, reply};
use crate::loopback::is_loopback_host;
use crate::refusal::{Refusal, RefusalKind};
use crate::state::{Gateway, StartError};
use crate::telemetry::METRICS_CONTENT_TYPE;
use crate::wire::chat_completions;

/// The path of the metrics, on either listener.
const PATH: &str = "/metrics";

/// Connections of the listener. A scraper has one or two.
const MOST_CONNECTIONS: usize = 64;

/// A listener for the metrics alone (`quarry.metrics.listen`). It needs no key, takes none of the clients' connections, and answers
/// while the gateway is full or drains.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    address: SocketAddr,
    gateway: Arc<Gateway>,
}

impl MetricsServer {
    /// Listens, where the configuration names an address.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(gateway: Arc<Gateway>) -> Result<Option<Self>, StartError> {
        let Some(listen) = gateway.started.metrics.listen else { return Ok(None) };
        let failed = |reason| StartError::Bind { address: listen, reason };
        let listener = open(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Some(MetricsServer { listener, address, gateway }))
    }

    /// Where the metrics are.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Serves until this is dropped.
    pub async fn run(self) {
        let MetricsServer { listener, address, gateway } = self;
        let is_loopback = address.ip().to_canonical().is_loopback();
        let metrics = move |State(gateway): State<Arc<Gateway>>, headers: HeaderMap| async move {
            if is_of_a_page(&headers, is_loopback) {
                return reply::text(StatusCode::FORBIDDEN, "pages of a browser may not read the metrics\n".to_owned());
            }
            rendered(&gateway)
        };
        let nothing = || async { reply::text(StatusCode::NOT_FOUND, format!("only {PATH} is here\n")) };
        let routes = Router::new().route(PATH, get(metrics)).fallback(nothing).with_state(Arc::clone(&gateway));
        let connections = Connections {
            room: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            routes: TowerToHyperService::new(routes),
            tls: None,
            are_of_clients: false,
            stop: CancellationToken::new(),
            open: TaskTracker::new(),
            gateway,
        };
        connections.take(&listener).await;
    }
}

/// Whether a page that a browser of this machine shows sent a request: browsers name the page's origin, or, where somebody pointed a
/// name of theirs at this machine, that name.
fn is_of_a_page(headers: &HeaderMap, is_loopback: bool) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    headers.contains_key(ORIGIN) || is_loopback && host.is_some_and(|host| !is_loopback_host(host))
}

/// The metrics for a client, which needs a key for them: names of models and clients are nobody else's business. They are not here
/// where they have a listener.
pub(super) async fn for_clients(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response<Body> {
    let admitted = if gateway.started.metrics.listen.is_some() {
        let message = "the metrics are on a listener of their own: quarry.metrics.listen names it";
        Err(Refusal::new(RefusalKind::UnknownPath, message))
    } else {
        admission::check_key(&gateway, &gateway.effective(), &headers)
    };
    match admitted {
        Ok(_) => rendered(&gateway),
        Err(refused) => reply::refusal(&chat_completions::CHAT_COMPLETIONS, &refused, &reply::new_id()),
    }
}

fn rendered(gateway: &Gateway) -> Response<Body> {
    let mut response = reply::text(StatusCode::OK, gateway.metrics_text());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(METRICS_CONTENT_TYPE));
    response
}
