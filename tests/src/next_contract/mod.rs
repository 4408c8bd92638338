//! The contract of `tests/wit-next` (`quarry:provider@0.2.0`, never published), served by a host that is told of it.
//!
//! This is what one more version of the contract takes: generated bindings, and an adapter between its types and the host's. It
//! is here and not in the host, so no binary that is shipped knows of it.

mod arguments;
mod bindings;
mod convert;
mod results;

use std::sync::Arc;

use quarry::contract::about::Identity;
use quarry::contract::config::{Layer, Merged, Problem as ConfigProblem, Settings};
use quarry::contract::conversation::{Batch, Context, Delta, Ending, Opening, Options, Prepared, Problem};
use quarry::contract::models::{ListingOptions, Step, Supply};
use quarry::contract::types::{ApiError, Failure, Model};
use quarry::provider::{Bound, Bounds, Calls, Contract, Contracts};
use wasmtime::component::{InstancePre, ResourceAny};
use wasmtime::{Result, Store};

use self::bindings::{Provider, ProviderPre};
use self::convert::Convert as _;

/// The contracts of this host, and the next one.
#[must_use]
pub fn contracts() -> Contracts {
    Contracts::of_this_host().and_newer(Arc::new(V0_2))
}

/// `quarry:provider@0.2.0`.
struct V0_2;

impl Contract for V0_2 {
    fn version(&self) -> &'static str {
        "0.2.0"
    }

    fn bind(&self, component: InstancePre<Bounds>) -> Result<Arc<dyn Bound>> {
        Ok(Arc::new(Component(ProviderPre::new(component)?)))
    }
}

// Another crate's trait and a generated type that is generic over another crate's: neither is this crate's own.
struct Component(ProviderPre<Bounds>);

impl Bound for Component {
    fn instantiate(&self, store: &mut Store<Bounds>) -> Result<Box<dyn Calls>> {
        Ok(Box::new(self.0.instantiate(store)?))
    }
}

impl Calls for Provider {
    fn identify(&self, store: &mut Store<Bounds>) -> Result<Identity> {
        Ok(self.quarry_provider_about().call_describe(store)?.convert())
    }

    fn merge(&self, store: &mut Store<Bounds>, layers: &[Layer]) -> Result<Result<Merged, Vec<ConfigProblem>>> {
        let layers = layers.to_vec().convert();
        Ok(self.quarry_provider_config().call_merge(store, &layers)?.convert())
    }

    fn open_listing(
        &self,
        store: &mut Store<Bounds>,
        settings: &Settings,
        options: ListingOptions,
    ) -> Result<ResourceAny> {
        let settings = settings.clone().convert();
        self.quarry_provider_models().listing().call_constructor(store, &settings, &options.convert())
    }

    fn resume(&self, store: &mut Store<Bounds>, listing: ResourceAny, supplies: &[Supply]) -> Result<Step> {
        let supplies = supplies.to_vec().convert();
        Ok(self.quarry_provider_models().listing().call_resume(store, listing, &supplies)?.convert())
    }

    fn prepare(
        &self,
        store: &mut Store<Bounds>,
        settings: &Settings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<Problem>>> {
        let (settings, model) = (settings.clone().convert(), model.clone().convert());
        let (context, options) = (context.clone().convert(), options.clone().convert());
        let conversation = self.quarry_provider_conversation();
        Ok(conversation.call_prepare(store, &settings, region, &model, &context, &options)?.convert())
    }

    fn open_turn(&self, store: &mut Store<Bounds>, opening: &Opening) -> Result<ResourceAny> {
        let opening = opening.clone().convert();
        self.quarry_provider_conversation().turn().call_constructor(store, &opening)
    }

    fn push(&self, store: &mut Store<Bounds>, turn: ResourceAny, batch: &Batch) -> Result<Vec<Delta>> {
        let frames = arguments::frames(batch);
        Ok(results::deltas(self.quarry_provider_conversation().turn().call_translate(store, turn, &frames)?))
    }

    fn finish(&self, store: &mut Store<Bounds>, turn: ResourceAny, ending: &Ending) -> Result<Vec<Delta>> {
        let ending = ending.clone().convert();
        Ok(results::deltas(self.quarry_provider_conversation().turn().call_finish(store, turn, &ending)?))
    }

    fn explain(&self, store: &mut Store<Bounds>, error: &ApiError) -> Result<Failure> {
        let error = error.clone().convert();
        Ok(self.quarry_provider_conversation().call_explain(store, &error)?.convert())
    }
}
