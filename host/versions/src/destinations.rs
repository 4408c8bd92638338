//! Where a candidate would send requests, compared with another version: the same names must lead to the same models.
//!
//! The host decides the region, so a version's say is the model's id alone. A version that names another one than asked for would
//! move conversations to a model that nobody chose, at prices that nobody expects.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use fastrand::Rng;
use tokio_util::sync::CancellationToken;

use crate::aws::{AllowedRegions, Destination, Region};
use crate::contract::RequestKind;
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Message, Options, RequestSettings, UserBlock};
use crate::contract::types::Model;
use crate::json::model::default_model;
use crate::json::options::OptionsForm;
use crate::json::settings::default_settings;
use crate::provider::{Generation, ProviderError};

/// What a conversation is prepared for.
const KINDS: [RequestKind; 2] = [RequestKind::Answer, RequestKind::TokenCount];

/// How many ids are made up. The seed is fixed, so that a refusal comes again.
const MADE_UP: usize = 17;
const SEED: u64 = 7;

/// How many of them are tried in each region that AWS lists.
const EACH_REGION: usize = 3;

/// Requests that a configuration allows: each model with a destination.
#[derive(Debug, Clone)]
pub struct Reachable {
    settings: Settings,
    requests: Vec<(Model, Destination)>,
}

impl Reachable {
    /// The same for the same requests under the same settings, in this process.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{self:?}").hash(&mut hasher);
        hasher.finish()
    }

    /// What a configuration can name: its models, as they are named and by every kind of ARN in every allowed region; and ids that
    /// are made up, each by two kinds of ARN in one of the regions.
    #[must_use]
    pub fn under(settings: &Settings, regions: &AllowedRegions, models: &[Model]) -> Self {
        let allowed: Vec<Region> = Region::listed().filter(|region| regions.allows(region)).collect();
        let mut ids: Vec<Model> = models.to_vec();
        for model in models {
            let arns = allowed.iter().flat_map(|region| arns(&model.id, region));
            ids.extend(arns.map(|id| Model { id, ..model.clone() }));
        }
        for (number, (id, region)) in made_up().into_iter().zip(allowed.iter().cycle()).enumerate() {
            let arns = arns(&id, region);
            let of_two_kinds = arns.iter().cycle().skip(2 * number).take(2.min(arns.len())).cloned();
            ids.extend(of_two_kinds.chain([id]).map(|id| Model { id, ..default_model() }));
        }
        let to = |model: Model| Some((regions.destination(&model.id).ok()?, model));
        let requests = ids.into_iter().filter_map(to).map(|(destination, model)| (model, destination)).collect();
        Reachable { settings: settings.clone(), requests }
    }

    /// What any configuration can name: in every region that AWS lists some of the ids that are made up, and an ARN of each.
    #[must_use]
    pub fn anywhere() -> Self {
        let made_up = made_up();
        let mut ids = made_up.iter().cycle();
        let mut requests = Vec::new();
        for home in Region::listed() {
            let regions = AllowedRegions::new(home.clone(), None);
            for _ in 0..EACH_REGION {
                let Some(id) = ids.next() else { break };
                let kind = requests.len() / 2;
                let arns = arns(id, &home);
                let of_kind = arns.iter().cycle().nth(kind % arns.len().max(1)).cloned();
                for id in [Some(id.clone()), of_kind].into_iter().flatten() {
                    if let Ok(destination) = regions.destination(&id) {
                        requests.push((Model { id, ..default_model() }, destination));
                    }
                }
            }
        }
        Reachable { settings: default_settings(), requests }
    }
}

/// The ARNs that a model, a profile or a prompt of this id can have in a region. None of an ARN.
fn arns(id: &str, region: &Region) -> Vec<String> {
    let Some(partition) = region.partition().filter(|_| !id.starts_with("arn:") && !id.contains('/')) else {
        return Vec::new();
    };
    let own = format!("arn:{partition}:bedrock:{region}:111122223333");
    [
        "inference-profile",
        "application-inference-profile",
        "provisioned-model",
        "imported-model",
        "default-prompt-router",
        "prompt",
    ]
    .iter()
    .map(|kind| format!("{own}:{kind}/{id}"))
    .chain([format!("arn:{partition}:bedrock:{region}::foundation-model/{id}")])
    .chain([format!("arn:{partition}:sagemaker:{region}:111122223333:endpoint/{id}")])
    .collect()
}

/// Ids as models and profiles have them, of vendors and names that there are and that there are not.
fn made_up() -> Vec<String> {
    let mut random = Rng::with_seed(SEED);
    let geographies = ["", "us.", "eu.", "apac.", "global.", "jp.", "us-gov."];
    let vendors = ["anthropic", "amazon", "meta", "mistral", "openai", "vendor"];
    let names = ["claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5", "nova-pro", "nova-2-lite", "model", "x"];
    let versions = ["", "-v1", "-v1:0", "-20261101-v2:0"];
    let mut pick = |words: &[&'static str]| words[random.usize(..words.len())];
    (0..MADE_UP).map(|_| [pick(&geographies), pick(&vendors), ".", pick(&names), pick(&versions)].concat()).collect()
}

/// Holds a candidate against another version: the number of requests that were compared.
///
/// # Errors
/// With the difference that has the shortest name, the failure of the candidate, or that it was cancelled.
pub(crate) fn compare(
    reference: &Arc<Generation>,
    candidate: &Arc<Generation>,
    reachable: &Reachable,
    cancel: &CancellationToken,
) -> Result<usize, String> {
    // What they do here is not compared with them where they serve.
    let (reference, candidate) = (reference.apart(), candidate.apart());
    let mut compared = 0;
    let mut found: Option<(usize, String)> = None;
    for (model, destination) in &reachable.requests {
        if cancel.is_cancelled() {
            return Err(format!("it was cancelled after {compared} requests"));
        }
        for kind in KINDS {
            let named = |generation: &Arc<Generation>| named(generation, &reachable.settings, model, destination, kind);
            let theirs = named(&candidate).map_err(|error| error.to_string())?;
            compared += 1;
            // What is not sent goes nowhere.
            let Some(theirs) = theirs else { continue };
            // Where the other one sends nothing, or fails, what was asked for is what may be named.
            let ours = named(&reference).ok().flatten().unwrap_or_else(|| model.id.clone());
            if theirs == ours {
                continue;
            }
            let (id, region, operation) = (&model.id, destination.region(), kind.operation());
            if found.as_ref().is_none_or(|(shortest, _)| id.len() < *shortest) {
                found = Some((
                    id.len(),
                    format!(
                        "for {operation} of {id:?} in {region} the version names {theirs:?}, and the other version {ours:?}"
                    ),
                ));
            }
        }
    }
    found.map_or(Ok(compared), |(_, difference)| Err(difference))
}

/// The model that a version names for a request; `None` where it sends none.
fn named(
    generation: &Arc<Generation>,
    settings: &Settings,
    model: &Model,
    destination: &Destination,
    kind: RequestKind,
) -> Result<Option<String>, ProviderError> {
    let context = Context {
        system_prompt: None,
        messages: vec![Message::User(vec![UserBlock::Text("Hello".to_owned())])],
        tools: Vec::new(),
    };
    let options = Options::from(OptionsForm::default());
    let region = destination.region().as_str();
    let prepared =
        generation.session()?.prepare(kind, &RequestSettings::from(settings), region, model, &context, &options)?;
    Ok(prepared.ok().map(|prepared| prepared.model_id))
}
