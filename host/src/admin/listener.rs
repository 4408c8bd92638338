//! The listener: a Unix socket, or a port of loopback.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::middleware::{self, Next};
use axum::serve::IncomingStream;
use hyper::{Request, Response, StatusCode};
use tokio::net::{TcpListener, UnixListener};

use super::access::{self, AdminToken};
use super::address::AdminAddress;
use super::api;
use super::documents::{self, Caller};
use super::page;
use crate::gateway::Versions;

/// Why there is no admin listener.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The address cannot be listened on.
    #[error("cannot listen for administration on {address}: {source}")]
    Bind {
        /// The address.
        address: AdminAddress,
        /// Why.
        source: io::Error,
    },
    /// Another gateway listens there.
    #[error("another gateway listens on {address}: give this one its own by --admin")]
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
    Unix(UnixListener, Socket),
    Tcp(TcpListener, AdminToken),
}

/// A socket's file; removed when the listener goes.
#[derive(Debug)]
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        // A file that is left is found to be dead by whoever comes next.
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
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
            only_ours(folder).map_err(failed)?;
        }
        match fs::symlink_metadata(path) {
            Ok(metadata) if is_socket(&metadata) => fs::remove_file(path).map_err(failed)?,
            Ok(_) => return Err(failed(io::Error::other("something that is no socket is there"))),
            Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Admin { bound: Bound::Unix(listener, Socket(path.to_owned())), address })
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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &AdminAddress {
        &self.address
    }

    /// Answers until this is dropped.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self, versions: Arc<Versions>) -> io::Result<()> {
        let routes = api::routes(versions);
        match self.bound {
            Bound::Unix(listener, _socket) => {
                let router = routes.merge(page::routes(false)).layer(middleware::from_fn(of_this_user));
                axum::serve(listener, router.into_make_service_with_connect_info::<Peer>()).await
            }
            Bound::Tcp(listener, token) => {
                let router: Router = routes.layer(middleware::from_fn_with_state(token, with_token));
                // The page is where its user says the token.
                let router = router.merge(page::routes(true));
                axum::serve(listener, router).await
            }
        }
    }
}

/// Refuses a folder in which somebody else could put a socket of their own in the place of this one.
fn only_ours(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(folder)?;
    let user = metadata.uid();
    if (user != 0 && user != rustix::process::geteuid().as_raw()) || metadata.mode() & 0o022 != 0 {
        let message = format!("others can write to {}: it has to be this user's or root's alone", folder.display());
        return Err(io::Error::other(message));
    }
    Ok(())
}

fn is_socket(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_socket()
}

/// The user at the other end of a Unix socket.
#[derive(Debug, Clone, Copy)]
struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Peer(stream.io().peer_cred().ok().map(|credentials| credentials.uid()))
    }
}

/// Lets this user and root in. The socket's mode does too; this holds where a file system has no modes. Whoever forwards a port
/// to the socket brings a browser to it, and with the browser the pages of others: these are kept out.
async fn of_this_user(
    ConnectInfo(Peer(user)): ConnectInfo<Peer>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let Some(user) = user.filter(|user| *user == 0 || *user == rustix::process::geteuid().as_raw()) else {
        return documents::problem(
            StatusCode::FORBIDDEN,
            "the admin socket is for the gateway's own user".to_owned(),
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

/// Lets whoever has the token in, and no page of another origin.
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
