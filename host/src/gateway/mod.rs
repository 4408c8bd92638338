//! A request's path through the host: the provider prepares it, AWS answers it, the provider translates the answer.

mod refusal;
mod remote;
mod turn;
mod wire;

pub use self::refusal::{Refusal, RefusalKind};
pub use self::turn::{Ask, BeginError, Prepare, Sink, Turn, TurnError, prepare, run};
