//! Foundation models: from a summary of `ListFoundationModels` to a model of the catalog (the classic rules of OpenClaw).

use serde_json::Value;

use super::hints::Hints;
use super::members::Members;
use super::plan::Plan;
use super::reasons::{
    BLANK_ID, FILTERED, NEEDS_PROFILE, NOT_CONVERSE, NOT_STREAMING, NOT_TEXT, PROVISIONED_ONLY, Reason, UNREADABLE,
    not_active,
};
use super::traits::Traits;
use crate::contract::models::LeftOut;
use crate::contract::types::{Model, NamedJson};
use crate::families::is_served_elsewhere;

/// What the rules look at in a summary. Every other member is the business of later rules.
#[derive(Debug)]
pub(super) struct Foundation {
    /// `modelId`, trimmed; empty when it is absent.
    pub(super) id: String,
    /// `modelName`, trimmed; the id when it is blank or absent.
    pub(super) name: String,
    provider: Option<String>,
    streams: Option<bool>,
    input: Vec<String>,
    output: Vec<String>,
    status: Option<String>,
    /// `inferenceTypesSupported`, in upper case.
    invoked_by: Vec<String>,
    /// Whether `inferenceTypesSupported` is there and empty.
    names_no_way: bool,
    hints: Hints,
}

/// The most profiles that are named where a model needs one: an account may have thousands of its own.
const MOST_NAMED: usize = 16;

/// What the region has of profiles of a model that cannot be invoked without one.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProfilesOfModel<'a> {
    /// Ids of those that are in the catalog; it may be none.
    Listed(&'a [&'a str]),
    /// The profiles could not be listed whole.
    NotListed,
}

impl Foundation {
    /// Reads a summary. A member that is absent or null is one that says nothing.
    ///
    /// # Errors
    /// The model left out as unreadable, when it or a member that the rules need has a wrong type.
    pub(super) fn read(summary: &Value) -> Result<Self, LeftOut> {
        let read = |members: Members<'_>| -> Result<Self, String> {
            let id = members.text("modelId")?.unwrap_or_default().trim();
            let name = members.text("modelName")?.unwrap_or_default().trim();
            let status = match members.object("modelLifecycle")? {
                Some(lifecycle) => lifecycle.text("status")?,
                None => None,
            };
            let lower = |modalities: Vec<&str>| modalities.iter().map(|modality| modality.to_lowercase()).collect();
            let types = members.texts("inferenceTypesSupported")?;
            Ok(Foundation {
                id: id.to_owned(),
                name: if name.is_empty() { id } else { name }.to_owned(),
                provider: members.text("providerName")?.map(str::to_owned),
                streams: members.flag("responseStreamingSupported")?,
                input: lower(members.texts("inputModalities")?),
                output: lower(members.texts("outputModalities")?),
                status: status.map(str::to_owned),
                names_no_way: summary["inferenceTypesSupported"].as_array().is_some_and(Vec::is_empty),
                invoked_by: types.iter().map(|kind| kind.to_uppercase()).collect(),
                hints: Hints::read(summary),
            })
        };
        Members::of(summary).and_then(read).map_err(|why| unreadable(summary, "modelId", &why))
    }

    /// The names that its provider goes by: the listing's own, and the first part of the id.
    pub(super) fn providers(&self) -> impl Iterator<Item = &str> {
        self.provider.as_deref().into_iter().chain(self.id.split('.').next())
    }

    /// The first of the classic rules, in their order, that leaves it out.
    pub(super) fn excluded(&self, plan: &Plan) -> Option<Reason> {
        if self.id.is_empty() {
            return Some(Reason::new(BLANK_ID, "The listing has a model without an id."));
        }
        if !plan.lists_provider(self.providers()) {
            return Some(filtered(self.providers()));
        }
        self.cannot_chat().or_else(|| {
            let active = self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("ACTIVE"));
            (!active).then(|| not_active(self.status.as_deref()))
        })
    }

    /// Why ConverseStream is of no use with it, whichever way it is called.
    pub(super) fn cannot_chat(&self) -> Option<Reason> {
        match self.streams {
            Some(true) => {}
            Some(false) => return Some(Reason::new(NOT_STREAMING, "The model does not stream its answers.")),
            None => {
                return Some(Reason::new(
                    NOT_STREAMING,
                    "The listing does not state that the model streams its answers.",
                ));
            }
        }
        if !self.output.iter().any(|modality| modality == "text") {
            return Some(Reason::new(
                NOT_TEXT,
                if self.output.is_empty() {
                    "The listing does not state that the model's output is text.".to_owned()
                } else {
                    format!("The model's output is {}, not text.", self.output.join(", "))
                },
            ));
        }
        if !self.input.is_empty() && !self.input.iter().any(|modality| modality == "text") {
            let message = format!("The model's input is {}, not text.", self.input.join(", "));
            return Some(Reason::new(NOT_TEXT, message));
        }
        let elsewhere = match self.hints.converse_streams {
            Some(streams) => !streams,
            None => is_served_elsewhere(&self.id),
        };
        elsewhere.then(|| Reason::new(NOT_CONVERSE, "ConverseStream does not serve the model."))
    }

    /// Why it cannot be invoked by its own id. A model whose listing names no way, or one that is not known here, may be.
    pub(super) fn not_by_itself(&self, profiles: ProfilesOfModel<'_>) -> Option<Reason> {
        let by = |kind: &str| self.invoked_by.iter().any(|known| known == kind);
        if by("INFERENCE_PROFILE") && !by("ON_DEMAND") {
            let message = match profiles {
                ProfilesOfModel::Listed([]) => "the catalog has none".to_owned(),
                ProfilesOfModel::Listed(ids) if ids.len() > MOST_NAMED => {
                    format!("{} and {} more", ids[..MOST_NAMED].join(", "), ids.len() - MOST_NAMED)
                }
                ProfilesOfModel::Listed(ids) => ids.join(", "),
                ProfilesOfModel::NotListed => "the list of profiles is incomplete".to_owned(),
            };
            let message = format!("The model is invoked through an inference profile: {message}.");
            return Some(Reason::new(NEEDS_PROFILE, message));
        }
        // Variants of a model by the size of their context, of which the listing says that nothing invokes them.
        let is_variant = self.id.split(':').count() > 2;
        let provisioned = (is_variant && self.names_no_way)
            || !self.invoked_by.is_empty() && self.invoked_by.iter().all(|kind| kind == "PROVISIONED");
        let message = "The model is invoked with provisioned throughput, by its ARN.";
        provisioned.then(|| Reason::new(PROVISIONED_ONLY, message))
    }

    /// Text and image, in the listing's order, each once. Text where there is neither.
    fn input(&self) -> Vec<String> {
        let mut input: Vec<String> = Vec::new();
        for modality in &self.input {
            if matches!(modality.as_str(), "text" | "image") && !input.contains(modality) {
                input.push(modality.clone());
            }
        }
        if input.is_empty() {
            input.push("text".to_owned());
        }
        input
    }

    /// What it is like, for itself and for its profiles.
    pub(super) fn traits(&self, plan: &Plan) -> Traits {
        Traits::listed(plan, &self.id, &self.name, self.input(), &self.hints)
    }

    /// The model of the catalog.
    pub(super) fn model(&self, plan: &Plan) -> Model {
        self.traits(plan).model(&self.id, &self.name, Vec::new())
    }
}

/// An extra whose value is text.
pub(super) fn text_extra(name: &str, text: &str) -> NamedJson {
    NamedJson { name: name.to_owned(), value: Value::from(text).to_string() }
}

/// The reason for a model whose provider the filter does not name.
pub(super) fn filtered<'a>(mut providers: impl Iterator<Item = &'a str>) -> Reason {
    Reason::new(
        FILTERED,
        match providers.find(|name| !name.trim().is_empty()) {
            Some(name) => format!("The provider filter leaves out the model's provider, {}.", name.trim()),
            None => "The provider filter is set, and the listing does not state the model's provider.".to_owned(),
        },
    )
}

/// The model of a summary that cannot be read, with its id where that much can be read.
pub(super) fn unreadable(summary: &Value, id_member: &str, why: &str) -> LeftOut {
    let id = summary.get(id_member).and_then(Value::as_str).unwrap_or_default();
    Reason::new(UNREADABLE, format!("The model's entry in the listing cannot be read: {why}.")).of(id.trim())
}
