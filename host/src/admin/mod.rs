//! The admin listener: whoever operates a gateway asks it about its versions here, and changes them.
//!
//! It is a Unix socket that only the gateway's own user can use, or a port of loopback with a token. Nothing of it is
//! reachable where clients ask for models.

mod access;
mod address;
mod api;
pub mod client;
mod listener;
mod trials;

pub use self::access::{AdminToken, TOKEN_VARIABLE};
pub use self::address::{AdminAddress, AdminAddressError, default_socket, runtime_folder};
pub use self::api::{Answered, Asked, Problem};
pub use self::listener::{Admin, AdminError};
