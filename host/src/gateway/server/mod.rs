//! The server: connections, routes, who may ask, answers.
//!
//! The path of a request: `listener` → `routes` → `admission` → `exchange` (reads it by its wire format, begins the answer) →
//! `answer` (a stream) or a whole document.

mod admission;
mod answer;
mod exchange;
mod listener;
mod reply;
mod routes;
mod stall;

pub use self::listener::Server;
