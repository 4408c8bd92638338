//! The configuration on the host's side: which file it is, what of it the provider may see, and what only the host reads.
//!
//! The provider merges the layers; the host finds them. Between the two lies [`mask`]: a secret never enters the provider's
//! memory, nor does any part of the file that is none of its business.

pub mod connection;
mod edit;
mod environment;
mod error;
mod file;
pub mod gateway;
pub(crate) mod json5;
mod layers;
mod locate;
mod look;
pub mod mask;
mod overrides;
mod path;
pub(crate) mod position;
pub mod schema;
mod similar;

pub use edit::{ConfigEdit, EditError, EditValue};
pub use environment::Environment;
pub use error::ConfigError;
pub use file::{ConfigFile, MAX_FILE_SIZE};
pub use layers::{PROVIDER_VARIABLES, layers};
pub use locate::{ChosenBy, Location, locate, locate_for_edit};
pub use look::ConfigText;
pub use mask::PROVIDER_PATHS;
pub use overrides::Override;
pub use path::{PathError, Segment, Shown, parse_path};
pub use similar::nearest;
