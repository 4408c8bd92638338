//! The listener: a Unix socket, or a port of loopback.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::middleware::{self, Next};
use axum::serve::IncomingStream;
use hyper::{Request, Response, StatusCode};
use rustix::fs::FileType;
use tokio::net::{TcpListener, UnixListener};

use super::access::{self, AdminToken};
use super::address::AdminAddress;
use super::api;
use super::documents::{self, Caller};
use super::page;
use crate::files::{FileError, TrustedFolder};
use crate::{Versions, compressed};

/// Why there is no admin listener.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address cannot be listened on.
    #[error("cannot open the admin listener on {address}: {source}")]
    Bind {
        /// The address.
        address: AdminAddress,
        /// Why.
        source: io::Error,
    },
    /// Another gateway listens there.
    #[error("another gateway listens on {address}: give this one another address with --admin")]
    InUse {
        /// The address.
        address: AdminAddress,
    },
}

/// An admin listener that is bound.
#[derive(Debug)]
pub struct Admin {
    bound: Bound,
    address: AdminAddress,
}

#[derive(Debug)]
enum Bound {
    Unix(UnixListener, Option<Socket>),
    Tcp(TcpListener, AdminToken),
}

/// A socket's file; removed when the listener goes.
#[derive(Debug)]
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        // The next gateway detects a socket file that is left behind.
        let _ = fs::remove_file(&self.0);
    }
}

impl Admin {
    /// Listens on a Unix socket that this user alone can use.
    ///
    /// # Errors
    /// When it cannot be made, or another gateway listens there.
    pub fn unix(path: &Path) -> Result<Self, AdminError> {
        let address = AdminAddress::Unix(path.to_owned());
        let failed = |source| AdminError::Bind { address: AdminAddress::Unix(path.to_owned()), source };
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(AdminError::InUse { address });
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Some(name) = path.file_name() else { return Err(failed(io::Error::other("the path names no socket"))) };
        let untrusted = |error: FileError| failed(error.into());
        let folder = TrustedFolder::make(parent).map_err(untrusted)?;
        match folder.kind(name).map_err(untrusted)? {
            Some(FileType::Socket) => folder.remove(name).map_err(untrusted)?,
            Some(_) => return Err(failed(io::Error::other("the path exists and is not a socket"))),
            None => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        // In the checked folder, even if the path leads elsewhere by now.
        folder.close_to_others(name).map_err(untrusted)?;
        Ok(Admin { bound: Bound::Unix(listener, Some(Socket(path.to_owned()))), address })
    }

    /// Listens on a port of loopback, for whoever has the token.
    ///
    /// # Errors
    /// When it cannot be listened on.
    pub async fn tcp(address: std::net::SocketAddr, token: AdminToken) -> Result<Self, AdminError> {
        let failed = |source| AdminError::Bind { address: AdminAddress::Tcp(address), source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        Ok(Admin { bound: Bound::Tcp(listener, token), address: AdminAddress::Tcp(local) })
    }

    /// Listens on a Unix socket that a service manager opened. Its file is the service manager's.
    ///
    /// # Errors
    /// When it has no path, or cannot be used.
    pub fn inherited_unix(socket: std::os::unix::net::UnixListener) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let path = address.as_pathname().ok_or_else(|| io::Error::other("the admin socket has no path"))?;
        let address = AdminAddress::Unix(path.to_owned());
        socket.set_nonblocking(true)?;
        Ok(Admin { bound: Bound::Unix(UnixListener::from_std(socket)?, None), address })
    }

    /// Listens on a port of loopback that a service manager opened, for whoever has the token.
    ///
    /// # Errors
    /// When it is not of loopback, or cannot be used.
    pub fn inherited_tcp(socket: std::net::TcpListener, token: AdminToken) -> io::Result<Self> {
        let address = socket.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(io::Error::other(format!("the admin listener is for loopback only, and {address} is not")));
        }
        socket.set_nonblocking(true)?;
        Ok(Admin { bound: Bound::Tcp(TcpListener::from_std(socket)?, token), address: AdminAddress::Tcp(address) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &AdminAddress {
        &self.address
    }

    /// Serves until it is dropped.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self, versions: Arc<Versions>) -> io::Result<()> {
        let routes = api::routes(versions).layer(middleware::from_fn(compressed));
        match self.bound {
            Bound::Unix(listener, _socket) => {
                let router = routes.merge(page::routes(false)).layer(middleware::from_fn(of_this_user));
                axum::serve(listener, router.into_make_service_with_connect_info::<Peer>()).await
            }
            Bound::Tcp(listener, token) => {
                let router: Router = routes.layer(middleware::from_fn_with_state(token, with_token));
                // The page asks its user for the token.
                let router = router.merge(page::routes(true));
                axum::serve(listener, router).await
            }
        }
    }
}

/// The user at the other end of a Unix socket.
#[derive(Debug, Clone, Copy)]
struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Peer(stream.io().peer_cred().ok().map(|credentials| credentials.uid()))
    }
}

/// Admits this user and root. The socket's mode does too; this check holds on file systems without modes. A browser can
/// reach the socket through a forwarded port, so pages of other origins are rejected.
async fn of_this_user(
    ConnectInfo(Peer(user)): ConnectInfo<Peer>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let Some(user) = user.filter(|user| *user == 0 || *user == rustix::process::geteuid().as_raw()) else {
        return documents::problem(
            StatusCode::FORBIDDEN,
            "only the gateway's own user can use the admin socket".to_owned(),
            None,
        );
    };
    if access::is_foreign(request.headers()) {
        return foreign();
    }
    request.extensions_mut().insert(Caller(format!("user {user} at the admin socket")));
    next.run(request).await
}

fn foreign() -> Response<Body> {
    let message = "pages of other origins may not use the admin listener".to_owned();
    documents::problem(StatusCode::FORBIDDEN, message, None)
}

/// Admits requests with the token, and rejects pages of other origins.
async fn with_token(State(token): State<AdminToken>, mut request: Request<Body>, next: Next) -> Response<Body> {
    if access::is_foreign(request.headers()) {
        return foreign();
    }
    if !token.opens(request.headers()) {
        let message = format!(
            "the admin token is missing or wrong: send `Authorization: Bearer …`, or set {}",
            access::TOKEN_VARIABLE
        );
        return documents::problem(StatusCode::UNAUTHORIZED, message, None);
    }
    request.extensions_mut().insert(Caller("the admin token".to_owned()));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    use super::Admin;

    #[tokio::test]
    async fn no_socket_is_put_where_somebody_else_could_put_theirs() {
        let place = tempfile::tempdir().expect("a folder can be made");
        let folder = place.path().join("quarry-0");
        let socket = folder.join("admin.sock");
        let admin = Admin::unix(&socket).expect("the folder is made");
        assert_eq!(fs::metadata(&folder).expect("it is there").permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(&socket).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert!(Admin::unix(&socket).is_err(), "it is in use");
        drop(admin);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("the owner may");
        let refused = Admin::unix(&socket).expect_err("others can write there").to_string();
        assert!(refused.contains("other users can write to") && refused.contains("chmod go-w"), "{refused}");
        assert!(!socket.exists());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("the owner may");
        fs::write(&socket, "").expect("it can be written");
        assert!(Admin::unix(&socket).is_err(), "the path exists and is not a socket");
        if rustix::process::geteuid().is_root() {
            // What somebody else put in the temporary folder leads to a folder of this user's own.
            let link = place.path().join("link");
            symlink(&folder, &link).expect("a link can be made");
            lchown(&link, Some(65534), None).expect("root may");
            assert!(Admin::unix(&link.join("other.sock")).is_err());
            assert!(!folder.join("other.sock").exists());
        }
    }
}
