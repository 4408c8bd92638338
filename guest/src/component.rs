//! The exports of the component: one line each, to the module that does the work. The only file that differs between the
//! component and the native build.
#![allow(unsafe_code, unreachable_pub, reason = "the export macro places the component's entry points")]

use std::cell::RefCell;

use crate::contract::{about, config, conversation, models, types};
use crate::{discover, explain, identity, merge, prepare, translate};

struct Provider;

crate::bindings::export!(Provider with_types_in crate::bindings);

impl about::Guest for Provider {
    fn identify() -> about::Identity {
        identity::identify()
    }
}

impl config::Guest for Provider {
    fn merge(layers: Vec<config::Layer>) -> Result<config::Merged, Vec<config::Problem>> {
        merge::merge(&layers)
    }
}

impl models::Guest for Provider {
    type Listing = Listing;
}

struct Listing(RefCell<discover::Listing>);

impl models::GuestListing for Listing {
    fn new(settings: config::Settings, options: models::ListingOptions) -> Self {
        Listing(RefCell::new(discover::Listing::new(settings, options)))
    }

    fn resume(&self, supplies: Vec<models::Supply>) -> models::Step {
        self.0.borrow_mut().resume(supplies)
    }
}

impl conversation::Guest for Provider {
    type Turn = Turn;

    fn prepare(
        settings: config::Settings,
        region: String,
        model: types::Model,
        context: conversation::Context,
        options: conversation::Options,
    ) -> Result<conversation::Prepared, Vec<conversation::Problem>> {
        prepare::prepare(&settings, &region, &model, context, options)
    }

    fn explain(error: types::ApiError) -> types::Failure {
        explain::explain(&error)
    }
}

struct Turn(RefCell<translate::Turn>);

impl conversation::GuestTurn for Turn {
    fn new(opening: conversation::Opening) -> Self {
        Turn(RefCell::new(translate::Turn::new(opening)))
    }

    fn push(&self, batch: conversation::Batch) -> Vec<conversation::Delta> {
        self.0.borrow_mut().push(&batch)
    }

    fn finish(&self, ending: conversation::Ending) -> Vec<conversation::Delta> {
        self.0.borrow_mut().finish(ending)
    }
}
