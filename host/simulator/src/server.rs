//! The socket: accepts connections on loopback and serves HTTP/1.1 and HTTP/2 on them.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::SimulatorOptions;
use super::dice::Dice;
use super::prompt_cache::{CacheCounts, PromptCache};
use super::routes;
use super::script::ResetSwitch;

/// After an `accept` that failed (no file handles left, say), so long until the next.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// A simulated Bedrock, bound to its address and not yet serving.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: SimulatorOptions,
    cache: Mutex<PromptCache>,
    requests: AtomicU64,
}

impl Simulator {
    /// Binds an address of this machine's loopback; port 0 takes a free one, which [`Simulator::local_addr`] tells.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for an address that is not loopback: the simulator checks no secret, so nobody else may reach it.
    /// The system's error.
    pub async fn bind(address: SocketAddr, options: SimulatorOptions) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let message = format!("the simulator listens on loopback only (127.0.0.1 or [::1]), not on {address}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, shared: Arc::new(Shared::new(options)) })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready; then every connection ends at once, in mid-stream too.
    ///
    /// # Errors
    /// None today. A connection that fails ends alone, and a failed `accept` is tried again.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let mut shutdown = pin!(shutdown);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&self.shared)))),
                    Err(error) => {
                        tracing::warn!(%error, "the simulator could not accept a connection");
                        tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

impl Shared {
    /// The state that the requests of a simulator share.
    pub(crate) fn new(options: SimulatorOptions) -> Self {
        Self { options, cache: Mutex::default(), requests: AtomicU64::new(0) }
    }

    /// The id of the next request: unlike the rest, it differs for equal requests.
    pub(crate) fn next_request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        Dice::new(self.options.seed, &number.to_be_bytes()).request_id()
    }

    /// Counts the tokens that a request reads from the prompt cache and writes to it.
    pub(crate) fn count_cache(&self, model_id: &str, body: &Value) -> Option<CacheCounts> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).count(model_id, body, Instant::now())
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Without this, small frames would wait for one another.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let switch = ResetSwitch::default();
    let socket = Socket { stream, switch: switch.clone() };
    let service = service_fn(move |request| {
        let (shared, switch) = (Arc::clone(&shared), switch.clone());
        async move { Ok::<_, Infallible>(routes::answer(request, &shared, switch).await) }
    });
    if let Err(error) = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await {
        tracing::debug!(%error, "a connection to the simulator ended");
    }
}

/// A TCP stream that ends with a reset when the script of a body said so.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    switch: ResetSwitch,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.switch.is_set() {
            // Closing with nothing to linger for makes TCP send RST and not FIN. On failure the peer sees a body cut short, an error as well.
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
