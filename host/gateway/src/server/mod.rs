//! The server: connections, routes, who may ask, answers.
//!
//! The path of a request: `listener` → `routes` → `admission` → `exchange` (reads it by its wire format, begins the answer) →
//! `answer` (a stream) or a whole document.

mod access;
mod activity;
mod admission;
mod answer;
mod api;
mod bedrock;
mod body;
mod compression;
mod connection;
mod cors;
mod counting;
mod decompression;
mod exchange;
mod forwarded;
mod head;
mod listener;
mod metrics;
mod operator;
mod overseen;
mod reply;
mod routes;
mod stall;
mod tls;

pub use self::api::document as openapi;
pub(crate) use self::body::decompressed;
pub(crate) use self::compression::compressed;
pub use self::listener::Server;
pub use self::metrics::MetricsServer;
pub(super) use self::tls::TlsError;
