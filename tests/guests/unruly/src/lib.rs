//! Quarry's own provider, which misbehaves when it is told to. It passes the gate, as a hostile provider would.
//!
//! Six things tell it how:
//! - [`always::ALWAYS`], text in the component's data that a test changes: what it does to everybody. The gate should find it.
//! - `unruly:HOW` or `unruly:HOW:N` in the last message of a conversation: what it does to this one, from the Nth event on.
//! - `unruly-speak` anywhere in a configuration: that it says hostile text wherever it can.
//! - `unruly-refuse` anywhere in a configuration: that it does not merge it.
//! - `unruly-breach:RULE` anywhere in a configuration: the rule of the contract that it breaks from then on.
//! - `unruly-elsewhere`, as what an alias of the configuration stands for: that it tries to have requests sent elsewhere.
//!
//! What `prepare` reads goes to the turn in the carry, as a provider's own state does.
//!
//! The exports are made for wasm alone, as those of the provider itself are.

mod always;
pub mod breach;
pub mod elsewhere;
pub mod foreign;
mod how;
mod misdeeds;
#[cfg(target_family = "wasm")]
mod provider;

pub use always::{ALWAYS, Always, always};
pub use how::{Call, How};
pub use misdeeds::{HAS_PREPARED, Misdeed};
