//! The configuration on the host's side: which file it is, what of it the provider may see, and what only the host reads.
//!
//! The provider merges the layers; the host finds them. Between the two lies [`mask`]: a secret never enters the provider's
//! memory, nor does any part of the file that is none of its business.

use quarry_aws as aws;
use quarry_contract as contract;
#[cfg(test)]
use quarry_contract::json;
use quarry_pi as pi;
use quarry_system::{environment, files, printable, similar};

pub mod connection;
pub mod document;
mod edit;
mod error;
mod file;
pub mod gateway;
mod layers;
mod locate;
mod look;
pub mod mask;
mod others;
mod overrides;
mod path;
mod position;
mod reader;
pub mod schema;
mod syntax;
#[cfg(test)]
mod syntax_tests;
mod unmasked;

pub use crate::environment::Environment;
pub use crate::similar::nearest;
pub use edit::{ConfigEdit, EditError, EditValue};
pub use error::ConfigError;
pub use file::{ConfigFile, MAX_FILE_SIZE};
pub use layers::{PROVIDER_VARIABLES, layers};
pub use locate::{ChosenBy, Location, locate, locate_for_edit};
pub use look::ConfigText;
pub use mask::PROVIDER_PATHS;
pub use others::{OtherModels, told as model_of_another_provider};
pub use overrides::Override;
pub use path::{PathError, Segment, Shown, parse_path};
pub use unmasked::{of_variables, unmasked};
