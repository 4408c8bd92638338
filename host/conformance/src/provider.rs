//! The provider that a check runs against, wherever its code runs.

use crate::contract::RequestKind;
use crate::contract::about::Identity;
use crate::contract::config::{self, Layer, Merged, Settings};
use crate::contract::conversation::{self, Batch, Context, Delta, Ending, Opening, Options, Prepared, RequestSettings};
use crate::contract::models::{Catalog, Pages, Resolution, Source};
use crate::contract::types::{ApiError, Failure, Model};

/// A call did not return: a trap of the component, a broken bound, a panic of native code. The text says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// One provider with one turn at most. After a fault it is of no further use.
pub trait Provider {
    /// Calls `about.identify`.
    ///
    /// # Errors
    /// When the call does not return.
    fn identify(&mut self) -> Result<Identity, Fault>;

    /// Calls `config.merge`.
    ///
    /// # Errors
    /// When the call does not return; the problems that it returns are inside.
    fn merge(&mut self, layers: &[Layer]) -> Result<Result<Merged, Vec<config::Problem>>, Fault>;

    /// Calls `models.sources`.
    ///
    /// # Errors
    /// When the call does not return.
    fn sources(&mut self, settings: &Settings) -> Result<Vec<Source>, Fault>;

    /// Calls `models.assemble`.
    ///
    /// # Errors
    /// When the call does not return.
    fn assemble(&mut self, settings: &Settings, region: &str, pages: &[Pages]) -> Result<Catalog, Fault>;

    /// Calls `models.resolve`.
    ///
    /// # Errors
    /// When the call does not return.
    fn resolve(
        &mut self,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>, Fault>;

    /// Calls `conversation.prepare` or `conversation.count-tokens`.
    ///
    /// # Errors
    /// When the call does not return; the problems that it returns are inside.
    fn prepare(
        &mut self,
        kind: RequestKind,
        settings: &RequestSettings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<conversation::Problem>>, Fault>;

    /// Begins a turn.
    ///
    /// # Errors
    /// When the call does not return.
    fn open_turn(&mut self, opening: &Opening) -> Result<(), Fault>;

    /// Hands frames to the turn that was opened last.
    ///
    /// # Errors
    /// When the call does not return, or no turn is open.
    fn push(&mut self, batch: &Batch) -> Result<Vec<Delta>, Fault>;

    /// Ends the turn that was opened last.
    ///
    /// # Errors
    /// When the call does not return, or no turn is open.
    fn finish(&mut self, ending: &Ending) -> Result<Vec<Delta>, Fault>;

    /// Calls `conversation.explain`.
    ///
    /// # Errors
    /// When the call does not return.
    fn explain(&mut self, error: &ApiError) -> Result<Failure, Fault>;

    /// What the calls so far have cost; `None` where nobody counts.
    fn cost(&self) -> Option<Cost> {
        None
    }
}

/// The cost of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Steps that the provider took: see [`Session::steps`](quarry_provider_host::Session::steps).
    pub steps: u64,
    /// The peak of its memory, in bytes.
    pub memory: usize,
}

/// A source of providers: one kind of executor.
pub trait Providers: Send + Sync {
    /// What the kind is called in names and reports: `native`, `component`.
    fn name(&self) -> &str;

    /// A provider that nothing was called on.
    ///
    /// # Errors
    /// When there is none to be had: the component does not load.
    fn fresh(&self) -> Result<Box<dyn Provider>, Fault>;
}
