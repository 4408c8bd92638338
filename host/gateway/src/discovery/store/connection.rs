//! A connection to a Redis server that says no more than it was asked for: the client library takes the length of an answer from
//! the server, whatever that is.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue, RedisError};
use rustls_native_certs::load_native_certs;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::frame;

/// Most bytes of one answer: the largest listing, and what the protocol puts around it.
const MOST: usize = frame::MOST + (64 << 10);

/// The server says more than it was asked for.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the server's response is larger than {MOST} bytes")]
struct TooLong;

/// An open connection. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    multiplexed: MultiplexedConnection,
    allowance: Arc<Allowance>,
}

impl Connection {
    /// Connects and logs in.
    pub(super) async fn open(info: &ConnectionInfo, patience: &AsyncConnectionConfig) -> Result<Self, RedisError> {
        match info.addr() {
            ConnectionAddr::Tcp(host, port) => Self::over(tcp(host, *port).await?, info, patience).await,
            ConnectionAddr::TcpTls { host, port, .. } => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = TlsConnector::from(trust().await?).connect(name, tcp(host, *port).await?).await?;
                Self::over(stream, info, patience).await
            }
            ConnectionAddr::Unix(path) => Self::over(UnixStream::connect(path).await?, info, patience).await,
            other => Err(io::Error::other(format!("{other} cannot be reached")).into()),
        }
    }

    async fn over<S>(stream: S, info: &ConnectionInfo, patience: &AsyncConnectionConfig) -> Result<Self, RedisError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let allowance = Arc::<Allowance>::default();
        let _logging_in = allowance.grant();
        let bounded = Bounded { stream, allowance: Arc::clone(&allowance) };
        let (multiplexed, driver) =
            MultiplexedConnection::new_with_config(info.redis_settings(), bounded, patience.clone()).await?;
        // It ends with the last clone of the connection.
        tokio::spawn(driver);
        Ok(Connection { multiplexed, allowance })
    }

    /// Asks, and takes an answer of at most so many bytes as the largest listing has.
    pub(super) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, RedisError> {
        let _asking = self.allowance.grant();
        command.query_async(&mut self.multiplexed).await
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whom to trust: the certificates of the system.
async fn trust() -> io::Result<Arc<ClientConfig>> {
    // It reads files.
    let loaded = tokio::task::spawn_blocking(load_native_certs).await?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What the server may say: [`MOST`] bytes for each command that waits for its answer, and nothing where none does.
#[derive(Debug, Default)]
struct Allowance(Mutex<Granted>);

#[derive(Debug, Default)]
struct Granted {
    commands: usize,
    bytes: usize,
}

impl Allowance {
    fn granted(&self) -> MutexGuard<'_, Granted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(self: &Arc<Self>) -> Asking {
        let mut granted = self.granted();
        granted.commands += 1;
        granted.bytes += MOST;
        drop(granted);
        Asking(Arc::clone(self))
    }

    fn take(&self, bytes: usize) -> Result<(), TooLong> {
        let mut granted = self.granted();
        granted.bytes = granted.bytes.checked_sub(bytes).ok_or(TooLong)?;
        Ok(())
    }
}

/// A command that waits for its answer.
struct Asking(Arc<Allowance>);

impl Drop for Asking {
    fn drop(&mut self) {
        let mut granted = self.0.granted();
        granted.commands -= 1;
        if granted.commands == 0 {
            granted.bytes = 0;
        }
    }
}

/// A stream from which no more is read than is allowed.
struct Bounded<S> {
    stream: S,
    allowance: Arc<Allowance>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        Poll::Ready(self.allowance.take(read).map_err(io::Error::other))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_may_say_as_much_as_it_was_asked_for() {
        let allowance = Arc::<Allowance>::default();
        assert!(allowance.take(1).is_err(), "nobody asked");
        let first = allowance.grant();
        let second = allowance.grant();
        assert!(allowance.take(MOST + 1).is_ok() && allowance.take(MOST).is_err());
        drop(first);
        assert!(allowance.take(MOST - 1).is_ok(), "the second still waits");
        drop(second);
        assert!(allowance.take(1).is_err(), "nobody waits any more");
        let _third = allowance.grant();
        assert!(allowance.take(MOST).is_ok());
    }
}
