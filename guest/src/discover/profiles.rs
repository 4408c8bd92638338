//! Inference profiles: from a summary of `ListInferenceProfiles` to a model of the catalog.
//!
//! A profile says neither what it takes nor what it gives: it inherits that from the foundation model behind it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::foundation::{Foundation, filtered, model, names_reasoning, text_extra, unreadable};
use super::members::Members;
use super::plan::Plan;
use super::reasons::{BLANK_ID, Reason, not_active};
use crate::contract::models::LeftOut;
use crate::contract::types::Model;

/// The foundation models of the listing, those that are left out too, by id in lower case.
pub(super) type Bases<'a> = BTreeMap<String, &'a Foundation>;

/// What the rules look at in a summary.
#[derive(Debug)]
pub(super) struct Profile {
    /// `inferenceProfileId`, trimmed; empty when it is absent. Of an application profile too it is the short id
    /// (OpenClaw does); its ARN stands in the model's extras.
    pub(super) id: String,
    name: String,
    arn: Option<String>,
    status: Option<String>,
    kind: Option<String>,
    /// Ids of the foundation models in its ARNs, in order.
    models: Vec<String>,
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
            let mut models = Vec::new();
            for entry in members.objects("models")? {
                models.extend(entry.text("modelArn")?.and_then(foundation_model_of).map(str::to_owned));
            }
            Ok(Profile {
                id: id.to_owned(),
                name: if name.is_empty() { id } else { name }.to_owned(),
                arn: members.text("inferenceProfileArn")?.map(str::to_owned),
                status: members.text("status")?.map(str::to_owned),
                kind: members.text("type")?.map(str::to_owned),
                models,
            })
        };
        Members::of(summary).and_then(read).map_err(|why| unreadable(summary, "inferenceProfileId", &why))
    }

    /// The id of the foundation model behind it: of its ARNs the first that the listing knows, else the first. The id of a
    /// profile that Bedrock defines also tells: a geography, a dot and the model's id. That is not so of a profile that a
    /// customer named.
    fn base_id(&self, bases: &Bases<'_>) -> Option<&str> {
        let known = |id: &&String| bases.contains_key(&id.to_lowercase());
        if let Some(id) = self.models.iter().find(known).or(self.models.first()) {
            return Some(id);
        }
        if !self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("SYSTEM_DEFINED")) {
            return None;
        }
        // No list of geographies: AWS adds to them (`us-gov`, `jp`, `ca`), and each is one label before the first dot.
        self.id.split_once('.').map(|(_geography, base)| base).filter(|base| base.contains('.'))
    }

    /// The model of the catalog.
    ///
    /// # Errors
    /// The first rule that leaves it out.
    pub(super) fn model(&self, plan: &Plan, bases: &Bases<'_>) -> Result<Model, Reason> {
        if self.id.is_empty() {
            return Err(Reason::new(BLANK_ID, "The listing has an inference profile without an id."));
        }
        if !self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("ACTIVE")) {
            return Err(not_active(self.status.as_deref()));
        }
        let base_id = self.base_id(bases);
        let base = base_id.and_then(|id| bases.get(&id.to_lowercase())).copied();
        let providers = || {
            let ids = self.models.iter().map(String::as_str).chain(base_id);
            base.into_iter().flat_map(Foundation::providers).chain(ids.filter_map(|id| id.split('.').next()))
        };
        if !plan.lists_provider(providers()) {
            return Err(filtered(providers()));
        }
        // Whether the base itself is active says nothing about the profile: Bedrock keeps profiles of legacy models active.
        if let Some(reason) = base.and_then(Foundation::cannot_chat) {
            return Err(Reason::new(reason.word, format!("About the model behind it: {}", reason.message)));
        }
        let reasoning = base.map_or_else(|| names_reasoning(&self.id, &self.name), Foundation::reasoning);
        let input = base.map_or_else(|| vec!["text".to_owned()], Foundation::input);
        let mut model = model(plan, &self.id, &self.name, reasoning, input);
        let known = [
            ("inferenceProfileType", self.kind.as_deref()),
            ("inferenceProfileArn", self.arn.as_deref()),
            ("baseModelId", base_id),
        ];
        for (name, text) in known {
            model.extras.extend(text.map(|text| text_extra(name, text)));
        }
        Ok(model)
    }
}

/// The model's id in the ARN of a foundation model, such as
/// `arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0`.
fn foundation_model_of(arn: &str) -> Option<&str> {
    arn.split_once("foundation-model/").map(|(_, id)| id.trim()).filter(|id| !id.is_empty())
}
