//! Connections: taking them, bounding them, and letting them go.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::connection::Connection;
use super::routes;
use super::stall::StallGuard;
use super::tls::Tls;
use crate::gateway::state::{Gateway, StartError};

/// How long to wait before the next connection is taken when one could not be: file descriptors may be short for a while.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How often it is told that connections cannot be taken, while that lasts.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// How long connections get to send what is left once nothing is under way any more, or was ended.
const LAST_EVENT: Duration = Duration::from_secs(5);

/// Bytes that the kernel may hold for a client that has not read them yet (it counts twice as many, its own among them). Left to
/// itself it holds 4 MiB and more for each.
const SEND_BUFFER: u32 = 256 << 10;

/// Connections that may wait to be taken; the system's own bound (`net.core.somaxconn`) counts too.
const BACKLOG: u32 = 4096;

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    gateway: Arc<Gateway>,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// When the address cannot be had, everybody could reach it and there are no keys, or the certificate cannot be used.
    pub async fn bind(gateway: Arc<Gateway>, listen: SocketAddr) -> Result<Self, StartError> {
        let effective = gateway.effective();
        effective.configuration.gateway.check_listen(listen)?;
        let tls = effective.configuration.gateway.tls.clone().map(Tls::read).transpose()?.map(Arc::new);
        let failed = |reason| StartError::Bind { address: listen, reason };
        let listener = open(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, address, tls, gateway })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until it is told to stop. New requests are turned away from then on (the listener stays, so that a load balancer
    /// sees that); those under way finish, or are ended with an error when `drain` has passed.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { listener, address: _, tls, gateway } = self;
        let limits = gateway.effective().configuration.gateway.limits.clone();
        let connections = Connections {
            room: Arc::new(Semaphore::new(connections(&gateway, limits.connections))),
            routes: TowerToHyperService::new(routes::router(Arc::clone(&gateway))),
            tls: tls.clone(),
            stop: CancellationToken::new(),
            open: TaskTracker::new(),
            gateway: Arc::clone(&gateway),
        };
        let mut stop = pin!(stop);
        let _renewals = tls.map(|tls| AbortOnDropHandle::new(tokio::spawn(async move { tls.follow().await })));
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

/// How many connections there may be.
fn connections(gateway: &Gateway, configured: usize) -> usize {
    let connections = gateway.capacity.connections(configured);
    if connections < configured {
        tracing::warn!(connections, configured, "max connections lowered: raise the limit of open files (`ulimit -n`)");
    }
    connections
}

/// What every connection is served with.
struct Connections {
    room: Arc<Semaphore>,
    routes: TowerToHyperService<Router>,
    tls: Option<Arc<Tls>>,
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
                Ok((stream, peer)) => self.serve(stream, peer, room),
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

    fn serve(&self, stream: TcpStream, peer: SocketAddr, room: OwnedSemaphorePermit) {
        // A delta is small and must not wait for the next one.
        let _ = stream.set_nodelay(true);
        // A connection keeps the limits that were at work when it came.
        let limits = self.gateway.effective().configuration.gateway.limits.clone();
        let (header_time, stream) = (limits.header_time, StallGuard::new(stream, limits.stall));
        let connection = Connection { routes: self.routes.clone(), peer: peer.ip(), limits, stop: self.stop.clone() };
        let open = self.gateway.metrics.connection();
        let tls = self.tls.clone();
        self.open.spawn(async move {
            let _held = (room, open);
            let Some(tls) = tls else { return connection.serve(stream).await };
            match tokio::time::timeout(header_time, tls.acceptor().accept(stream)).await {
                Ok(Ok(stream)) => connection.serve(stream).await,
                Ok(Err(error)) => tracing::debug!(%error, client = %peer.ip(), "a TLS handshake failed"),
                Err(_) => tracing::debug!(client = %peer.ip(), "a TLS handshake took too long"),
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
