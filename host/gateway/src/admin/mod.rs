//! The admin listener: operators inspect and change the versions of a gateway here, by commands or on a page.
//!
//! It is a Unix socket that only the gateway's own user can use, or a port of loopback with a token. It is not
//! reachable from the ports of clients.

mod access;
mod address;
mod api;
mod asking;
pub mod client;
mod documents;
mod listener;
mod page;
mod trials;

pub use self::access::{AdminToken, TOKEN_VARIABLE};
pub use self::address::{AdminAddress, AdminAddressError, default_socket, runtime_folder};
pub use self::documents::{Answered, Asked, Problem, UnacceptedDifferences};
pub use self::listener::{Admin, AdminError};
