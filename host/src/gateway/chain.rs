//! The models that a request asks, one after the other: which they are, and which of them its client may use.

use std::iter;

use super::effective::Effective;
use super::keys::Admitted;
use super::models;
use super::refusal::{Refusal, RefusalKind};
use super::wire::Asked;
use crate::aws::Destination;
use crate::contract::conversation::Message;
use crate::contract::types::Model;
use crate::pi::{API, PROVIDER};

/// A model to ask, and where.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) model: Model,
    pub(crate) destination: Destination,
}

/// The models for a request, as far as its client may use them; not empty. Fallbacks that it may not use, and those that requests
/// cannot be sent to, are left out.
///
/// # Errors
/// Where the name means no model, one that requests cannot be sent to, or one that the client may not use.
pub(super) fn of_request(effective: &Effective, asked: &Asked, client: &Admitted) -> Result<Vec<Target>, Refusal> {
    let configuration = &effective.configuration;
    let fallbacks = configuration.gateway.fallbacks;
    let mut chain = models::chain(&configuration.settings, &asked.model, asked.known.as_ref(), fallbacks).into_iter();
    let Some(first) = chain.next() else {
        let message = "no model is named, and the configuration has no agents.defaults.model.primary; \
                       GET /v1/models lists the models";
        return Err(Refusal::invalid("model", message));
    };
    // Before it is held against what the client may use: a pattern would take `allowed-model/../another` too.
    let destination = configuration
        .destination(&first.id)
        .map_err(|error| Refusal::invalid("model", format!("{error}; expected {}", error.expected())))?;
    if !client.may_use(&first.id) && !client.may_use(&asked.model) {
        let message = format!("the key {:?} may not use the model {:?}", client.name(), asked.model);
        return Err(Refusal { param: Some("model".to_owned()), ..Refusal::new(RefusalKind::Permission, message) });
    }
    let fallbacks = chain.filter(|model| client.may_use(&model.id)).filter_map(|model| {
        let destination = configuration.destination(&model.id);
        let destination =
            destination.inspect_err(|error| tracing::warn!(model = model.id, %error, "a fallback is left out"));
        Some(Target { destination: destination.ok()?, model })
    });
    Ok(iter::once(Target { model: first, destination }).chain(fallbacks).collect())
}

/// Takes messages of the assistant for the answers of the model that is asked first, where the format does not say whose they
/// are, or names the model as the client does: only a model's own thinking is taken back.
pub(super) fn attribute(asked: &mut Asked, chain: &[Target]) {
    let Some(first) = chain.first() else { return };
    for message in &mut asked.context.messages {
        if let Message::Assistant(message) = message
            && (message.model.is_empty() || message.model == asked.model)
        {
            message.provider = PROVIDER.to_owned();
            message.api = API.to_owned();
            message.model.clone_from(&first.model.id);
        }
    }
}
