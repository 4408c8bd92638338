//! Connections: taking them, bounding them, and letting them go.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::body::Incoming;
use hyper::{Request, Version};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::activity::Activity;
use super::stall::StallGuard;
use super::{descriptors, routes};
use crate::config::gateway::GatewayLimits;
use crate::gateway::state::{Gateway, StartError};

/// How long to wait before the next connection is taken when one could not be: file descriptors may be short for a while.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How often it is told that connections cannot be taken, while that lasts.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// How long connections get to send what is left once nothing is under way any more, or was ended.
const LAST_EVENT: Duration = Duration::from_secs(5);

/// Bytes that a connection may hold that the client has not read yet, besides the kernel's own buffer.
const WRITE_BUFFER: usize = 64 << 10;

/// How much more of a head is read than may be: what is over the limit by less than that is told so in the endpoint's own words.
const READ_OVER: usize = 2;

/// Bytes that the kernel may hold for a client that has not read them yet (it counts twice as many, its own among them). Left to
/// itself it holds 4 MiB and more for each.
const SEND_BUFFER: u32 = 256 << 10;

/// Connections that may wait to be taken; the system's own bound (`net.core.somaxconn`) counts too.
const BACKLOG: u32 = 4096;

/// Requests at once on one connection of HTTP/2.
const STREAMS_A_CONNECTION: u32 = 256;

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    gateway: Arc<Gateway>,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// When the address cannot be had, or everybody could reach it and there are no keys.
    pub async fn bind(gateway: Arc<Gateway>, listen: SocketAddr) -> Result<Self, StartError> {
        gateway.effective().configuration.gateway.check_listen(listen)?;
        let failed = |reason| StartError::Bind { address: listen, reason };
        let listener = open(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, address, gateway })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop. New requests are turned away from then on (the listener stays, so that a load balancer
    /// sees that); those under way finish, or are ended with an error when `drain` has passed.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { listener, address: _, gateway } = self;
        let limits = gateway.effective().configuration.gateway.limits.clone();
        let connections = Connections {
            room: Arc::new(Semaphore::new(descriptors::connections(limits.connections, limits.concurrency))),
            routes: TowerToHyperService::new(routes::router(Arc::clone(&gateway))),
            stop: CancellationToken::new(),
            open: TaskTracker::new(),
            gateway: Arc::clone(&gateway),
        };
        let mut stop = pin!(stop);
        tokio::select! {
            () = connections.take(&listener) => {}
            () = &mut stop => {}
        }
        gateway.drain();
        let drain = gateway.effective().configuration.gateway.drain;
        tracing::info!(seconds = drain.as_secs(), "draining: new requests are turned away, those under way finish");
        let finished = async {
            tokio::select! {
                () = gateway.in_flight.none() => {}
                () = connections.take(&listener) => {}
            }
        };
        let finished = tokio::time::timeout(drain, finished).await.is_ok();
        let last_event = tokio::time::Instant::now() + LAST_EVENT;
        if !finished {
            tracing::warn!("the time to drain is over; what is still under way is ended with an error");
            gateway.cut_off.cancel();
            // Who reads nothing cannot be told.
            let _ = tokio::time::timeout_at(last_event, gateway.in_flight.none()).await;
        }
        drop(listener);
        // What was sent last has to leave the process too.
        connections.stop.cancel();
        connections.open.close();
        let _ = tokio::time::timeout_at(last_event, connections.open.wait()).await;
    }
}

/// What every connection is served with.
struct Connections {
    room: Arc<Semaphore>,
    routes: TowerToHyperService<Router>,
    /// Cancelled when connections have to finish.
    stop: CancellationToken,
    open: TaskTracker,
    gateway: Arc<Gateway>,
}

impl Connections {
    /// Takes connections for ever. With as many open as there may be, the next ones wait in the kernel's queue.
    async fn take(&self, listener: &TcpListener) {
        let mut told: Option<Instant> = None;
        loop {
            let Ok(room) = Arc::clone(&self.room).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => self.serve(stream, room),
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() >= BETWEEN_WARNINGS) {
                        told = Some(Instant::now());
                        tracing::warn!(%error, "a connection could not be accepted; retrying");
                    }
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, room: OwnedSemaphorePermit) {
        // A delta is small and must not wait for the next one.
        let _ = stream.set_nodelay(true);
        let asked = Arc::new(AtomicBool::new(false));
        let activity = Activity::default();
        let service =
            Counting { routes: self.routes.clone(), asked: Arc::clone(&asked), activity: activity.clone() };
        // A connection keeps the limits that were at work when it came.
        let effective = self.gateway.effective();
        let limits = &effective.configuration.gateway.limits;
        let io = TokioIo::new(StallGuard::new(stream, limits.stall));
        let connection = builder(limits).serve_connection(io, service).into_owned();
        let (header_time, stall) = (limits.header_time, limits.stall);
        let open = self.gateway.metrics.connection();
        let stop = self.stop.clone();
        self.open.spawn(async move {
            let _held = (room, open);
            let mut connection = pin!(connection);
            // hyper bounds the time of a head; who says nothing at all never gets that far.
            let first_request = async {
                tokio::time::sleep(header_time).await;
                if asked.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
            };
            let served = tokio::select! {
                served = &mut connection => Some(served),
                () = first_request => return,
                () = stop.cancelled() => None,
                () = activity.idle(header_time) => None,
            };
            let served = match served {
                Some(served) => served,
                None => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        served = &mut connection => served,
                        // Streams whose end the client does not take keep a connection open.
                        () = activity.idle(stall) => return,
                    }
                }
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

/// Listens. What is set here, the connections that are taken inherit.
fn open(listen: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A gateway that is started again finds connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(listen)?;
    socket.listen(BACKLOG)
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
    asked: Arc<AtomicBool>,
    activity: Activity,
}

impl Service<Request<Incoming>> for Counting {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.asked.store(true, Ordering::Relaxed);
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
