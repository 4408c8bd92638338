//! The guest's code built natively, as an executor of conformance checks.
//!
//! Host and guest each have their own Rust types of the one contract. Both derive serde from the same WIT, so a round trip
//! through `serde_json` turns one into the other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use quarry_conformance::provider::{Fault, Provider, Providers};
use quarry_contract::RequestKind;
use quarry_contract::about::Identity;
use quarry_contract::config::{self, Layer, Merged, Settings};
use quarry_contract::conversation::{self, Batch, Context, Delta, Ending, Opening, Options, Prepared, RequestSettings};
use quarry_contract::models::{Catalog, Pages, Resolution, Source};
use quarry_contract::types::{ApiError, Failure, Model};
use quarry_guest::contract::conversation::Batch as GuestBatch;
use quarry_guest::{discover, explain, identity, merge, prepare, translate};
use quarry_provider_host::clamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Providers that run in this process, outside any sandbox.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Providers for Native {
    fn name(&self) -> &str {
        "native"
    }

    fn fresh(&self) -> Result<Box<dyn Provider>, Fault> {
        Ok(Box::new(NativeProvider::default()))
    }
}

/// One of them.
#[derive(Default)]
struct NativeProvider {
    turn: Option<translate::Turn>,
}

/// The value as the other side's type of the same item of the contract.
fn across<T: DeserializeOwned>(value: &impl Serialize) -> Result<T, Fault> {
    serde_json::to_value(value)
        .and_then(serde_json::from_value)
        .map_err(|error| Fault(format!("the two sides' types of the contract differ: {error}")))
}

/// Runs guest code; a panic is a fault, as a trap is one in the sandbox.
fn caught<T>(body: impl FnOnce() -> T) -> Result<T, Fault> {
    // What a panic leaves half done is never used again: a provider is of no use after a fault.
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Fault(format!("panic: {}", text.unwrap_or("(without words)")))
    })
}

fn none_open(what: &str) -> Fault {
    Fault(format!("no {what} is open"))
}

impl Provider for NativeProvider {
    fn identify(&mut self) -> Result<Identity, Fault> {
        across(&caught(identity::identify)?)
    }

    fn merge(&mut self, layers: &[Layer]) -> Result<Result<Merged, Vec<config::Problem>>, Fault> {
        let layers: Vec<_> = across(&layers)?;
        across(&caught(|| merge::merge(&layers))?)
    }

    fn sources(&mut self, settings: &Settings) -> Result<Vec<Source>, Fault> {
        let settings = across(settings)?;
        across(&caught(|| discover::sources(&settings))?)
    }

    fn assemble(&mut self, settings: &Settings, region: &str, pages: &[Pages]) -> Result<Catalog, Fault> {
        let (settings, pages): (_, Vec<_>) = (across(settings)?, across(&pages)?);
        let mut catalog = across(&caught(|| discover::assemble(&settings, region.to_owned(), &pages))?)?;
        clamp::catalog(&mut catalog);
        Ok(catalog)
    }

    fn resolve(
        &mut self,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>, Fault> {
        let (settings, rows): (_, Vec<_>) = (across(settings)?, across(&rows)?);
        across(&caught(|| discover::resolve(names, &settings, &rows))?)
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
        let (settings, model) = (across(settings)?, across(model)?);
        let (context, options) = (across(context)?, across(options)?);
        let prepare = match kind {
            RequestKind::Answer => prepare::prepare,
            RequestKind::TokenCount => prepare::count_tokens,
        };
        let mut prepared = across(&caught(|| prepare(&settings, region, &model, context, options))?)?;
        clamp::prepared(&mut prepared);
        Ok(prepared)
    }

    fn open_turn(&mut self, opening: &Opening) -> Result<(), Fault> {
        let opening = across(opening)?;
        self.turn = Some(caught(|| translate::Turn::new(opening))?);
        Ok(())
    }

    fn push(&mut self, batch: &Batch) -> Result<Vec<Delta>, Fault> {
        // Bytes as a JSON list of numbers would be most of the time of a run.
        let Batch { frames, bytes } = batch;
        let batch = GuestBatch { frames: across(frames)?, bytes: bytes.clone() };
        let turn = self.turn.as_mut().ok_or_else(|| none_open("turn"))?;
        let mut deltas: Vec<Delta> = across(&caught(|| turn.push(&batch))?)?;
        clamp::deltas(&mut deltas);
        Ok(deltas)
    }

    fn finish(&mut self, ending: &Ending) -> Result<Vec<Delta>, Fault> {
        let ending = across(ending)?;
        let turn = self.turn.as_mut().ok_or_else(|| none_open("turn"))?;
        let mut deltas: Vec<Delta> = across(&caught(|| turn.finish(ending))?)?;
        clamp::deltas(&mut deltas);
        Ok(deltas)
    }

    fn explain(&mut self, error: &ApiError) -> Result<Failure, Fault> {
        let error = across(error)?;
        let mut failure = across(&caught(|| explain::explain(&error))?)?;
        clamp::failure(&mut failure);
        Ok(failure)
    }
}
