//! Comparison of the configuration as the candidate and the active version merge it.

use std::sync::Arc;

use super::worker::{Input, Job};
use super::{Run, Shadow};
use crate::config::gateway::GatewayConfig;
use crate::config::{ConfigFile, layers, locate};
use crate::configuration::ConfigurationError;
use crate::contract::config::{Layer, Merged, Settings};
use crate::contract::types::{Model, NamedJson};
use crate::provider::Generation;
use crate::state::ConfigurationSource;
use quarry_contract::json::settings::default_settings;
use quarry_versions::compare::{self, AskedLayers, Each, SettingsFrom};

impl Shadow {
    /// The same shadow under a configuration that the version which serves has made these settings of. Both merge it, each what it
    /// asks for of the masked text; what differs is among the differences. A candidate that makes other settings of it prepares with
    /// its own from now on. Blocks: files are read, and it waits while the queue is full.
    pub(crate) fn under(&self, source: &ConfigurationSource, serving: &Settings) -> Arc<Self> {
        let mut own = None;
        match both(&self.run, source) {
            Ok((old, new)) => {
                own = other_settings(&self.run, &old, &new, serving).map(Arc::new);
                let same = old == new;
                let input = if same { compare::Input::Settings(new) } else { asked(old, new) };
                let input = Input::Configuration(Box::new(input));
                // An error says that the thread is gone: the candidate was stopped.
                let _ = self.queue.send(Job { name: "the configuration".to_owned(), input, room: Vec::new() });
            }
            Err(error) => tracing::warn!(%error, "the merged configuration of the candidate cannot be compared"),
        }
        Arc::new(Shadow { queue: self.queue.clone(), run: Arc::clone(&self.run), own })
    }

    /// The settings for a request that the version which serves prepares with these.
    pub(super) fn settings(&self, serving: &Settings, model: Option<&Model>) -> SettingsFrom {
        let needed = |settings: &Settings| match model {
            // A request gets no more of them, and samples are kept in memory.
            Some(_) => Settings {
                guardrail: settings.guardrail.clone(),
                cache_retention: settings.cache_retention.clone(),
                ..default_settings()
            },
            None => settings.clone(),
        };
        let Some(own) = &self.own else { return SettingsFrom::Merged(Box::new(needed(serving))) };
        let new_model = model.map(|model| {
            // What the configuration lists, the candidate finds there too, or assumes what it does of models that nobody lists; the
            // rest is what AWS or the client said.
            let is_listed = serving.models.iter().any(|listed| listed.id == model.id);
            match own.models.iter().find(|listed| listed.id == model.id) {
                Some(listed) => listed.clone(),
                None if is_listed => Model {
                    name: model.id.clone(),
                    reasoning: true,
                    context_window: own.discovery.default_context_window,
                    max_tokens: own.discovery.default_max_tokens,
                    params: None,
                    extras: vec![NamedJson { name: "limitsFrom".to_owned(), value: "\"defaults\"".to_owned() }],
                    ..model.clone()
                },
                None => model.clone(),
            }
        });
        SettingsFrom::Each(Box::new(Each { old: needed(serving), new: needed(own), new_model }))
    }
}

fn asked(old: Vec<Layer>, new: Vec<Layer>) -> compare::Input {
    compare::Input::Asked(Box::new(AskedLayers { old, new }))
}

/// The layers of the configuration that each version gets.
fn both(run: &Run, source: &ConfigurationSource) -> Result<(Vec<Layer>, Vec<Layer>), ConfigurationError> {
    let ConfigurationSource { chosen, environment, overrides, .. } = source;
    let location = locate(chosen.as_deref(), environment)?;
    let file = location.as_ref().map(ConfigFile::read).transpose()?;
    let params = GatewayConfig::read(file.as_ref()).map(|config| config.provider.params).unwrap_or_default();
    let of = |generation: &Arc<Generation>| {
        let identity = generation.session()?.identify()?;
        Ok::<_, ConfigurationError>(layers(file.as_ref(), environment, overrides, &identity, &params)?)
    };
    Ok((of(&run.serving)?, of(&run.candidate)?))
}

/// The candidate's settings, where they are others. None too where one of them refuses the configuration, and where the file is
/// not what it was when the active version merged it: it is about to be read again.
fn other_settings(run: &Run, old: &[Layer], new: &[Layer], serving: &Settings) -> Option<Settings> {
    let merged = |generation: &Arc<Generation>, layers: &[Layer]| {
        let merged = generation.session().ok()?.merge(layers).ok()?;
        merged.ok().map(|Merged { settings, warnings: _ }| settings)
    };
    let (of_serving, own) = (merged(&run.serving, old)?, merged(&run.candidate, new)?);
    let at_work = of_serving == *serving;
    // Where a value came from changes nothing.
    let compared = |settings: &Settings| Settings { origins: Vec::new(), ..settings.clone() };
    (at_work && compared(&of_serving) != compared(&own)).then_some(own)
}
