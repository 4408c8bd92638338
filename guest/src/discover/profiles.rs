//! Inference profiles: from a summary of `ListInferenceProfiles` to a model of the catalog.
//!
//! A profile says neither what it takes nor what it gives: it inherits that from the foundation model behind it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::foundation::{Foundation, filtered, text_extra, unreadable};
use super::members::Members;
use super::plan::Plan;
use super::reasons::{BLANK_ID, NOT_CONVERSE, Reason, not_active};
use super::traits::Traits;
use crate::contract::models::LeftOut;
use crate::contract::types::{Model, NamedJson};
use crate::families::is_served_elsewhere;

/// The foundation models of the listing, those that are left out too.
#[derive(Debug, Default)]
pub(super) struct Bases<'a> {
    /// By id in lower case.
    by_id: BTreeMap<String, &'a Foundation>,
    /// One of each provider, by the first part of its ids in lower case.
    by_prefix: BTreeMap<String, &'a Foundation>,
}

impl<'a> Bases<'a> {
    /// Of models with the same id, the first.
    pub(super) fn new(models: impl Iterator<Item = &'a Foundation>) -> Self {
        let mut bases = Bases::default();
        for model in models {
            bases.by_id.entry(model.id.to_lowercase()).or_insert(model);
            if let Some(prefix) = model.id.split('.').next() {
                bases.by_prefix.entry(prefix.to_lowercase()).or_insert(model);
            }
        }
        bases
    }

    fn get(&self, id: &str) -> Option<&'a Foundation> {
        self.by_id.get(&id.to_lowercase()).copied()
    }

    /// What the provider of a model is called, be the model itself listed or not: the names of a model of the same prefix.
    fn providers(&self, id: &str) -> impl Iterator<Item = &'a str> {
        let prefix = id.split('.').next().unwrap_or_default().to_lowercase();
        self.by_prefix.get(&prefix).into_iter().flat_map(|model| model.providers())
    }
}

/// What the rules look at in a summary.
#[derive(Debug)]
pub(super) struct Profile {
    /// `inferenceProfileId`, trimmed; empty when it is absent. Of an application profile it is the short id, by which the
    /// runtime does not take it.
    pub(super) id: String,
    name: String,
    arn: Option<String>,
    status: Option<String>,
    kind: Option<String>,
    /// Ids of the foundation models in its ARNs, in order.
    models: Vec<String>,
    /// Regions in those ARNs, in order, each once: where a request may be answered.
    regions: Vec<String>,
}

impl Profile {
    /// Reads a summary. A member that is absent or null is one that says nothing.
    ///
    /// # Errors
    /// The profile left out as unreadable, when it or a member that the rules need has a wrong type.
    pub(super) fn read(summary: &Value) -> Result<Self, LeftOut> {
        let read = |members: Members<'_>| -> Result<Self, String> {
            let id = members.text("inferenceProfileId")?.unwrap_or_default().trim();
            let name = members.text("inferenceProfileName")?.unwrap_or_default().trim();
            let (mut models, mut regions) = (Vec::new(), Vec::new());
            let mut seen = BTreeSet::new();
            for entry in members.objects("models")? {
                let arn = entry.text("modelArn")?;
                models.extend(arn.and_then(foundation_model_of).map(str::to_owned));
                regions.extend(arn.and_then(region_of).filter(|region| seen.insert(*region)).map(str::to_owned));
            }
            Ok(Profile {
                id: id.to_owned(),
                name: if name.is_empty() { id } else { name }.to_owned(),
                arn: members.text("inferenceProfileArn")?.map(str::to_owned),
                status: members.text("status")?.map(str::to_owned),
                kind: members.text("type")?.map(str::to_owned),
                models,
                regions,
            })
        };
        Members::of(summary).and_then(read).map_err(|why| unreadable(summary, "inferenceProfileId", &why))
    }

    /// The id of the foundation model behind it: of its ARNs the first that the listing knows, else the first. The id of a
    /// profile that Bedrock defines also tells: a geography, a dot and the model's id. That is not so of a profile that a
    /// customer named.
    pub(super) fn base_id(&self, bases: &Bases<'_>) -> Option<&str> {
        let known = |id: &&String| bases.get(id).is_some();
        if let Some(id) = self.models.iter().find(known).or(self.models.first()) {
            return Some(id);
        }
        if !self.is_system_defined() {
            return None;
        }
        // No list of geographies: AWS adds to them (`us-gov`, `jp`, `ca`), and each is one label before the first dot.
        self.id.split_once('.').map(|(_geography, base)| base).filter(|base| base.contains('.'))
    }

    /// The model of the catalog. A profile that somebody asked for by its id is listed whatever the filter says.
    ///
    /// # Errors
    /// The first rule that leaves it out.
    pub(super) fn model(&self, plan: &Plan, filter: Option<&Plan>, bases: &Bases<'_>) -> Result<Model, Reason> {
        if self.id.is_empty() {
            return Err(Reason::new(BLANK_ID, "The listing has an inference profile without an id."));
        }
        if !self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("ACTIVE")) {
            return Err(not_active(self.status.as_deref()));
        }
        let named = self.base_id(bases);
        let base = named.and_then(|id| bases.get(id));
        // The listing's own spelling, where it has the model.
        let base_id = base.map(|base| base.id.as_str()).or(named);
        let providers = || {
            let ids = || self.models.iter().map(String::as_str).chain(base_id);
            let own = base.into_iter().flat_map(Foundation::providers);
            own.chain(ids().filter_map(|id| id.split('.').next())).chain(ids().flat_map(|id| bases.providers(id)))
        };
        if filter.is_some_and(|filter| !filter.lists_provider(providers())) {
            return Err(filtered(providers()));
        }
        // Whether the base itself is active says nothing about the profile: Bedrock keeps profiles of legacy models active.
        if let Some(reason) = base.and_then(Foundation::cannot_chat) {
            return Err(Reason::new(reason.word, format!("The model of the profile: {}", reason.message)));
        }
        let traits = match base {
            Some(base) => base.traits(plan),
            None if is_served_elsewhere(base_id.unwrap_or(&self.id)) => {
                return Err(Reason::new(NOT_CONVERSE, "ConverseStream does not serve the model of the profile."));
            }
            None => Traits::unlisted(plan, base_id.unwrap_or(&self.id), &self.name),
        };
        let canonical = base_id.map(|id| id.strip_prefix("anthropic.").unwrap_or(id));
        let known: [(&str, Option<&str>); 6] = [
            ("inferenceProfileType", self.kind.as_deref()),
            ("inferenceProfileArn", self.arn.as_deref()),
            ("inferenceProfileId", (self.callable_id() != self.id).then_some(&self.id)),
            ("geography", base_id.and_then(|base_id| self.geography(base_id))),
            ("baseModelId", base_id),
            // Of a Claude it is what OpenClaw puts under this name. It tells the family where the profile's own id does not.
            ("canonicalModelId", canonical),
        ];
        let mut extras: Vec<NamedJson> =
            known.iter().filter_map(|(name, text)| text.map(|text| text_extra(name, text))).collect();
        if !self.regions.is_empty() {
            let value = Value::from(self.regions.as_slice()).to_string();
            extras.push(NamedJson { name: "regions".to_owned(), value });
        }
        Ok(traits.model(self.callable_id(), &self.name, extras))
    }

    /// What a request names: of an application profile its ARN, since the runtime takes nothing else.
    fn callable_id(&self) -> &str {
        let is_application = self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("APPLICATION"));
        self.arn.as_deref().filter(|arn| is_application && !arn.is_empty()).unwrap_or(&self.id)
    }

    /// What stands before the model's id in the id of a profile that Bedrock defines: `us`, `us-gov`, `global`. It is what is
    /// left of the id without the model's, so a geography that AWS adds needs no change here.
    fn geography(&self, base_id: &str) -> Option<&str> {
        let geography = self.id.strip_suffix(base_id)?.strip_suffix('.')?;
        (self.is_system_defined() && !geography.is_empty()).then_some(geography)
    }

    fn is_system_defined(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("SYSTEM_DEFINED"))
    }
}

/// The model's id in the ARN of a foundation model, such as
/// `arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0`.
fn foundation_model_of(arn: &str) -> Option<&str> {
    arn.split_once("foundation-model/").map(|(_, id)| id.trim()).filter(|id| !id.is_empty())
}

/// The region in an ARN. That of a model behind a global profile has none: `arn:aws:bedrock:::foundation-model/…`.
fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).map(str::trim).filter(|region| !region.is_empty())
}
