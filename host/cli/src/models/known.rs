//! All models that are known: what the configuration lists or names, and what AWS lists, each once.

use quarry_contract::json::model::ModelForm;
use quarry_contract::models::{Catalog, LeftOut};
use quarry_contract::types::Model;
use quarry_gateway::discovery::told;
use quarry_gateway::models;
use serde::Serialize;

use super::asked::Asked;

/// A model, and who knows of it.
#[derive(Debug)]
pub(super) struct KnownModel {
    /// What requests go by: what the configuration lists, else what AWS lists, else what is assumed of a model that is only named.
    pub(super) model: Model,
    /// What AWS lists.
    pub(super) discovered: Option<Model>,
    /// Whether the configuration lists it, with its properties.
    pub(super) listed: bool,
    /// Whether the configuration lists it or names it.
    pub(super) configured: bool,
    /// Whether it is `agents.defaults.model.primary`.
    pub(super) default: bool,
    /// Its place among `agents.defaults.model.fallbacks`, from 1.
    pub(super) fallback: Option<usize>,
    /// Its other names.
    pub(super) aliases: Vec<String>,
    /// Why it is not among the models that AWS lists.
    pub(super) absent: Option<Absent>,
}

/// Why AWS does not list a model that the configuration names.
#[derive(Debug, PartialEq)]
pub(super) enum Absent {
    /// AWS has it, and it cannot be used.
    LeftOut(LeftOut),
    /// AWS has nothing of that id in the region.
    NotListed,
}

/// All that is known. First the default model, its fallbacks, and the others that the configuration lists or names; then what AWS
/// lists besides, in its order.
pub(super) fn all(asked: &Asked) -> Vec<KnownModel> {
    let settings = &asked.settings;
    let primary: Vec<String> = settings.default_model.iter().cloned().collect();
    let fallbacks = settings.fallback_models.clone();
    let named =
        primary.iter().chain(&fallbacks).cloned().chain(models::named(settings)).chain(models::with_params(settings));
    let mut all: Vec<KnownModel> = Vec::new();
    for id in named {
        if !all.iter().any(|known| known.is_called(&id)) {
            all.extend(configured(asked, &id));
        }
    }
    for model in &asked.catalog.models {
        if !all.iter().any(|known| known.discovered.as_ref().is_some_and(|discovered| discovered.id == model.id)) {
            all.push(discovered(model));
        }
    }
    for known in &mut all {
        known.default = primary.iter().any(|id| known.is_called(id));
        known.fallback = fallbacks.iter().position(|id| known.is_called(id)).map(|index| index + 1);
        let aliases = settings.aliases.iter().filter(|(_, target)| known.is_called(target));
        known.aliases = aliases.map(|(alias, _)| alias.clone()).collect();
    }
    all
}

fn configured(asked: &Asked, id: &str) -> Option<KnownModel> {
    let Asked { settings, catalog, .. } = asked;
    let discovered = catalog.models.iter().find(|model| is_called(model, id)).cloned();
    let listed = settings.models.iter().any(|model| model.id == id);
    let model = asked.resolved.get(id).map(|found| found.model.clone())?;
    let absent = if discovered.is_some() { None } else { absent(asked, id) };
    Some(KnownModel { listed, configured: true, discovered, absent, ..bare(model) })
}

fn discovered(model: &Model) -> KnownModel {
    KnownModel { discovered: Some(model.clone()), ..bare(model.clone()) }
}

fn bare(model: Model) -> KnownModel {
    KnownModel {
        model,
        discovered: None,
        listed: false,
        configured: false,
        default: false,
        fallback: None,
        aliases: Vec::new(),
        absent: None,
    }
}

fn absent(asked: &Asked, id: &str) -> Option<Absent> {
    match left_out(&asked.catalog, id) {
        Some(left_out) => Some(Absent::LeftOut(left_out.clone())),
        // An ARN may be of what no listing has: a prompt router, provisioned throughput, a model of the customer's own.
        None => (asked.is_complete() && !id.starts_with("arn:")).then_some(Absent::NotListed),
    }
}

/// What the catalog says of a model that it leaves out, by its id or its ARN.
pub(super) fn left_out<'c>(catalog: &'c Catalog, name: &str) -> Option<&'c LeftOut> {
    let id = id_in(name).unwrap_or(name);
    catalog.left_out.iter().find(|left_out| !id.is_empty() && left_out.id == id)
}

/// Whether a name is that of a model: its id, or its ARN.
fn is_called(model: &Model, name: &str) -> bool {
    model.id == name
        || ["inferenceProfileArn", "inferenceProfileId"]
            .iter()
            .any(|named| told::text(model, named).as_deref() == Some(name))
        || id_in(name).is_some_and(|id| id == model.id)
}

/// The id in the ARN of a foundation model, or of a profile that Bedrock defines. Ids of other things stand for nothing without
/// their account.
fn id_in(arn: &str) -> Option<&str> {
    let kinds = [":foundation-model/", ":inference-profile/"];
    let of_kind = |kind: &&str| arn.split_once(*kind).map(|(_, id)| id);
    arn.starts_with("arn:").then(|| kinds.iter().find_map(of_kind)).flatten()
}

impl KnownModel {
    /// Whether a name is that of the model: its id, or its ARN.
    pub(super) fn is_called(&self, name: &str) -> bool {
        is_called(&self.model, name) || self.discovered.as_ref().is_some_and(|model| is_called(model, name))
    }

    /// Whether nothing is known but its name, and its properties are assumptions.
    pub(super) fn is_assumed(&self) -> bool {
        !self.listed && self.discovered.is_none()
    }

    /// Who made it, where AWS lists it: the first part of the id of the model behind it.
    pub(super) fn vendor(&self) -> Option<String> {
        let found = self.discovered.as_ref()?;
        let is_profile = told::extra(found, "inferenceProfileType").is_some();
        let id = told::text(found, "baseModelId").or_else(|| (!is_profile).then(|| found.id.clone()))?;
        id.split_once('.').map(|(vendor, _)| vendor.to_owned())
    }

    /// Who knows of it, in a word for a table.
    pub(super) fn known_from(&self) -> &'static str {
        match (self.configured, self.discovered.is_some()) {
            (true, true) => "both",
            (true, false) => "config",
            (false, _) => "AWS",
        }
    }

    /// What is particular about it, as OpenClaw has it in its list: `default`, `fallback#1`, `alias:fast`.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        tags.extend(self.default.then(|| "default".to_owned()));
        tags.extend(self.fallback.map(|place| format!("fallback#{place}")));
        tags.extend(self.aliases.iter().map(|alias| format!("alias:{alias}")));
        tags.extend(self.absent.as_ref().map(|absent| match absent {
            Absent::LeftOut(_) => "left-out".to_owned(),
            Absent::NotListed => "not-listed".to_owned(),
        }));
        let is_stale = self.discovered.as_ref().is_some_and(told::is_stale);
        tags.extend(is_stale.then(|| "stale".to_owned()));
        tags
    }

    /// Whether it may be a model of a vendor. AWS's listing was filtered already; of what is only configured the id tells: its
    /// first part, or the one behind a geography.
    pub(super) fn may_be_of(&self, vendor: &str) -> bool {
        let id = self.model.id.rsplit('/').next().unwrap_or_default();
        self.discovered.is_some() || id.split('.').take(2).any(|part| part.eq_ignore_ascii_case(vendor.trim()))
    }

    /// Its JSON form.
    pub(super) fn form(&self) -> KnownForm<'_> {
        KnownForm {
            model: ModelForm::from(self.model.clone()),
            configured: self.configured,
            discovered: self.discovered.is_some(),
            default: self.default,
            fallback: self.fallback,
            aliases: &self.aliases,
            assumed: self.is_assumed(),
        }
    }
}

/// The JSON form of a model, with the members that tell who knows of it.
#[derive(Debug, Serialize)]
pub(super) struct KnownForm<'k> {
    #[serde(flatten)]
    model: ModelForm,
    configured: bool,
    discovered: bool,
    default: bool,
    fallback: Option<usize>,
    aliases: &'k [String],
    assumed: bool,
}
