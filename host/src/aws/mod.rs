//! Everything that knows AWS: credentials, regions, endpoints, the SDK's clients, and what their answers look like before
//! anybody interprets them. A secret never leaves this folder.

mod body;
mod client;
mod control_plane;
mod converse;
mod credentials;
mod failure;
pub mod frames;

pub use self::client::{Aws, AwsOptions, ConnectError};
pub use self::converse::{ConverseRequest, EventStream, Received};
pub use self::credentials::{BearerToken, Source, detect};
