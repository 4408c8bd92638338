//! A version of the contract that is not published, to show that a host serves two at once.
//!
//! It is the contract of `wit/` under another number, with one interface changed: `about.identify` is `about.describe`, and the member
//! `config-paths` of its record is `config-roots`. Its component is the embedded one with these names replaced, so nobody keeps a copy of
//! the contract or of a guest. Its adapter is what one more version takes: what is unchanged is called with the host's own types, because
//! wasmtime compares types by structure, and what is changed has types of its own.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use quarry_contract::RequestKind;
use quarry_contract::about::Identity;
use quarry_contract::config::{Layer, Merged, Problem as ConfigProblem, Settings};
use quarry_contract::conversation::{
    Batch, Context, Delta, Ending, Opening, Options, Prepared, Problem, RequestSettings,
};
use quarry_contract::models::{Catalog, Pages, Resolution, Source};
use quarry_contract::types::{ApiError, Failure, Model};
use quarry_embedded::EMBEDDED;
use quarry_provider_host::{Bound, Bounds, Calls, Contract, Contracts};
use wasmtime::component::{ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Lower, ResourceAny};
use wasmtime::{Result, Store, error::Context as _};

/// Its number. It is as long as the number of the contract in `wit/`.
pub const VERSION: &str = "9.0.0";

/// The contracts of this host, and the next one.
#[must_use]
pub fn contracts() -> Contracts {
    Contracts::of_this_host().and_newer(Arc::new(Next))
}

/// The embedded provider as a component of the next contract.
///
/// # Panics
/// When a name that is changed is not in the embedded component any more.
#[must_use]
pub fn component() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let published = Contracts::of_this_host().versions()[0];
        let renamed = [("identify", "describe"), ("config-paths", "config-roots")];
        renamed.iter().fold(with_version(EMBEDDED, published, VERSION), |bytes, (from, to)| replaced(&bytes, from, to))
    })
}

/// A component that exports another version of the contract, under the same names.
#[must_use]
pub fn with_version(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    replaced(component, &format!("@{from}"), &format!("@{to}"))
}

/// A component with a text replaced by one of the same length, so that every length in it stays true.
fn replaced(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "{from} and {to}");
    let mut bytes = component.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from.as_bytes())).collect();
    assert!(!places.is_empty(), "{from} is not in the component");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

struct Next;

impl Contract for Next {
    fn version(&self) -> &'static str {
        VERSION
    }

    fn bind(&self, component: InstancePre<Bounds>) -> Result<Arc<dyn Bound>> {
        Ok(Arc::new(Component(component)))
    }
}

struct Component(InstancePre<Bounds>);

impl Bound for Component {
    fn instantiate(&self, store: &mut Store<Bounds>) -> Result<Box<dyn Calls>> {
        Ok(Box::new(Functions(self.0.instantiate(store)?)))
    }
}

/// `about.identity` of the next contract.
#[derive(ComponentType, Lift)]
#[component(record)]
struct Description {
    name: String,
    version: String,
    provider: String,
    api: String,
    #[component(name = "config-roots")]
    config_roots: Vec<String>,
    variables: Vec<String>,
}

/// The exports of an instance.
struct Functions(Instance);

impl Functions {
    /// Calls a function by its name, such as `config.merge` or `conversation.[method]turn.push`.
    fn call<P, R>(&self, store: &mut Store<Bounds>, name: &str, arguments: P) -> Result<R>
    where
        P: ComponentNamedList + Lower,
        R: Lift + 'static,
        (R,): ComponentNamedList + Lift,
    {
        let (interface, function) = name.split_once('.').context("the name of a function")?;
        let interface = format!("quarry:provider/{interface}@{VERSION}");
        let missing = || Cow::from(format!("no {name}"));
        let interface = self.0.get_export_index(&mut *store, None, &interface).with_context(missing)?;
        let function = self.0.get_export_index(&mut *store, Some(&interface), function).with_context(missing)?;
        let function = self.0.get_typed_func::<P, (R,)>(&mut *store, &function)?;
        Ok(function.call(store, arguments)?.0)
    }
}

impl Calls for Functions {
    fn identify(&self, store: &mut Store<Bounds>) -> Result<Identity> {
        let Description { name, version, provider, api, config_roots, variables } =
            self.call(store, "about.describe", ())?;
        Ok(Identity { name, version, provider, api, config_paths: config_roots, variables })
    }

    fn merge(&self, store: &mut Store<Bounds>, layers: &[Layer]) -> Result<Result<Merged, Vec<ConfigProblem>>> {
        self.call(store, "config.merge", (layers,))
    }

    fn sources(&self, store: &mut Store<Bounds>, settings: &Settings) -> Result<Vec<Source>> {
        self.call(store, "models.sources", (settings,))
    }

    fn assemble(
        &self,
        store: &mut Store<Bounds>,
        settings: &Settings,
        region: &str,
        pages: &[Pages],
    ) -> Result<Catalog> {
        self.call(store, "models.assemble", (settings, region, pages))
    }

    fn resolve(
        &self,
        store: &mut Store<Bounds>,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>> {
        self.call(store, "models.resolve", (names, settings, rows))
    }

    fn prepare(
        &self,
        store: &mut Store<Bounds>,
        kind: RequestKind,
        settings: &RequestSettings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<Problem>>> {
        let name = match kind {
            RequestKind::Answer => "conversation.prepare",
            RequestKind::TokenCount => "conversation.count-tokens",
        };
        self.call(store, name, (settings, region, model, context, options))
    }

    fn open_turn(&self, store: &mut Store<Bounds>, opening: &Opening) -> Result<ResourceAny> {
        self.call(store, "conversation.[constructor]turn", (opening,))
    }

    fn push(&self, store: &mut Store<Bounds>, turn: ResourceAny, batch: &Batch) -> Result<Vec<Delta>> {
        self.call(store, "conversation.[method]turn.push", (turn, batch))
    }

    fn finish(&self, store: &mut Store<Bounds>, turn: ResourceAny, ending: &Ending) -> Result<Vec<Delta>> {
        self.call(store, "conversation.[method]turn.finish", (turn, ending))
    }

    fn explain(&self, store: &mut Store<Bounds>, error: &ApiError) -> Result<Failure> {
        self.call(store, "conversation.explain", (error,))
    }
}
