//! Versions of the provider on this machine: which there are, what each has proved, and which one serves.
//!
//! A version is known by the SHA-256 of its component. Before it may serve it passes the [`Gate`]; what it passed is written
//! down in a [`Journal`] before it counts, so that a start after any crash comes back on a version that passed.

mod acceptance;
mod behaviour;
mod cases;
pub mod compare;
mod compile;
mod components;
mod destinations;
mod downgrade;
mod event;
mod gate;
mod history;
mod journal;
mod lines;
pub mod recording;
pub mod signature;
pub mod source;
mod statement;
mod store;
mod trials;

pub use self::acceptance::{Acceptance, AcceptedBy, AcceptedKind, AcceptedKinds, EVERYTHING, Unaccepted};
pub use self::behaviour::{Behaviour, DifferentKind, Inputs};
pub use self::compile::{CompileInto, Compiler, compile_into_cache};
pub use self::components::Components;
pub use self::destinations::Reachable;
pub use self::downgrade::{Downgrade, Downgrades, check_downgrade};
pub use self::event::{ChangeKind, Event, Step, StepReceipt};
pub use self::gate::{Candidate, Gate, GateError, Passed, Refused};
pub use self::history::{History, Proof};
pub use self::journal::{Journal, JournalError};
pub use self::lines::Line;
pub use self::statement::{Expiry, NoTime, Statement, StatementError};
pub use self::store::{Store, StoreError, state_folder};
pub use self::trials::{CanaryPart, CanaryTerms, ShadowTerms, Trials};
