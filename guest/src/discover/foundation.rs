//! Foundation models: from a summary of `ListFoundationModels` to a model of the catalog (the classic rules of OpenClaw).

use serde_json::Value;

use super::members::Members;
use super::plan::Plan;
use super::reasons::{BLANK_ID, FILTERED, NOT_STREAMING, NOT_TEXT, Reason, UNREADABLE, not_active};
use crate::contract::models::LeftOut;
use crate::contract::types::{Cost, Model, NamedJson};

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
            Ok(Foundation {
                id: id.to_owned(),
                name: if name.is_empty() { id } else { name }.to_owned(),
                provider: members.text("providerName")?.map(str::to_owned),
                streams: members.flag("responseStreamingSupported")?,
                input: lower(members.texts("inputModalities")?),
                output: lower(members.texts("outputModalities")?),
                status: status.map(str::to_owned),
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
            Some(false) => return Some(Reason::new(NOT_STREAMING, "It does not stream its answers.")),
            None => return Some(Reason::new(NOT_STREAMING, "The listing does not say that it streams its answers.")),
        }
        if self.output.iter().any(|modality| modality == "text") {
            return None;
        }
        Some(Reason::new(
            NOT_TEXT,
            if self.output.is_empty() {
                "The listing does not say that it answers with text.".to_owned()
            } else {
                format!("It answers with {}, not with text.", self.output.join(", "))
            },
        ))
    }

    /// Kinds of input that the catalog knows: text and image, in the listing's order, each once. Text where there is
    /// neither.
    pub(super) fn input(&self) -> Vec<String> {
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

    /// Whether it is said to think: by its id and name, as the listing has no documented member for it.
    pub(super) fn reasoning(&self) -> bool {
        names_reasoning(&self.id, &self.name)
    }

    /// The model of the catalog.
    pub(super) fn model(&self, plan: &Plan) -> Model {
        model(plan, &self.id, &self.name, self.reasoning(), self.input())
    }
}

/// Whether an id or a name says that the model thinks.
pub(super) fn names_reasoning(id: &str, name: &str) -> bool {
    let text = format!("{id} {name}").to_lowercase();
    text.contains("reasoning") || text.contains("thinking")
}

/// A discovered model: the API tells neither prices nor limits, so prices are zero and the limits the configured defaults.
pub(super) fn model(plan: &Plan, id: &str, name: &str, reasoning: bool, input: Vec<String>) -> Model {
    Model {
        id: id.to_owned(),
        name: name.to_owned(),
        reasoning,
        input,
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: plan.context_window,
        max_tokens: plan.max_tokens,
        base_url: None,
        params: None,
        extras: vec![text_extra("limitsFrom", "defaults")],
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
            Some(name) => format!("The provider filter does not name its provider, {}.", name.trim()),
            None => "The provider filter is set, and the listing does not say whose model it is.".to_owned(),
        },
    )
}

/// The model of a summary that cannot be read, with its id where that much can be read.
pub(super) fn unreadable(summary: &Value, id_member: &str, why: &str) -> LeftOut {
    let id = summary.get(id_member).and_then(Value::as_str).unwrap_or_default();
    Reason::new(UNREADABLE, format!("Its entry in the listing cannot be read: {why}.")).of(id.trim())
}
