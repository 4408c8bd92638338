//! A request's path through the host: the provider prepares it, AWS answers it, the provider translates the answer.

mod remote;
mod turn;

pub use self::remote::{Attachment, Fetched, RemoteError, RemotePolicy, fetch};
pub use self::turn::{Ask, Prepare, Sink, TurnError, prepare, run};
