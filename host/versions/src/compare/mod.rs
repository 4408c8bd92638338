//! Two versions of a provider on the same inputs.
//!
//! A [`Specimen`] is what a provider is handed: a stream, a preparation, a listing, an error, layers of configuration. A
//! [`Comparison`] runs one on both versions and gives every [`Difference`]; [`Differences`] groups them by kind, each with the
//! smallest specimen that shows it. A provider is a pure function, so a difference that was seen once comes again.
//!
//! Everything here blocks, owns what it is given and waits for nobody: it belongs on a thread beside the requests.

mod allow;
mod catalog;
mod collection;
mod comparison;
mod deltas;
mod difference;
mod form;
mod minimise;
mod observed;
mod pattern;
mod reach;
mod redact;
mod report;
mod sources;
mod specimen;
mod wording;

pub use self::allow::{AllowError, AllowList, Allowed};
pub use self::collection::{Bounds, Differences, Group};
pub use self::comparison::Comparison;
pub use self::difference::Difference;
pub(crate) use self::form::preparation_json;
pub use self::minimise::Effort;
pub use self::pattern::covers;
pub use self::reach::{Reach, ReachReport};
pub use self::redact::redacted;
pub use self::report::{KindReport, SpecimenReport};
pub use self::sources::{of_cases, of_generated, of_recordings};
pub use self::specimen::{AskedLayers, Each, Input, Listing, Preparation, SettingsFrom, Specimen, Stream};
