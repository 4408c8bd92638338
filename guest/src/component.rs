//! The exports of the component: one line each, to the module that does the work. The only file that differs between the
//! component and the native build.
#![allow(unsafe_code, unreachable_pub, reason = "the export macro places the component's entry points")]

use std::cell::RefCell;

use crate::contract::{about, config, conversation, models, types};
use crate::{discover, explain, identity, merge, prepare, translate};

/// Uses the memory that lies behind the data first (`--initial-heap`). The standard library's allocator has the memory grown for the first
/// allocation, which costs each instance two calls of the kernel: one that makes the memory accessible, and one that takes it back.
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

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
    fn sources(settings: config::Settings) -> Vec<models::Source> {
        discover::sources(&settings)
    }

    fn assemble(settings: config::Settings, region: String, pages: Vec<models::Pages>) -> models::Catalog {
        discover::assemble(&settings, region, &pages)
    }

    fn resolve(
        names: Vec<String>,
        settings: config::Settings,
        rows: Vec<types::Model>,
    ) -> Vec<Option<models::Resolution>> {
        discover::resolve(&names, &settings, &rows)
    }
}

impl conversation::Guest for Provider {
    type Turn = Turn;

    fn prepare(
        settings: conversation::RequestSettings,
        region: String,
        model: types::Model,
        context: conversation::Context,
        options: conversation::Options,
    ) -> Result<conversation::Prepared, Vec<conversation::Problem>> {
        prepare::prepare(&settings, &region, &model, context, options)
    }

    fn count_tokens(
        settings: conversation::RequestSettings,
        region: String,
        model: types::Model,
        context: conversation::Context,
        options: conversation::Options,
    ) -> Result<conversation::Prepared, Vec<conversation::Problem>> {
        prepare::count_tokens(&settings, &region, &model, context, options)
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
