//! Where a configuration may hold values that anybody can see. Whatever is not listed here is hidden: a member that is new, that
//! is another program's or that is misspelt may hold a secret under any name.

/// What may be seen at a place of the configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A value, whatever it is. What is in a list or an object is not known.
    Value,
    /// A value with all that is in it: a member that the operator lets a provider see.
    Whole,
    /// An address, without what a query says: for the owner, since the host alone reads it.
    Address,
    /// A word of a small set, misspelt or not (letters and hyphens, 12 at most): for the owner, since the host alone reads it.
    Word,
    /// A value, or an object with these members.
    ValueOr(&'static [(&'static str, Place)]),
    /// An object with these members.
    Members(&'static [(&'static str, Place)]),
    /// An object with members of any name.
    Each(&'static Place),
    /// A list.
    List(&'static Place),
    /// A model's `params`: what the provider reads of them, and what the operator names besides.
    Params,
    /// The gateway's own settings: its reader refuses members that it does not know, so their names are all known.
    Gateway,
}

use Place::{Address, Each, List, Members, Params, Value, ValueOr, Word};

/// `models.providers.amazon-bedrock`. `headers` and `apiKey` are the host's.
pub(super) const PROVIDER: Place = Members(&[
    ("baseUrl", Address),
    ("api", Value),
    ("auth", Word),
    ("cacheRetention", Value),
    ("models", List(&MODEL)),
]);

const MODEL: Place = Members(&[
    ("id", Value),
    ("name", Value),
    ("api", Value),
    ("baseUrl", Address),
    ("reasoning", Value),
    ("input", List(&Value)),
    ("cost", Members(COST)),
    ("contextWindow", Value),
    ("maxTokens", Value),
    ("params", Params),
]);

const COST: &[(&str, Place)] = &[
    ("input", Value),
    ("output", Value),
    ("cacheRead", Value),
    ("cacheWrite", Value),
    ("tiers", List(&Members(TIER))),
];

const TIER: &[(&str, Place)] =
    &[("inputTokensAbove", Value), ("input", Value), ("output", Value), ("cacheRead", Value), ("cacheWrite", Value)];

/// `models.bedrockDiscovery`.
pub(super) const DISCOVERY: Place = Members(DISCOVERY_MEMBERS);

const DISCOVERY_MEMBERS: &[(&str, Place)] = &[
    ("enabled", Value),
    ("region", Value),
    ("providerFilter", List(&Value)),
    ("refreshInterval", Value),
    ("defaultContextWindow", Value),
    ("defaultMaxTokens", Value),
];

/// `plugins.entries.amazon-bedrock.config`.
pub(super) const PLUGIN: Place =
    Members(&[("discovery", Members(DISCOVERY_MEMBERS)), ("guardrail", Members(GUARDRAIL))]);

const GUARDRAIL: &[(&str, Place)] =
    &[("guardrailIdentifier", Value), ("guardrailVersion", Value), ("streamProcessingMode", Value), ("trace", Value)];

/// `agents.defaults.model`.
pub(super) const DEFAULT_MODEL: Place = ValueOr(&[("primary", Value), ("fallbacks", List(&Value))]);

/// `agents.defaults.models`, by the model's name.
pub(super) const MODELS: Place = Each(&Members(&[("alias", Value), ("params", Params)]));

/// What a provider reads of `params` (`README.md`, `models[].params`).
pub(super) const PARAMS: &[&str] = &[
    "cacheRetention",
    "canonicalModelId",
    "interleavedThinking",
    "latency",
    "malformedArguments",
    "maxTokens",
    "serviceTier",
    "service_tier",
    "serviceTierCost",
    "temperature",
    "thinking",
    "thinkingDisplay",
    "topP",
    "totalTokens",
];
