//! Sockets that a service manager opened for the gateway (sd_listen_fds(3)).

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use anyhow::{Context as _, bail};
use listenfd::ListenFd;
use quarry_config::Environment;

/// The name (`FileDescriptorName=`) of the admin listener's socket. Any other name is the clients'.
const ADMIN: &str = "admin";

/// The sockets to listen on.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    /// For clients.
    pub(super) client: Option<TcpListener>,
    /// For administration.
    pub(super) admin: Option<AdminSocket>,
}

/// A socket for administration.
#[derive(Debug)]
pub(super) enum AdminSocket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Sockets {
    /// Takes the sockets that this process was started with.
    ///
    /// # Errors
    /// When there are more than one for a listener, or one is of a kind that cannot be used.
    pub(super) fn take(mut inherited: ListenFd, environment: &Environment) -> anyhow::Result<Self> {
        let names: Vec<&str> =
            environment.get("LISTEN_FDNAMES").map(|names| names.split(':').collect()).unwrap_or_default();
        let mut sockets = Sockets::default();
        for index in 0..inherited.len() {
            let name = names.get(index).copied().unwrap_or_default();
            let wrong = || format!("the socket {name:?} of the service manager cannot be used");
            if name != ADMIN {
                let socket = inherited.take_tcp_listener(index).with_context(wrong)?;
                if socket.is_some() && std::mem::replace(&mut sockets.client, socket).is_some() {
                    bail!(
                        "the service manager opened two sockets for clients: keep one ListenStream=, or set FileDescriptorName={ADMIN} for the admin listener's"
                    );
                }
                continue;
            }
            let socket = match inherited.take_unix_listener(index) {
                Ok(socket) => socket.map(AdminSocket::Unix),
                Err(_) => inherited.take_tcp_listener(index).with_context(wrong)?.map(AdminSocket::Tcp),
            };
            if socket.is_some() && std::mem::replace(&mut sockets.admin, socket).is_some() {
                bail!("the service manager opened two sockets called {ADMIN:?}: keep one ListenStream=");
            }
        }
        Ok(sockets)
    }
}
