//! The exports: the provider's own, in the types of the next contract.
#![allow(unsafe_code, unreachable_pub, missing_docs, reason = "the export macro places the component's entry points")]

use core::cell::RefCell;

use quarry_guest::contract as today;
use quarry_guest::{discover, explain, identity, merge, prepare, translate};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::exports::quarry::provider::{about, config, conversation, models, types};

struct Provider;

crate::bindings::export!(Provider with_types_in crate::bindings);

/// A value in the types of the other version. By their serialised forms: what the host does member by member, this does in a way
/// that shares no code with it. Members that one side lacks are left out, so what differs is written where it is used.
fn same<From: Serialize, To: DeserializeOwned>(value: From) -> To {
    let value = serde_json::to_value(value).expect("a value of the contract has a JSON form");
    serde_json::from_value(value).expect("what is the same in both versions has the same form")
}

impl about::Guest for Provider {
    fn describe() -> about::Identity {
        let today::about::Identity { name: _, version, provider, api, config_paths, variables } = identity::identify();
        let homepage = Some("https://example.com/next".to_owned());
        about::Identity { name: "next".to_owned(), version, provider, api, config_paths, variables, homepage }
    }
}

impl config::Guest for Provider {
    fn merge(layers: Vec<config::Layer>) -> Result<config::Merged, Vec<config::Problem>> {
        let layers: Vec<today::config::Layer> = same(layers);
        same(merge::merge(&layers))
    }
}

impl models::Guest for Provider {
    type Listing = Listing;
}

struct Listing(RefCell<discover::Listing>);

impl models::GuestListing for Listing {
    fn new(settings: config::Settings, options: models::ListingOptions) -> Self {
        Listing(RefCell::new(discover::Listing::new(same(settings), same(options))))
    }

    fn resume(&self, supplies: Vec<models::Supply>) -> models::Step {
        same(self.0.borrow_mut().resume(same(supplies)))
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
        same(prepare::prepare(&same(settings), &region, &same(model), same(context), same(options)))
    }

    fn explain(error: types::ApiError) -> types::Failure {
        same(explain::explain(&same(error)))
    }
}

struct Turn {
    own: RefCell<translate::Turn>,
    frames: RefCell<u64>,
}

impl conversation::GuestTurn for Turn {
    fn new(opening: conversation::Opening) -> Self {
        assert!(opening.attempt > 0, "a turn was begun once at least");
        Turn { own: RefCell::new(translate::Turn::new(same(opening))), frames: RefCell::default() }
    }

    fn translate(&self, frames: Vec<conversation::Frame>) -> Vec<conversation::Delta> {
        *self.frames.borrow_mut() += frames.len() as u64;
        let mut batch = today::conversation::Batch { frames: Vec::with_capacity(frames.len()), bytes: Vec::new() };
        for conversation::Frame { message_type, name, payload } in frames {
            let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a frame is smaller than this memory");
            batch.frames.push(today::conversation::Frame {
                message_type: same(message_type),
                name_length: length(name.as_bytes()),
                payload_length: length(&payload),
            });
            batch.bytes.extend_from_slice(name.as_bytes());
            batch.bytes.extend_from_slice(&payload);
        }
        let mut deltas = vec![conversation::Delta::Progress(*self.frames.borrow())];
        deltas.extend(self.own.borrow_mut().push(&batch).into_iter().map(same));
        deltas
    }

    fn finish(&self, ending: conversation::Ending) -> Vec<conversation::Delta> {
        self.own.borrow_mut().finish(same(ending)).into_iter().map(same).collect()
    }
}
