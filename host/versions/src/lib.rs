//! Versions of the provider on this machine: their bytes, their proofs, and which one is active.
//!
//! A version is identified by the SHA-256 of its component. It must pass the [`Gate`] before it is activated. The
//! [`Journal`] records what it passed before that takes effect, so a start after any crash restores a version that
//! passed.

use quarry_aws as aws;
use quarry_config as config;
use quarry_conformance::{self as conformance, service_model};
use quarry_contract::{self as contract, json};
use quarry_embedded as embedded;
use quarry_pi as pi;
use quarry_provider_host as provider;
use quarry_system::{crash, files, reach};

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
