//! What is on top, with the defaults below it, to settings and the origins of all that is in them.

use std::collections::BTreeMap;

use super::discovery::{DEFAULT_CONTEXT_WINDOW, DEFAULT_MAX_TOKENS, DEFAULT_REFRESH_INTERVAL};
use super::params;
use super::partial::{DiscoveryPart, Found, GuardrailPart, ModelEntry, Partial, Said};
use super::path::quoted_where_needed;
use crate::contract::config::{Discovery, Guardrail, Origin, Place, Problem, Settings, Severity};
use crate::contract::types::{Cost, Model, NamedJson};
use crate::families::{known_limits, limits_from};
use crate::identity::{PROVIDER, own_model};

const PROVIDER_PATH: &str = "models.providers.amazon-bedrock";
const DISCOVERY_PATH: &str = "models.bedrockDiscovery";
const MODEL_PATH: &str = "agents.defaults.model";
const GUARDRAIL_PATH: &str = "plugins.entries.amazon-bedrock.config.guardrail";

/// Makes the settings, and tells what is wrong with the layers taken together.
pub(super) fn settle(effective: Partial) -> (Settings, Vec<Problem>) {
    let mut settling = Settling { origins: Vec::new(), problems: Vec::new() };
    let settings = settling.settings(effective);
    (settings, settling.problems)
}

struct Settling {
    origins: Vec<Origin>,
    problems: Vec<Problem>,
}

impl Settling {
    /// Takes a value and writes down where it came from.
    fn take<T>(&mut self, path: &str, found: Found<T>) -> T {
        self.origins.push(Origin { path: path.to_owned(), place: found.place });
        found.value
    }

    /// Takes a value or the default.
    fn take_or<T>(&mut self, path: &str, said: Said<T>, default: T) -> T {
        let found = said.unwrap_or_else(|| by_default(default));
        self.take(path, found)
    }

    /// Takes a value that may be absent.
    fn take_if<T>(&mut self, path: &str, said: Said<T>) -> Option<T> {
        said.map(|found| self.take(path, found))
    }

    fn settings(&mut self, effective: Partial) -> Settings {
        let cache_retention = self.take_if(&format!("{PROVIDER_PATH}.cacheRetention"), effective.cache_retention);
        let limits = effective.discovery;
        let window = limits.default_context_window.clone().unwrap_or_else(|| by_default(DEFAULT_CONTEXT_WINDOW));
        let output = limits.default_max_tokens.clone().unwrap_or_else(|| by_default(DEFAULT_MAX_TOKENS));
        let entries = effective.models.unwrap_or_default().into_iter().enumerate();
        let params = self.params(effective.params);
        let models = entries.map(|(index, entry)| self.model(index, entry, &window, &output, &params)).collect();
        let discovery = self.discovery(limits);
        let references = References::new(&effective.aliases);
        let primary = effective.primary.and_then(|found| Some(found.with(references.resolve(&found.value)?)));
        let default_model = self.take_if(&format!("{MODEL_PATH}.primary"), primary);
        let fallbacks = effective.fallbacks.map(|found| {
            found.with(found.value.iter().filter_map(|reference| references.resolve(reference)).collect::<Vec<_>>())
        });
        let fallbacks = fallbacks.filter(|found| !found.value.is_empty());
        let fallback_models = self.take_if(&format!("{MODEL_PATH}.fallbacks"), fallbacks).unwrap_or_default();
        let own =
            effective.aliases.iter().filter_map(|(reference, alias)| Some((reference, own_model(reference)?, alias)));
        let aliases = own
            .map(|(reference, id, alias)| {
                let path = format!("agents.defaults.models.{}.alias", quoted_where_needed(reference));
                (self.take(&path, alias.clone()), id.to_owned())
            })
            .collect();
        let guardrail = self.guardrail(effective.guardrail);
        Settings {
            models,
            discovery,
            default_model,
            fallback_models,
            aliases,
            guardrail,
            cache_retention,
            origins: core::mem::take(&mut self.origins),
            extras: model_params(&params),
        }
    }

    fn discovery(&mut self, said: DiscoveryPart) -> Discovery {
        let path = |name: &str| format!("{DISCOVERY_PATH}.{name}");
        Discovery {
            enabled: self.take_if(&path("enabled"), said.enabled),
            provider_filter: self.take_or(&path("providerFilter"), said.provider_filter, Vec::new()),
            refresh_interval: self.take_or(&path("refreshInterval"), said.refresh_interval, DEFAULT_REFRESH_INTERVAL),
            default_context_window: self.take_or(
                &path("defaultContextWindow"),
                said.default_context_window,
                DEFAULT_CONTEXT_WINDOW,
            ),
            default_max_tokens: self.take_or(&path("defaultMaxTokens"), said.default_max_tokens, DEFAULT_MAX_TOKENS),
        }
    }

    fn model(
        &mut self,
        index: usize,
        entry: ModelEntry,
        window: &Found<u64>,
        output: &Found<u64>,
        params: &ParamsByModel,
    ) -> Model {
        let at = format!("{PROVIDER_PATH}.models[{index}]");
        let path = |name: &str| format!("{at}.{name}");
        self.take(&at, Found { value: (), place: entry.place });
        let id = self.take(&path("id"), entry.id.clone());
        let known = known_limits(&id, entry.name.as_ref().map_or("", |name| &name.value));
        let window = Limit::choose(entry.context_window, known.map(|known| known.context_window), window);
        let output = Limit::choose(entry.max_tokens, known.map(|known| known.max_tokens), output);
        let limits_from = limits_from(window.from, output.from);
        let own_params = self.take_if(&path("params"), entry.params);
        let params = merged_params(own_params, params.get(&id));
        Model {
            // What an entry leaves out came from where its stand-in came from.
            name: self.take(&path("name"), entry.name.unwrap_or(entry.id)),
            id,
            reasoning: self.take_or(&path("reasoning"), entry.reasoning, false),
            input: self.take_or(&path("input"), entry.input, vec!["text".to_owned()]),
            cost: Cost {
                input: self.take_or(&path("cost.input"), entry.cost.input, 0.0),
                output: self.take_or(&path("cost.output"), entry.cost.output, 0.0),
                cache_read: self.take_or(&path("cost.cacheRead"), entry.cost.cache_read, 0.0),
                cache_write: self.take_or(&path("cost.cacheWrite"), entry.cost.cache_write, 0.0),
                tiers: self.take_if(&path("cost.tiers"), entry.cost.tiers).unwrap_or_default(),
            },
            context_window: self.take(&path("contextWindow"), window.found),
            max_tokens: self.take(&path("maxTokens"), output.found),
            params,
            extras: vec![limits_from],
        }
    }

    /// Parameters of models, with the origin of each.
    fn params(&mut self, said: BTreeMap<String, BTreeMap<String, Found<String>>>) -> ParamsByModel {
        let mut params = ParamsByModel::new();
        for (id, members) in said {
            let reference = quoted_where_needed(&format!("{PROVIDER}/{id}"));
            let path = |name: &str| format!("agents.defaults.models.{reference}.params.{}", quoted_where_needed(name));
            let members = members.into_iter().map(|(name, found)| (path(&name), name, found));
            params.insert(id, members.map(|(path, name, found)| (name, self.take(&path, found))).collect());
        }
        params
    }

    /// The guardrail: of the two members that Bedrock needs, neither goes without the other.
    fn guardrail(&mut self, said: GuardrailPart) -> Option<Guardrail> {
        let path = |name: &str| format!("{GUARDRAIL_PATH}.{name}");
        let any = [&said.identifier, &said.version, &said.stream_processing_mode, &said.trace];
        let place = any.into_iter().flatten().map(|found| found.place.clone()).next()?;
        let (Some(identifier), Some(version)) = (said.identifier.clone(), said.version.clone()) else {
            for (name, said) in [("guardrailIdentifier", said.identifier), ("guardrailVersion", said.version)] {
                if said.is_none() {
                    self.problems.push(Problem {
                        severity: Severity::Error,
                        place: place.clone(),
                        path: path(name),
                        message: format!("the guardrail has no {name}"),
                        expected: "guardrailIdentifier and guardrailVersion, both".to_owned(),
                    });
                }
            }
            return None;
        };
        Some(Guardrail {
            identifier: self.take(&path("guardrailIdentifier"), identifier),
            version: self.take(&path("guardrailVersion"), version),
            stream_processing_mode: self.take_if(&path("streamProcessingMode"), said.stream_processing_mode),
            trace: self.take_if(&path("trace"), said.trace),
        })
    }
}

/// Members of `params` by the model's id: name and plain JSON.
type ParamsByModel = BTreeMap<String, Vec<(String, String)>>;

/// The parameters of a listed model as one object: those of `agents.defaults.models` over its own, member by member, since
/// that is where a user of OpenClaw sets them for a model that somebody else listed.
fn merged_params(own: Option<Vec<(String, String)>>, higher: Option<&Vec<(String, String)>>) -> Option<String> {
    let mut members = match (own, higher) {
        (None, None) => return None,
        (own, _) => own.unwrap_or_default(),
    };
    let places: BTreeMap<String, usize> =
        members.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
    for (name, value) in higher.into_iter().flatten() {
        match places.get(name) {
            Some(&place) => members[place].1.clone_from(value),
            None => members.push((name.clone(), value.clone())),
        }
    }
    Some(params::object(members.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
}

/// The extra `modelParams`: parameters of models that the configuration may not list, by id.
fn model_params(params: &ParamsByModel) -> Vec<NamedJson> {
    let of_model = |members: &Vec<(String, String)>| {
        params::object(members.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    let objects: Vec<(&str, String)> = params.iter().map(|(id, members)| (id.as_str(), of_model(members))).collect();
    let value = params::object(objects.iter().map(|(id, object)| (*id, object.as_str())));
    if objects.is_empty() { Vec::new() } else { vec![NamedJson { name: "modelParams".to_owned(), value }] }
}

/// A limit of a listed model.
struct Limit {
    found: Found<u64>,
    from: &'static str,
}

impl Limit {
    /// What the entry says, else what is known of the model, else the default of discovery.
    fn choose(said: Said<u64>, known: Option<u64>, default: &Found<u64>) -> Self {
        match (said, known) {
            (Some(found), _) => Limit { found, from: "configuration" },
            (None, Some(tokens)) => Limit { found: by_default(tokens), from: "known-models" },
            (None, None) => Limit { found: default.clone(), from: "defaults" },
        }
    }
}

/// References to models: ids with or without the provider's prefix, and aliases.
struct References<'a> {
    /// What an alias stands for, by the alias in lower case.
    targets: BTreeMap<String, &'a str>,
}

impl<'a> References<'a> {
    /// Of equal aliases the first counts.
    fn new(aliases: &'a BTreeMap<String, Found<String>>) -> Self {
        let mut targets = BTreeMap::new();
        for (target, alias) in aliases {
            targets.entry(alias.value.to_ascii_lowercase()).or_insert(target.as_str());
        }
        References { targets }
    }

    /// The id of the model of Bedrock that a reference means; None where it means another provider's.
    fn resolve(&self, reference: &str) -> Option<String> {
        let meant = self.targets.get(&reference.to_ascii_lowercase()).copied().unwrap_or(reference);
        own_model(meant).map(str::to_owned)
    }
}

/// A value of the provider's own.
fn by_default<T>(value: T) -> Found<T> {
    Found { value, place: Place { layer: "defaults".to_owned(), source: String::new(), line: 0, column: 0 } }
}
