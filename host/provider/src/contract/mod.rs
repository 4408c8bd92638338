//! Versions of the contract, side by side.
//!
//! Everything outside `provider` speaks one set of Rust types: those of [`quarry_contract`]. A version of the contract is a
//! [`Contract`], which binds components that export it, and gives their instances as [`Calls`] in those types. To serve one
//! more version takes a folder of WIT, a module of generated bindings, an adapter (`impl Calls`, in which records are taken
//! apart member by member, so that it does not compile until each is converted), and a line in [`Contracts::of_this_host`].
//!
//! The price is one virtual call a call into the sandbox, so one a batch; nothing is converted where the types are the same.

mod v0_1;

use std::fmt;
use std::sync::Arc;

use wasmtime::component::{InstancePre, ResourceAny};
use wasmtime::{Result, Store};

use super::bounds::Bounds;
use super::error::LoadError;
use quarry_contract::RequestKind;
use quarry_contract::about::Identity;
use quarry_contract::config::{Layer, Merged, Problem as ConfigProblem, Settings};
use quarry_contract::conversation::{
    Batch, Context, Delta, Ending, Opening, Options, Prepared, Problem, RequestSettings,
};
use quarry_contract::models::{Catalog, Pages, Resolution, Source};
use quarry_contract::types::{ApiError, Failure, Model};

/// What begins the name of each of the contract's interfaces.
const PACKAGE: &str = "quarry:provider/";

/// A version of the contract, and how its components are served.
pub trait Contract: Send + Sync {
    /// The version, such as `0.1.0`. Components of its later patches are served too: those only add to what is exported.
    fn version(&self) -> &'static str;

    /// Holds a component against this version, export by export.
    ///
    /// # Errors
    /// When it lacks an export, or one has another type.
    fn bind(&self, component: InstancePre<Bounds>) -> Result<Arc<dyn Bound>>;
}

/// A component that was compared with its version of the contract.
pub trait Bound: Send + Sync {
    /// Makes an instance.
    ///
    /// # Errors
    /// When there is no room for one, or it fails as it begins.
    fn instantiate(&self, store: &mut Store<Bounds>) -> Result<Box<dyn Calls>>;
}

/// The functions of an instance, in the types of [`quarry_contract`].
///
/// What an adapter cannot express in these types is an error, and counts as the provider's failure. A call fails, by a trap, also
/// when the provider takes too long or gives back too much.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Calls: Send + Sync {
    /// `about.identify`.
    fn identify(&self, store: &mut Store<Bounds>) -> Result<Identity>;

    /// `config.merge`.
    fn merge(&self, store: &mut Store<Bounds>, layers: &[Layer]) -> Result<Result<Merged, Vec<ConfigProblem>>>;

    /// `models.sources`.
    fn sources(&self, store: &mut Store<Bounds>, settings: &Settings) -> Result<Vec<Source>>;

    /// `models.assemble`.
    fn assemble(
        &self,
        store: &mut Store<Bounds>,
        settings: &Settings,
        region: &str,
        pages: &[Pages],
    ) -> Result<Catalog>;

    /// `models.resolve`.
    fn resolve(
        &self,
        store: &mut Store<Bounds>,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>>;

    /// `conversation.prepare` or `conversation.count-tokens`.
    #[expect(clippy::too_many_arguments, reason = "the arguments are those of the contract")]
    fn prepare(
        &self,
        store: &mut Store<Bounds>,
        kind: RequestKind,
        settings: &RequestSettings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<Problem>>>;

    /// `turn.constructor`.
    fn open_turn(&self, store: &mut Store<Bounds>, opening: &Opening) -> Result<ResourceAny>;

    /// `turn.push`.
    fn push(&self, store: &mut Store<Bounds>, turn: ResourceAny, batch: &Batch) -> Result<Vec<Delta>>;

    /// `turn.finish`.
    fn finish(&self, store: &mut Store<Bounds>, turn: ResourceAny, ending: &Ending) -> Result<Vec<Delta>>;

    /// `conversation.explain`.
    fn explain(&self, store: &mut Store<Bounds>, error: &ApiError) -> Result<Failure>;
}

/// The versions of the contract that a host serves, the newest first.
#[derive(Clone)]
pub struct Contracts(Vec<Arc<dyn Contract>>);

impl fmt::Debug for Contracts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.versions()).finish()
    }
}

impl Contracts {
    /// Those that are published.
    #[must_use]
    pub fn of_this_host() -> Self {
        Contracts(vec![Arc::new(v0_1::V0_1)])
    }

    /// These, and a newer one.
    #[must_use]
    pub fn and_newer(mut self, contract: Arc<dyn Contract>) -> Self {
        self.0.insert(0, contract);
        self
    }

    /// The versions, the newest first.
    #[must_use]
    pub fn versions(&self) -> Vec<&'static str> {
        self.0.iter().map(|contract| contract.version()).collect()
    }

    /// The newest one that serves a component which exports these versions.
    #[must_use]
    pub fn serving<'a>(&'a self, exported: &[String]) -> Option<&'a dyn Contract> {
        let serves = |contract: &&Arc<dyn Contract>| exported.iter().any(|version| serves(contract.version(), version));
        self.0.iter().find(serves).map(AsRef::as_ref)
    }

    /// The same for a component that is being loaded.
    ///
    /// # Errors
    /// When none serves it; the error names all that there are.
    pub(super) fn of_component(
        &self,
        name: &str,
        exported: &[String],
    ) -> std::result::Result<&dyn Contract, LoadError> {
        self.serving(exported).ok_or_else(|| LoadError::NotAProvider {
            name: name.to_owned(),
            expected: self.versions().join(" or "),
            reason: match exported {
                [] => "it exports nothing of that package".to_owned(),
                other => format!("it exports quarry:provider@{}", other.join(" and ")),
            },
        })
    }
}

/// The version of the contract in the name of one of its interfaces.
pub(super) fn version_of(interface: &str) -> Option<&str> {
    interface.strip_prefix(PACKAGE)?.split_once('@').map(|(_, version)| version)
}

/// Adds a version to those that were found before.
pub(super) fn add(versions: &mut Vec<String>, interface: &str) {
    if let Some(version) = version_of(interface).filter(|version| !versions.iter().any(|known| known == version)) {
        versions.push(version.to_owned());
    }
}

/// Whether who serves a version serves another: the same one, or a later patch of it.
fn serves(served: &str, exported: &str) -> bool {
    match (release(served), release(exported)) {
        (Some(served), Some(exported)) => {
            let (major, minor, patch) = served;
            match exported {
                // As the component model has it: below 1.0 the minor number is the one that breaks, below 0.1 each does.
                (0, other_minor, other_patch) if major == 0 => {
                    minor == other_minor && (if minor == 0 { patch == other_patch } else { patch <= other_patch })
                }
                (other_major, other_minor, other_patch) => {
                    major == other_major && (minor, patch) <= (other_minor, other_patch)
                }
            }
        }
        _ => served == exported,
    }
}

/// A version's three numbers; none of a version before its release, which nothing else is compatible with.
fn release(version: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None) => Some((major, minor, patch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Contracts, add, serves, version_of};

    #[test]
    fn later_patches_are_served_and_nothing_else() {
        for (served, exported, is_served) in [
            ("0.1.0", "0.1.0", true),
            ("0.1.0", "0.1.7", true),
            ("0.1.2", "0.1.1", false),
            ("0.1.0", "0.2.0", false),
            ("0.1.0", "1.1.0", false),
            ("0.0.1", "0.0.2", false),
            ("1.2.0", "1.3.0", true),
            ("1.2.3", "1.2.2", false),
            ("1.2.0", "2.2.0", false),
            ("1.2.0", "0.2.0", false),
            ("0.1.0", "0.1.1-rc.1", false),
            ("0.1.0", "0.1.0.1", false),
            ("0.1.0", "", false),
        ] {
            assert_eq!(serves(served, exported), is_served, "{served} and {exported}");
        }
    }

    #[test]
    fn the_version_stands_in_the_names_of_interfaces() {
        assert_eq!(version_of("quarry:provider/about@0.1.0"), Some("0.1.0"));
        assert_eq!(version_of("quarry:provider/about"), None);
        assert_eq!(version_of("quarry:other/about@0.1.0"), None);
        let mut versions = Vec::new();
        for interface in ["quarry:provider/about@0.1.0", "a", "quarry:provider/types@0.1.0", "quarry:provider/x@0.2.0"]
        {
            add(&mut versions, interface);
        }
        assert_eq!(versions, ["0.1.0", "0.2.0"]);
    }

    #[test]
    fn what_is_published_is_served_and_what_is_not_is_not() {
        let contracts = Contracts::of_this_host();
        assert_eq!(contracts.versions(), ["0.1.0"]);
        let serving = |version: &str| contracts.serving(&[version.to_owned()]).map(super::Contract::version);
        assert_eq!(serving("0.1.0"), Some("0.1.0"));
        assert_eq!(serving("0.2.0"), None);
        assert_eq!(
            contracts.serving(&["0.2.0".to_owned(), "0.1.0".to_owned()]).map(super::Contract::version),
            Some("0.1.0")
        );
    }
}
