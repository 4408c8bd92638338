//! Connections: accepts them, bounds them, and closes them.

use std::future::Future;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
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
use crate::state::{Gateway, StartError};

/// The pause after a connection that could not be accepted: file descriptors may be short for a while.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// The time between two warnings that connections cannot be accepted.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// How long connections may still send once no request is under way.
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
        gateway.effective().configuration.gateway.check_listen(listen)?;
        let listener = open(listen).map_err(|reason| StartError::Bind { address: listen, reason })?;
        Self::over(gateway, listener)
    }

    /// Listens on a socket that a service manager opened.
    ///
    /// # Errors
    /// When it cannot be used, everybody could reach it and there are no keys, or the certificate cannot be used.
    pub fn inherit(gateway: Arc<Gateway>, socket: std::net::TcpListener) -> Result<Self, StartError> {
        let address = gateway.effective().configuration.gateway.listen;
        let failed = |reason| StartError::Bind { address, reason };
        socket.set_nonblocking(true).map_err(failed)?;
        // tokio takes any TCP socket as a stream.
        let socket = TcpSocket::from_std_stream(OwnedFd::from(socket).into());
        Self::over(gateway, listen_on(socket).map_err(failed)?)
    }

    fn over(gateway: Arc<Gateway>, listener: TcpListener) -> Result<Self, StartError> {
        let effective = gateway.effective();
        let config = &effective.configuration.gateway;
        let address = listener.local_addr().map_err(|reason| StartError::Bind { address: config.listen, reason })?;
        config.check_listen(address)?;
        let tls = config.tls.clone().map(Tls::read).transpose()?.map(Arc::new);
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
    /// sees that, for `drainMinimumSeconds` at least); those under way finish, or are ended with an error when `drain` has passed.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { listener, address: _, tls, gateway } = self;
        let limits = gateway.effective().configuration.gateway.limits.clone();
        let connections = Connections {
            room: Arc::new(Semaphore::new(connections(&gateway, limits.connections))),
            routes: TowerToHyperService::new(routes::router(Arc::clone(&gateway))),
            tls: tls.clone(),
            are_of_clients: true,
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
        let effective = gateway.effective();
        let drain = effective.configuration.gateway.drain;
        let minimum = tokio::time::Instant::now() + effective.configuration.gateway.drain_minimum;
        tracing::info!(seconds = drain.as_secs(), "draining: new requests are rejected, requests under way finish");
        let finished = async {
            tokio::select! {
                () = gateway.in_flight.none() => {}
                () = connections.take(&listener) => {}
            }
        };
        let finished = tokio::time::timeout(drain, finished).await.is_ok();
        let last_event = tokio::time::Instant::now() + LAST_EVENT;
        if !finished {
            tracing::warn!("the drain deadline has passed; the requests still under way end with an error");
            gateway.cut_off.cancel();
            // A client that does not read cannot receive the error.
            let _ = tokio::time::timeout_at(last_event, gateway.in_flight.none()).await;
        }
        tokio::select! {
            () = tokio::time::sleep_until(minimum) => {}
            () = connections.take(&listener) => {}
        }
        drop(listener);
        let last_event = last_event.max(minimum + LAST_EVENT);
        // The last bytes must leave the process too.
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
pub(super) struct Connections {
    pub(super) room: Arc<Semaphore>,
    pub(super) routes: TowerToHyperService<Router>,
    pub(super) tls: Option<Arc<Tls>>,
    /// Whether the metrics count them.
    pub(super) are_of_clients: bool,
    /// Cancelled when connections must finish.
    pub(super) stop: CancellationToken,
    pub(super) open: TaskTracker,
    pub(super) gateway: Arc<Gateway>,
}

impl Connections {
    /// Accepts connections until it is dropped. At the limit, further connections wait in the kernel's queue.
    pub(super) async fn take(&self, listener: &TcpListener) {
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
        // A connection keeps the limits that were active when it was accepted.
        let limits = self.gateway.effective().configuration.gateway.limits.clone();
        let (header_time, stream) = (limits.header_time, StallGuard::new(stream, limits.stall));
        let connection = Connection { routes: self.routes.clone(), peer: peer.ip(), limits, stop: self.stop.clone() };
        let open = self.are_of_clients.then(|| self.gateway.metrics.connection());
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
pub(super) fn open(listen: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A gateway that is started again finds connections of the previous one.
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    listen_on(socket)
}

/// Listens on a socket that has its address.
fn listen_on(socket: TcpSocket) -> std::io::Result<TcpListener> {
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.listen(BACKLOG)
}
