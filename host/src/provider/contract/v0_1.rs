//! `quarry:provider@0.1.0`. Its types are the ones that the host speaks, so nothing is converted.

use std::sync::Arc;

use wasmtime::component::{InstancePre, ResourceAny};
use wasmtime::{Result, Store};

use super::{Bound, Bounds, Calls, Contract};
use crate::bindings::{Provider, ProviderPre};
use crate::contract::about::Identity;
use crate::contract::config::{Layer, Merged, Problem as ConfigProblem, Settings};
use crate::contract::conversation::{Batch, Context, Delta, Ending, Opening, Options, Prepared, Problem};
use crate::contract::models::{ListingOptions, Step, Supply};
use crate::contract::types::{ApiError, Failure, Model};

/// `quarry:provider@0.1.0`.
pub(super) struct V0_1;

impl Contract for V0_1 {
    fn version(&self) -> &'static str {
        "0.1.0"
    }

    fn bind(&self, component: InstancePre<Bounds>) -> Result<Arc<dyn Bound>> {
        Ok(Arc::new(ProviderPre::new(component)?))
    }
}

impl Bound for ProviderPre<Bounds> {
    fn instantiate(&self, store: &mut Store<Bounds>) -> Result<Box<dyn Calls>> {
        Ok(Box::new(ProviderPre::instantiate(self, store)?))
    }
}

impl Calls for Provider {
    fn identify(&self, store: &mut Store<Bounds>) -> Result<Identity> {
        self.quarry_provider_about().call_identify(store)
    }

    fn merge(&self, store: &mut Store<Bounds>, layers: &[Layer]) -> Result<Result<Merged, Vec<ConfigProblem>>> {
        self.quarry_provider_config().call_merge(store, layers)
    }

    fn open_listing(
        &self,
        store: &mut Store<Bounds>,
        settings: &Settings,
        options: ListingOptions,
    ) -> Result<ResourceAny> {
        self.quarry_provider_models().listing().call_constructor(store, settings, &options)
    }

    fn resume(&self, store: &mut Store<Bounds>, listing: ResourceAny, supplies: &[Supply]) -> Result<Step> {
        self.quarry_provider_models().listing().call_resume(store, listing, supplies)
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
        self.quarry_provider_conversation().call_prepare(store, settings, region, model, context, options)
    }

    fn open_turn(&self, store: &mut Store<Bounds>, opening: &Opening) -> Result<ResourceAny> {
        self.quarry_provider_conversation().turn().call_constructor(store, opening)
    }

    fn push(&self, store: &mut Store<Bounds>, turn: ResourceAny, batch: &Batch) -> Result<Vec<Delta>> {
        self.quarry_provider_conversation().turn().call_push(store, turn, batch)
    }

    fn finish(&self, store: &mut Store<Bounds>, turn: ResourceAny, ending: &Ending) -> Result<Vec<Delta>> {
        self.quarry_provider_conversation().turn().call_finish(store, turn, ending)
    }

    fn explain(&self, store: &mut Store<Bounds>, error: &ApiError) -> Result<Failure> {
        self.quarry_provider_conversation().call_explain(store, error)
    }
}
