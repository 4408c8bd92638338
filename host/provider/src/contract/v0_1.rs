//! `quarry:provider@0.1.0`. Its types are the ones that the host speaks, so nothing is converted.

use std::sync::Arc;

use wasmtime::component::{InstancePre, ResourceAny};
use wasmtime::{Result, Store};

use super::{Bound, Bounds, Calls, Contract};
use crate::bindings::{Provider, ProviderPre};
use quarry_contract::RequestKind;
use quarry_contract::about::Identity;
use quarry_contract::config::{Layer, Merged, Problem as ConfigProblem, Settings};
use quarry_contract::conversation::{
    Batch, Context, Delta, Ending, Opening, Options, Prepared, Problem, RequestSettings,
};
use quarry_contract::models::{Catalog, Pages, Resolution, Source};
use quarry_contract::types::{ApiError, Failure, Model};

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

    fn sources(&self, store: &mut Store<Bounds>, settings: &Settings) -> Result<Vec<Source>> {
        self.quarry_provider_models().call_sources(store, settings)
    }

    fn assemble(
        &self,
        store: &mut Store<Bounds>,
        settings: &Settings,
        region: &str,
        pages: &[Pages],
    ) -> Result<Catalog> {
        self.quarry_provider_models().call_assemble(store, settings, region, pages)
    }

    fn resolve(
        &self,
        store: &mut Store<Bounds>,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>> {
        self.quarry_provider_models().call_resolve(store, names, settings, rows)
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
        let functions = self.quarry_provider_conversation();
        match kind {
            RequestKind::Answer => functions.call_prepare(store, settings, region, model, context, options),
            RequestKind::TokenCount => functions.call_count_tokens(store, settings, region, model, context, options),
        }
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
