//! A request's path through the host: the provider prepares it, AWS answers it, the provider translates the answer.

pub mod keys;
mod turn;

pub use self::turn::{Ask, Prepare, Sink, TurnError, prepare, run};
