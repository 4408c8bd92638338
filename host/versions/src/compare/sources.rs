//! Specimens of cases, of recordings, and of inputs that the host makes itself.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::specimen::{Input, Listing, Preparation, SettingsFrom, Specimen, Stream};
use crate::conformance::cases::{Case, Given};
use crate::conformance::component::Component;
use crate::conformance::cost::inputs::{Answer, Input as Asked, Listing as Inputs, Request};
use crate::conformance::generated::Generated;
use crate::conformance::provider::{Fault, Provider, Providers};
use crate::conformance::recordings::Recording;
use crate::contract::RequestKind;
use crate::contract::about::Identity;
use crate::contract::config::{self, Layer, Merged, Settings};
use crate::contract::conversation::{self, Batch, Context, Delta, Ending, Opening, Options, Prepared, RequestSettings};
use crate::contract::models::{Catalog, Pages, Resolution, Source};
use crate::contract::types::{ApiError, Failure, Model};
use crate::provider::Generation;
use quarry_contract::json::settings::default_settings;

/// The inputs of cases, as `old` is handed them.
#[must_use]
pub fn of_cases(cases: &[Case], old: &Arc<Generation>) -> Vec<Specimen> {
    cases.par_iter().flat_map_iter(|case| of_case(case, old)).collect()
}

fn of_case(case: &Case, old: &Arc<Generation>) -> Vec<Specimen> {
    if let Given::Translate(given) = &case.given {
        let batches = given.frames().into_iter().map(|frame| vec![frame]).collect();
        let stream = Stream { opening: given.opening(), batches, ending: given.ending(), preparation: None };
        return vec![Specimen::stream(&case.name, stream)];
    }
    let witness = Witness { played: Component(Arc::clone(old)), seen: Arc::default() };
    // How the old version does is none of the matter here: what it was handed is.
    let _ = case.actual(&witness);
    let inputs = std::mem::take(&mut *witness.seen.lock().unwrap_or_else(PoisonError::into_inner));
    let many = inputs.len() > 1;
    let name = |index: usize| if many { format!("{}#{}", case.name, index + 1) } else { case.name.clone() };
    inputs.into_iter().enumerate().map(|(index, input)| Specimen { name: name(index), input }).collect()
}

/// The inputs of recordings.
#[must_use]
pub fn of_recordings(recordings: &[Recording]) -> Vec<Specimen> {
    let of = |recording: &Recording| {
        let whole = recording.stream();
        let preparation = recording.request().map(|(settings, region, model, context, options)| Preparation {
            kind: RequestKind::Answer,
            settings: SettingsFrom::Merged(Box::new(settings.clone())),
            region: region.clone(),
            model: model.clone(),
            context: context.clone(),
            options: options.clone(),
        });
        let stream = Stream {
            opening: whole.opening,
            batches: recording.batches().into_iter().map(<[_]>::to_vec).collect(),
            ending: whole.ending,
            preparation: preparation.map(Box::new),
        };
        Specimen::stream(format!("recordings/{}", recording.name), stream)
    };
    recordings.iter().map(of).collect()
}

/// Inputs that the host makes itself.
#[must_use]
pub fn of_generated(inputs: Vec<Generated>) -> Vec<Specimen> {
    let of = |Generated { name, region, input }: Generated| {
        let input = match input {
            Asked::Layers(layers) => Input::Settings(layers),
            Asked::Failure(error) => Input::Failure(error),
            Asked::Listing(listing) => {
                let Inputs { settings, pages } = *listing;
                let settings = SettingsFrom::Merged(Box::new(settings));
                Input::Listing(Box::new(Listing { settings, region, pages }))
            }
            Asked::Request(request) => {
                let Request { kind, settings, model, context, options } = *request;
                let settings = SettingsFrom::Merged(Box::new(settings));
                Input::Preparation(Box::new(Preparation { kind, settings, region, model, context, options }))
            }
            Asked::Answer(answer) => {
                let Answer { opening, batches, ending } = *answer;
                Input::Stream(Box::new(Stream::new(opening, &batches, ending)))
            }
        };
        Specimen { name, input }
    };
    inputs.into_iter().map(of).collect()
}

/// Providers that record what they are handed.
struct Witness {
    played: Component,
    seen: Arc<Mutex<Vec<Input>>>,
}

struct Playing {
    provider: Box<dyn Provider>,
    seen: Arc<Mutex<Vec<Input>>>,
}

impl Playing {
    fn see(&self, input: Input) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(input);
    }
}

impl Providers for Witness {
    fn name(&self) -> &str {
        self.played.name()
    }

    fn fresh(&self) -> Result<Box<dyn Provider>, Fault> {
        let provider = self.played.fresh()?;
        Ok(Box::new(Playing { provider, seen: Arc::clone(&self.seen) }))
    }
}

impl Provider for Playing {
    fn identify(&mut self) -> Result<Identity, Fault> {
        self.provider.identify()
    }

    fn merge(&mut self, layers: &[Layer]) -> Result<Result<Merged, Vec<config::Problem>>, Fault> {
        self.see(Input::Settings(layers.to_vec()));
        self.provider.merge(layers)
    }

    fn sources(&mut self, settings: &Settings) -> Result<Vec<Source>, Fault> {
        self.provider.sources(settings)
    }

    fn assemble(&mut self, settings: &Settings, region: &str, pages: &[Pages]) -> Result<Catalog, Fault> {
        self.see(Input::Listing(Box::new(Listing {
            settings: SettingsFrom::Merged(Box::new(settings.clone())),
            region: region.to_owned(),
            pages: pages.to_vec(),
        })));
        self.provider.assemble(settings, region, pages)
    }

    fn resolve(
        &mut self,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>, Fault> {
        self.provider.resolve(names, settings, rows)
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
        self.see(Input::Preparation(Box::new(Preparation {
            kind,
            settings: SettingsFrom::Merged(Box::new(settings_of(settings))),
            region: region.to_owned(),
            model: model.clone(),
            context: context.clone(),
            options: options.clone(),
        })));
        self.provider.prepare(kind, settings, region, model, context, options)
    }

    fn open_turn(&mut self, opening: &Opening) -> Result<(), Fault> {
        self.provider.open_turn(opening)
    }

    fn push(&mut self, batch: &Batch) -> Result<Vec<Delta>, Fault> {
        self.provider.push(batch)
    }

    fn finish(&mut self, ending: &Ending) -> Result<Vec<Delta>, Fault> {
        self.provider.finish(ending)
    }

    fn explain(&mut self, error: &ApiError) -> Result<Failure, Fault> {
        self.see(Input::Failure(Box::new(error.clone())));
        self.provider.explain(error)
    }
}

/// The settings that a request was prepared with, as far as it got them.
fn settings_of(RequestSettings { guardrail, cache_retention }: &RequestSettings) -> Settings {
    Settings { guardrail: guardrail.clone(), cache_retention: cache_retention.clone(), ..default_settings() }
}
