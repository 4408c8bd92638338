//! What calls cost: at most in proportion to what they get.
//!
//! A provider takes an input, and one of the same kind that is four times as large. Steps and memory are counted, not timed, so a
//! failure comes again on every machine.

pub mod inputs;

use inputs::{Answer, Input, Kind, Listing, Request};

use super::provider::{Cost, Fault, Provider, Providers};
use crate::contract::conversation::RequestSettings;

/// How many of something the smaller input has, and how many times as many the larger.
const SIZE: usize = 1000;
pub(super) const TIMES: usize = 4;

/// How many times as much the larger input may cost. In proportion it is 4, with sorting about 4.5; where each is compared with each
/// it is 16.
pub(super) const MOST: f64 = 7.0;

/// Memory that the larger input may take whatever the smaller one does: allocators take it in pieces of such a size.
const MEMORY: usize = 2 << 20;

/// Holds the calls of one kind of input against it.
///
/// # Errors
/// Says which call it is, what there is much of, and how the cost grows; and where nobody counts it.
pub fn check(kind: &Kind, providers: &dyn Providers) -> Result<(), String> {
    let cost = |size: usize| {
        let told = |fault: Fault| format!("with {size}: {fault}");
        cost(&(kind.input)(size), providers).map_err(told)
    };
    let (small, large) = (cost(SIZE)?, cost(SIZE * TIMES)?);
    let grows = |what: &str, small: u64, large: u64| {
        let factor = large as f64 / small.max(1) as f64;
        let told = || {
            format!(
                "the cost of {} grows faster than its input: {TIMES} times the input takes {factor:.1} times the {what} ({small}, then {large})",
                kind.name
            )
        };
        if factor > MOST { Err(told()) } else { Ok(()) }
    };
    grows("steps", small.steps, large.steps)?;
    let memory = |cost: Cost| cost.memory as u64;
    if large.memory > MEMORY { grows("memory", memory(small), memory(large)) } else { Ok(()) }
}

/// What the calls of one input cost a fresh provider, besides being there.
///
/// # Errors
/// When a call does not return, or nobody counts.
pub fn cost(input: &Input, providers: &dyn Providers) -> Result<Cost, Fault> {
    let mut provider = providers.fresh()?;
    let before = provider.cost();
    run(input, provider.as_mut())?;
    let after = provider.cost();
    let cost = before.zip(after).map(|(before, after)| Cost {
        steps: after.steps.saturating_sub(before.steps),
        memory: after.memory.saturating_sub(before.memory),
    });
    cost.ok_or_else(|| Fault("the steps of this provider cannot be counted".to_owned()))
}

/// Gives a provider an input. What it makes of it is not looked at: it may well refuse it.
pub(super) fn run(input: &Input, provider: &mut dyn Provider) -> Result<(), Fault> {
    match input {
        Input::Layers(layers) => provider.merge(layers).map(drop),
        Input::Listing(listing) => list(listing, inputs::REGION, provider),
        Input::Request(request) => {
            let Request { kind, settings, model, context, options } = request.as_ref();
            provider.prepare(*kind, &RequestSettings::from(settings), inputs::REGION, model, context, options).map(drop)
        }
        Input::Answer(answer) => {
            let Answer { opening, batches, ending } = answer.as_ref();
            provider.open_turn(opening)?;
            batches.iter().try_for_each(|batch| provider.push(batch).map(drop))?;
            provider.finish(ending).map(drop)
        }
        Input::Failure(failure) => provider.explain(failure).map(drop),
    }
}

/// Has the catalog of a region assembled, and the names of its models resolved.
///
/// # Errors
/// When a call does not return.
pub fn list(listing: &Listing, region: &str, provider: &mut dyn Provider) -> Result<(), Fault> {
    let Listing { settings, pages } = listing;
    provider.sources(settings)?;
    let rows = provider.assemble(settings, region, pages)?.models;
    let names: Vec<String> = rows.iter().map(|model| model.id.clone()).collect();
    provider.resolve(&names, settings, &rows).map(drop)
}
