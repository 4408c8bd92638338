//! What a check runs against: a provider, wherever its code runs.

use crate::contract::about::Identity;
use crate::contract::config::{self, Layer, Merged, Settings};
use crate::contract::conversation::{self, Batch, Context, Delta, Ending, Opening, Options, Prepared};
use crate::contract::models::{ListingOptions, Step, Supply};
use crate::contract::types::{ApiError, Failure, Model};

/// A call did not return: a trap of the component, a broken bound, a panic of native code. The text says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// One provider with one listing and one turn at most. After a fault it is of no further use.
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

    /// Begins a listing.
    ///
    /// # Errors
    /// When the call does not return.
    fn open_listing(&mut self, settings: &Settings, options: ListingOptions) -> Result<(), Fault>;

    /// Goes on with the listing that was opened last.
    ///
    /// # Errors
    /// When the call does not return, or no listing is open.
    fn resume(&mut self, supplies: &[Supply]) -> Result<Step, Fault>;

    /// Calls `conversation.prepare`.
    ///
    /// # Errors
    /// When the call does not return; the problems that it returns are inside.
    fn prepare(
        &mut self,
        settings: &Settings,
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

    /// What the calls so far have cost; none where nobody counts.
    fn cost(&self) -> Option<Cost> {
        None
    }
}

/// What calls have cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Steps that the provider took: see [`Session::steps`](crate::provider::Session::steps).
    pub steps: u64,
    /// Bytes of memory that it needed at most.
    pub memory: usize,
}

/// Where providers come from: one kind of executor.
pub trait Providers: Send + Sync {
    /// What the kind is called in names and reports: `native`, `component`.
    fn name(&self) -> &str;

    /// A provider that nothing was called on.
    ///
    /// # Errors
    /// When there is none to be had: the component does not load.
    fn fresh(&self) -> Result<Box<dyn Provider>, Fault>;
}
