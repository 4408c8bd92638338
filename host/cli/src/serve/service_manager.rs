//! What a service manager such as systemd is told of the gateway (sd_notify(3)).

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use quarry_config::Environment;
use rustix::time::{ClockId, clock_gettime};

/// The service manager that started this process, if one did.
#[derive(Debug)]
pub(super) struct ServiceManager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// The service manager that the environment names. One that cannot be reached is reported in the log.
    pub(super) fn of(environment: &Environment) -> Self {
        let connected = environment.get("NOTIFY_SOCKET").map(connect).transpose();
        let socket = connected.unwrap_or_else(|error| {
            tracing::warn!(%error, "the service manager cannot be reached (NOTIFY_SOCKET)");
            None
        });
        let is_for_this = environment.get("WATCHDOG_PID").is_none_or(|id| id == std::process::id().to_string());
        let microseconds = environment.get("WATCHDOG_USEC").filter(|_| is_for_this).and_then(|text| text.parse().ok());
        ServiceManager { socket, watchdog: microseconds.map(Duration::from_micros) }
    }

    /// The gateway serves, with the configuration that it read last.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}\n"));
    }

    /// The gateway reads its configuration again. [`ServiceManager::ready`] has to follow.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading the configuration again\n"));
    }

    /// The gateway finishes the requests under way, and ends.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=finishing the requests under way\n");
    }

    /// Reports for ever that the async workers get on, twice in the time that the service manager allows.
    pub(super) async fn watch(&self) {
        let Some(longest) = self.watchdog.filter(|longest| !longest.is_zero() && self.socket.is_some()) else {
            return std::future::pending().await;
        };
        loop {
            self.tell("WATCHDOG=1\n");
            tokio::time::sleep(longest / 2).await;
        }
    }

    fn tell(&self, message: &str) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.send(message.as_bytes())) {
            tracing::warn!(%error, "the service manager cannot be told how the gateway is");
        }
    }
}

/// Connects to a socket by its path, or by its abstract name where that begins with `@`.
fn connect(name: &str) -> io::Result<UnixDatagram> {
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // A service manager that reads nothing must not hold the gateway up.
    socket.set_nonblocking(true)?;
    Ok(socket)
}
