//! What one layer says, and laying one over another.

use std::collections::BTreeMap;

use crate::contract::config::Place;
use crate::contract::types::CostTier;

/// A value and where it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<T> Found<T> {
    /// Another value from the same place.
    pub(super) fn with<U>(&self, value: U) -> Found<U> {
        Found { value, place: self.place.clone() }
    }
}

/// A value that a layer may have left out.
pub(super) type Said<T> = Option<Found<T>>;

/// What a layer says of Bedrock. What it does not say is absent; nothing here is a default.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Partial {
    pub(super) cache_retention: Said<String>,
    pub(super) models: Option<Vec<ModelEntry>>,
    pub(super) discovery: DiscoveryPart,
    /// `agents.defaults.model` or its member `primary`: a reference, with the provider's prefix.
    pub(super) primary: Said<String>,
    /// `agents.defaults.model.fallbacks`: references.
    pub(super) fallbacks: Said<Vec<String>>,
    /// Aliases by the reference that they stand for.
    pub(super) aliases: BTreeMap<String, Found<String>>,
    /// Members of `agents.defaults.models."REFERENCE".params` by the model's id and the member's name; plain JSON.
    pub(super) params: BTreeMap<String, BTreeMap<String, Found<String>>>,
    pub(super) guardrail: GuardrailPart,
}

/// What a layer says of discovery.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct DiscoveryPart {
    pub(super) enabled: Said<bool>,
    pub(super) provider_filter: Said<Vec<String>>,
    pub(super) refresh_interval: Said<u64>,
    pub(super) default_context_window: Said<u64>,
    pub(super) default_max_tokens: Said<u64>,
}

/// What a layer says of the guardrail.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GuardrailPart {
    pub(super) identifier: Said<String>,
    pub(super) version: Said<String>,
    pub(super) stream_processing_mode: Said<String>,
    pub(super) trace: Said<String>,
}

/// One entry of `models.providers.amazon-bedrock.models`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelEntry {
    pub(super) place: Place,
    pub(super) id: Found<String>,
    pub(super) name: Said<String>,
    pub(super) reasoning: Said<bool>,
    pub(super) input: Said<Vec<String>>,
    pub(super) cost: CostPart,
    pub(super) context_window: Said<u64>,
    pub(super) max_tokens: Said<u64>,
    /// Members of `params`, each as plain JSON, in their order.
    pub(super) params: Said<Vec<(String, String)>>,
}

/// What an entry says of its prices.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CostPart {
    pub(super) input: Said<f64>,
    pub(super) output: Said<f64>,
    pub(super) cache_read: Said<f64>,
    pub(super) cache_write: Said<f64>,
    pub(super) tiers: Said<Vec<CostTier>>,
}

impl Partial {
    /// Lays a higher layer over this one: what it says wins, what it does not say stays.
    pub(super) fn lay_over(&mut self, higher: Partial) {
        over(&mut self.cache_retention, higher.cache_retention);
        over(&mut self.models, higher.models);
        over(&mut self.primary, higher.primary);
        over(&mut self.fallbacks, higher.fallbacks);
        self.aliases.extend(higher.aliases);
        for (id, members) in higher.params {
            self.params.entry(id).or_default().extend(members);
        }
        let (discovery, above) = (&mut self.discovery, higher.discovery);
        over(&mut discovery.enabled, above.enabled);
        over(&mut discovery.provider_filter, above.provider_filter);
        over(&mut discovery.refresh_interval, above.refresh_interval);
        over(&mut discovery.default_context_window, above.default_context_window);
        over(&mut discovery.default_max_tokens, above.default_max_tokens);
        let (guardrail, above) = (&mut self.guardrail, higher.guardrail);
        over(&mut guardrail.identifier, above.identifier);
        over(&mut guardrail.version, above.version);
        over(&mut guardrail.stream_processing_mode, above.stream_processing_mode);
        over(&mut guardrail.trace, above.trace);
    }
}

/// Replaces what lies below by what lies above, where there is something above.
pub(super) fn over<T>(below: &mut Option<T>, above: Option<T>) {
    if above.is_some() {
        *below = above;
    }
}
