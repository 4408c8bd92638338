//! What one version makes of a specimen.

use std::sync::Arc;

use super::specimen::{Input, Listing, Preparation, SettingsFrom, Side, Stream};
use crate::conformance::frames::batch;
use crate::contract::config::{self, Layer, Merged, Settings};
use crate::contract::conversation::{Delta, Opening, Prepared, Problem, RequestSettings};
use crate::contract::models::{Catalog, Resolution, Source};
use crate::contract::types::Failure;
use crate::provider::{Generation, ProviderError, Session};

/// The kind of the fault of a call that took too long.
pub(super) const DEADLINE: &str = "deadline";

/// What came of it. What the specimen does not ask for is not there, and neither is what lies behind a fault.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Observed {
    pub(super) merged: Option<Result<Merged, Vec<config::Problem>>>,
    pub(super) prepared: Option<Result<Prepared, Vec<Problem>>>,
    pub(super) sources: Vec<Source>,
    pub(super) catalog: Option<Catalog>,
    pub(super) resolved: Vec<(String, Option<Resolution>)>,
    pub(super) deltas: Vec<Delta>,
    /// How many deltas there were after each batch.
    pub(super) after_batch: Vec<usize>,
    pub(super) explained: Option<Failure>,
    pub(super) fault: Option<Fault>,
}

/// A call that did not return.
#[derive(Debug)]
pub(super) struct Fault {
    /// `trap`, `deadline`, `instantiate`, `host`.
    pub(super) kind: &'static str,
    /// The function of the contract.
    pub(super) call: &'static str,
    pub(super) reason: String,
}

impl PartialEq for Fault {
    /// The words have the component's name in them, and say nothing more that matters.
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.call) == (other.kind, other.call)
    }
}

impl From<ProviderError> for Fault {
    fn from(error: ProviderError) -> Self {
        let (kind, call) = match &error {
            ProviderError::Trap { call, .. } => ("trap", *call),
            ProviderError::Deadline { call, .. } => (DEADLINE, *call),
            ProviderError::OutOfMemory { call, .. } => ("out-of-memory", *call),
            ProviderError::Instantiate { .. } => ("instantiate", "instantiate"),
            ProviderError::Full(_) | ProviderError::Reserve(_) => ("host", "instantiate"),
            ProviderError::Unrepeatable { .. } => ("unrepeatable", "replay"),
            ProviderError::Answer { call, .. } => ("broken-contract", *call),
            ProviderError::TooSlow { call, .. } => ("too-slow", *call),
            ProviderError::Unended { .. } => ("unended", "finish"),
            ProviderError::Poisoned { call, .. } | ProviderError::OutOfOrder { call, .. } => ("host", *call),
        };
        Fault { kind, call, reason: error.to_string() }
    }
}

/// Runs a specimen on one version, in a session of its own.
pub(super) fn observe(generation: &Arc<Generation>, input: &Input, side: Side) -> Observed {
    let mut run = Run { side, observed: Observed::default() };
    let outcome = generation.session().and_then(|mut session| {
        let session = &mut session;
        match input {
            Input::Settings(layers) => run.merge(session, layers).map(drop),
            Input::Asked(asked) if side == Side::New => run.merge(session, &asked.new).map(drop),
            Input::Asked(asked) => run.merge(session, &asked.old).map(drop),
            Input::Listing(listing) => run.list(session, listing),
            Input::Preparation(preparation) => run.prepare(session, preparation).map(drop),
            Input::Stream(stream) => run.translate(session, stream),
            Input::Failure(error) => session.explain(error).map(|failure| run.observed.explained = Some(failure)),
        }
    });
    run.observed.fault = outcome.err().map(Fault::from);
    run.observed
}

/// One version on one specimen.
struct Run {
    side: Side,
    observed: Observed,
}

impl Run {
    fn merge(&mut self, session: &mut Session, layers: &[Layer]) -> Result<Option<Settings>, ProviderError> {
        let merged = self.observed.merged.insert(session.merge(layers)?);
        Ok(merged.as_ref().ok().map(|merged| merged.settings.clone()))
    }

    /// `None` where the configuration is refused.
    fn settings(&mut self, session: &mut Session, from: &SettingsFrom) -> Result<Option<Settings>, ProviderError> {
        match from {
            SettingsFrom::Merged(settings) => Ok(Some((**settings).clone())),
            SettingsFrom::Each(each) => Ok(Some(if self.side == Side::New { &each.new } else { &each.old }.clone())),
            SettingsFrom::Layers(layers) => self.merge(session, layers),
        }
    }

    fn list(&mut self, session: &mut Session, listing: &Listing) -> Result<(), ProviderError> {
        let Some(settings) = self.settings(session, &listing.settings)? else { return Ok(()) };
        self.observed.sources = session.sources(&settings)?;
        let catalog = self.observed.catalog.insert(session.assemble(&settings, &listing.region, &listing.pages)?);
        let names: Vec<String> = catalog.models.iter().map(|model| model.id.clone()).collect();
        let resolved = session.resolve(&names, &settings, &catalog.models)?;
        self.observed.resolved = names.into_iter().zip(resolved).collect();
        Ok(())
    }

    /// What the turn must know of the request; `None` where the request cannot be sent.
    fn prepare(&mut self, session: &mut Session, asked: &Preparation) -> Result<Option<Vec<u8>>, ProviderError> {
        let Some(settings) = self.settings(session, &asked.settings)? else { return Ok(None) };
        let model = asked.settings.model(self.side).unwrap_or(&asked.model);
        let prepared = session.prepare(
            asked.kind,
            &RequestSettings::from(&settings),
            &asked.region,
            model,
            &asked.context,
            &asked.options,
        )?;
        let prepared = self.observed.prepared.insert(prepared);
        Ok(prepared.as_ref().ok().map(|prepared| prepared.carry.clone()))
    }

    fn translate(&mut self, session: &mut Session, stream: &Stream) -> Result<(), ProviderError> {
        let own;
        let opening = match &stream.preparation {
            None => &stream.opening,
            Some(preparation) => {
                let Some(carry) = self.prepare(session, preparation)? else { return Ok(()) };
                let model = preparation.settings.model(self.side).unwrap_or(&stream.opening.model).clone();
                own = Opening { carry, model, ..stream.opening.clone() };
                &own
            }
        };
        session.open_turn(opening)?;
        for frames in &stream.batches {
            self.observed.deltas.extend(session.push(&batch(frames))?);
            self.observed.after_batch.push(self.observed.deltas.len());
        }
        self.observed.deltas.extend(session.finish(&stream.ending)?);
        Ok(())
    }
}
