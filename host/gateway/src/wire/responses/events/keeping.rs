//! Keeps an answer that has ended, for requests that name it.

use std::sync::Arc;

use super::super::echo::RequestFacts;
use super::super::items::{Of, Progress, item, item_id};
use super::super::kept::KeptResponse;
use super::Events;
use crate::pi::message::AssistantMessage;
use crate::wire::Head;

impl Events {
    pub(super) fn keep_answer(&mut self) {
        keep(&self.head, &mut self.request, self.fold.message());
    }
}

pub(super) fn keep(head: &Head, request: &mut RequestFacts, message: &AssistantMessage) {
    let (Some(keeper), Some(input)) = (&request.keeper, request.to_keep.take()) else { return };
    let of = Of { id: &head.id, model: &head.model, names: &request.names };
    let blocks = message.content.iter().enumerate();
    let output = blocks.filter_map(|(index, block)| {
        let text = serde_json::to_string(&item(of, index, block, Progress::Ended)).ok()?;
        Some((item_id(of, index, block), Arc::from(text)))
    });
    let kept = KeptResponse { previous: request.previous.clone(), input, output: output.collect() };
    keeper.keep(format!("resp_{}", head.id), kept);
}
