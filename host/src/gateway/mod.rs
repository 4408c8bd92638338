//! A request's path through the host: the provider prepares it, AWS answers it, the provider translates the answer.

mod keys;
mod refusal;
mod remote;
mod turn;
mod wire;

pub use self::keys::{Admitted, KeyError, Keys, generate_key};
pub use self::refusal::{Refusal, RefusalKind};
pub use self::turn::{Ask, BeginError, Prepare, Sink, Turn, TurnError, prepare, run};
