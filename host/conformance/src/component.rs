//! Providers in their sandbox: the executor that runs a component.

use std::sync::Arc;

use super::provider::{Cost, Fault, Provider, Providers};
use crate::contract::RequestKind;
use crate::contract::about::Identity;
use crate::contract::config::{self, Layer, Merged, Settings};
use crate::contract::conversation::{self, Batch, Context, Delta, Ending, Opening, Options, Prepared, RequestSettings};
use crate::contract::models::{Catalog, Pages, Resolution, Source};
use crate::contract::types::{ApiError, Failure, Model};
use quarry_provider_host::{Generation, ProviderError, Session};

/// The instances of one loaded component.
#[derive(Debug, Clone)]
pub struct Component(pub Arc<Generation>);

impl Providers for Component {
    fn name(&self) -> &str {
        "component"
    }

    fn fresh(&self) -> Result<Box<dyn Provider>, Fault> {
        Ok(Box::new(self.0.session()?))
    }
}

impl From<ProviderError> for Fault {
    fn from(error: ProviderError) -> Self {
        Fault(error.to_string())
    }
}

impl Provider for Session {
    fn identify(&mut self) -> Result<Identity, Fault> {
        Ok(Session::identify(self)?)
    }

    fn merge(&mut self, layers: &[Layer]) -> Result<Result<Merged, Vec<config::Problem>>, Fault> {
        Ok(Session::merge(self, layers)?)
    }

    fn sources(&mut self, settings: &Settings) -> Result<Vec<Source>, Fault> {
        Ok(Session::sources(self, settings)?)
    }

    fn assemble(&mut self, settings: &Settings, region: &str, pages: &[Pages]) -> Result<Catalog, Fault> {
        Ok(Session::assemble(self, settings, region, pages)?)
    }

    fn resolve(
        &mut self,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>, Fault> {
        Ok(Session::resolve(self, names, settings, rows)?)
    }

    fn prepare(
        &mut self,
        kind: RequestKind,
        settings: &RequestSettings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<conversation::Problem>>, Fault> {
        Ok(Session::prepare(self, kind, settings, region, model, context, options)?)
    }

    fn open_turn(&mut self, opening: &Opening) -> Result<(), Fault> {
        Ok(Session::open_turn(self, opening)?)
    }

    fn push(&mut self, batch: &Batch) -> Result<Vec<Delta>, Fault> {
        Ok(Session::push(self, batch)?)
    }

    fn finish(&mut self, ending: &Ending) -> Result<Vec<Delta>, Fault> {
        Ok(Session::finish(self, ending)?)
    }

    fn explain(&mut self, error: &ApiError) -> Result<Failure, Fault> {
        Ok(Session::explain(self, error)?)
    }

    fn cost(&self) -> Option<Cost> {
        Some(Cost { steps: self.steps()?, memory: self.memory() })
    }
}
