//! One connection: its requests, and when it is closed.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::access::Peer;
use super::activity::Activity;
use crate::config::gateway::GatewayLimits;

/// Bytes that a connection may hold that the client has not read yet, besides the kernel's own buffer.
const WRITE_BUFFER: usize = 64 << 10;

/// How far beyond the limit a head is read, so that the refusal has the endpoint's own format.
const READ_OVER: usize = 2;

/// Requests at once on one connection of HTTP/2.
const STREAMS_A_CONNECTION: u32 = 256;

/// What a connection is served with.
pub(super) struct Connection {
    pub(super) routes: TowerToHyperService<Router>,
    /// The other end.
    pub(super) peer: IpAddr,
    pub(super) limits: GatewayLimits,
    /// Cancelled when it must finish.
    pub(super) stop: CancellationToken,
}

impl Connection {
    /// Serves it until either side closes it.
    pub(super) async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Connection { routes, peer, limits, stop } = self;
        let asked = Arc::new(AtomicBool::new(false));
        let activity = Activity::default();
        let service = Counting { routes, peer, asked: Arc::clone(&asked), activity: activity.clone() };
        let connection = builder(&limits).serve_connection(TokioIo::new(stream), service).into_owned();
        let mut connection = pin!(connection);
        // hyper bounds the time of a head from its first byte. A client that sends nothing never gets there.
        let first_request = async {
            tokio::time::sleep(limits.header_time).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let served = tokio::select! {
            served = &mut connection => Some(served),
            () = first_request => return,
            () = stop.cancelled() => None,
            () = activity.idle(limits.header_time) => None,
        };
        let served = match served {
            Some(served) => served,
            None => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    served = &mut connection => served,
                    // Streams whose end the client does not take keep a connection open.
                    () = activity.idle(limits.stall) => return,
                }
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended");
        }
    }
}

fn builder(limits: &GatewayLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let head = limits.headers.saturating_mul(READ_OVER);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(head.max(WRITE_BUFFER))
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(limits.header_time))
        .max_concurrent_streams(STREAMS_A_CONNECTION)
        .max_send_buf_size(WRITE_BUFFER)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX));
    builder
}

/// The routes, whether anything was asked on this connection, and what is under way on it where it is one of HTTP/2.
#[derive(Clone)]
struct Counting {
    routes: TowerToHyperService<Router>,
    peer: IpAddr,
    asked: Arc<AtomicBool>,
    activity: Activity,
}

impl Service<Request<Incoming>> for Counting {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(Peer(self.peer));
        if request.version() != Version::HTTP_2 {
            return Box::pin(self.routes.call(request));
        }
        // Under way until it is answered; a streamed answer keeps another one until its end.
        let under_way = self.activity.enter();
        request.extensions_mut().insert(under_way.clone());
        let answered = self.routes.call(request);
        Box::pin(async move {
            let _under_way = under_way;
            answered.await
        })
    }
}
