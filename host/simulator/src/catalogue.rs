//! The models and inference profiles that the simulator lists, from `catalogue.json` beside this file.
//!
//! A model there has the members of the wire, the undocumented ones too, without its ARN, which depends on the region. Its
//! member `simulator` is not listed: it says what the listing of the service does not.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The account that owns the profiles: twelve digits, as documentation uses them.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The region of listings and ARNs when a caller does not say one (a bearer token has none).
pub(crate) const HOME_REGION: &str = "us-east-1";

/// All that there is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Catalogue {
    pub(crate) foundation_models: Vec<FoundationModel>,
    pub(crate) inference_profiles: Vec<InferenceProfile>,
}

/// A foundation model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundationModel {
    pub(crate) model_id: String,
    pub(crate) provider_name: String,
    pub(crate) input_modalities: Vec<String>,
    pub(crate) output_modalities: Vec<String>,
    pub(crate) inference_types_supported: Vec<String>,
    pub(crate) customizations_supported: Vec<String>,
    pub(crate) response_streaming_supported: Option<bool>,
    pub(crate) converse: Option<ConverseSupport>,
    pub(crate) simulator: SimulatorFacts,
    /// The other members of the wire.
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The undocumented member `converse`: absent for models without Converse.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConverseSupport {
    pub(crate) max_tokens_maximum: u32,
    pub(crate) system_role_supported: bool,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Facts of a model that no listing has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SimulatorFacts {
    /// Tokens.
    pub(crate) context_window: Option<u64>,
    pub(crate) tool_use: bool,
    /// Whether it calls tools in streams too, as it does where nothing is said: "Supported models and model features" of the
    /// Bedrock user guide.
    #[serde(default = "yes")]
    pub(crate) tool_use_in_streams: bool,
    pub(crate) always_thinks: bool,
}

fn yes() -> bool {
    true
}

/// An inference profile.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InferenceProfile {
    pub(crate) inference_profile_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Id of the model behind it.
    model: String,
    /// The regions that it routes to; none for a global or an application profile.
    regions: Vec<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    serde_json::from_str(include_str!("catalogue.json"))
        .expect("the catalogue is part of the program, and a test reads it")
});

/// The catalogue.
pub(crate) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

impl Catalogue {
    /// The model with this id.
    pub(crate) fn model(&self, id: &str) -> Option<&FoundationModel> {
        self.foundation_models.iter().find(|model| model.model_id == id)
    }

    /// The profiles that a region has; all of them for a caller without one.
    pub(crate) fn profiles(&self, region: Option<&str>) -> impl Iterator<Item = &InferenceProfile> {
        let region = region.map(ToOwned::to_owned);
        self.inference_profiles
            .iter()
            .filter(move |profile| region.as_deref().is_none_or(|region| profile.is_in(region)))
    }
}

impl FoundationModel {
    /// As listed in a region.
    pub(crate) fn listed(&self, region: &str) -> Value {
        let mut listed = self.others.clone();
        let converse = self.converse.as_ref().map(|support| {
            let mut converse = support.others.clone();
            converse.insert("maxTokensMaximum".to_owned(), json!(support.max_tokens_maximum));
            converse.insert("systemRoleSupported".to_owned(), json!(support.system_role_supported));
            converse
        });
        let members = [
            ("converse", json!(converse)),
            ("customizationsSupported", json!(self.customizations_supported)),
            ("inferenceTypesSupported", json!(self.inference_types_supported)),
            ("inputModalities", json!(self.input_modalities)),
            (
                "modelArn",
                json!(format!("arn:{}:bedrock:{region}::foundation-model/{}", partition(region), self.model_id)),
            ),
            ("modelId", json!(self.model_id)),
            ("outputModalities", json!(self.output_modalities)),
            ("providerName", json!(self.provider_name)),
            ("responseStreamingSupported", json!(self.response_streaming_supported)),
        ];
        listed.extend(members.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(listed)
    }

    /// Whether it can be called by its own id.
    pub(crate) fn is_on_demand(&self) -> bool {
        self.inference_types_supported.iter().any(|kind| kind == "ON_DEMAND")
    }
}

impl InferenceProfile {
    /// The model behind it.
    pub(crate) fn model(&self) -> Option<&'static FoundationModel> {
        catalogue().model(&self.model)
    }

    /// An `APPLICATION` profile, which is called by its ARN alone.
    pub(crate) fn is_application(&self) -> bool {
        self.kind == "APPLICATION"
    }

    /// Its ARN in a region.
    pub(crate) fn arn(&self, region: &str) -> String {
        let kind = if self.is_application() { "application-inference-profile" } else { "inference-profile" };
        format!("arn:{}:bedrock:{region}:{ACCOUNT}:{kind}/{}", partition(region), self.inference_profile_id)
    }

    /// As listed in a region. A global one routes to the home region and to a model ARN without any region.
    pub(crate) fn listed(&self, region: &str) -> Value {
        let mut regions: Vec<&str> = self.regions.iter().map(String::as_str).collect();
        if regions.is_empty() {
            regions.push(region);
        }
        if self.inference_profile_id.starts_with("global.") {
            regions.push("");
        }
        let arn = |of: &str| format!("arn:{}:bedrock:{of}::foundation-model/{}", partition(region), self.model);
        let models: Vec<Value> = regions.into_iter().map(|of| json!({"modelArn": arn(of)})).collect();
        let mut listed = self.others.clone();
        let members = [
            ("inferenceProfileArn", json!(self.arn(region))),
            ("inferenceProfileId", json!(self.inference_profile_id)),
            ("models", json!(models)),
            ("type", json!(self.kind)),
        ];
        listed.extend(members.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(listed)
    }

    /// Whether a region has it: `us.` profiles are listed in the regions of the US, and so on.
    fn is_in(&self, region: &str) -> bool {
        match self.inference_profile_id.split_once('.') {
            Some((geography @ ("us" | "eu"), _)) => {
                region.split('-').next() == Some(geography) && !region.starts_with("us-gov-")
            }
            _ => true,
        }
    }
}

fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::catalogue;

    #[test]
    fn every_profile_has_its_model_and_every_model_its_members() {
        let all = catalogue();
        assert!(all.foundation_models.len() >= 30 && all.inference_profiles.len() >= 15);
        for profile in &all.inference_profiles {
            let model = profile.model().unwrap_or_else(|| panic!("{} has no model", profile.inference_profile_id));
            assert!(
                model.inference_types_supported.iter().any(|kind| kind == "INFERENCE_PROFILE"),
                "{}",
                model.model_id
            );
        }
        for model in &all.foundation_models {
            let listed = model.listed("eu-west-1");
            for member in [
                "modelArn",
                "modelName",
                "modelLifecycle",
                "converse",
                "explicitPromptCaching",
                "guardrailsSupported",
                "batchSupported",
            ] {
                assert!(listed.get(member).is_some(), "{} lacks {member}", model.model_id);
            }
            assert!(listed.get("simulator").is_none());
        }
    }

    #[test]
    fn a_region_lists_its_own_profiles() {
        let ids = |region: Option<&str>| {
            catalogue().profiles(region).map(|profile| profile.inference_profile_id.clone()).collect::<Vec<_>>()
        };
        assert!(ids(Some("eu-west-1")).iter().all(|id| !id.starts_with("us.")));
        assert!(ids(Some("us-gov-west-1")).iter().all(|id| !id.starts_with("us.")));
        assert!(ids(Some("us-east-1")).iter().any(|id| id.starts_with("us.")));
        assert!(ids(None).iter().any(|id| id.starts_with("us.")) && ids(None).iter().any(|id| id.starts_with("eu.")));
    }

    #[test]
    fn a_global_profile_has_a_model_without_region() {
        let profile = catalogue()
            .profiles(None)
            .find(|profile| profile.inference_profile_id.starts_with("global."))
            .expect("is there");
        let listed = profile.listed("us-east-1");
        let arns: Vec<&str> = listed["models"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|model| model["modelArn"].as_str())
            .collect();
        assert!(
            arns[0].starts_with("arn:aws:bedrock:us-east-1::") && arns[1].starts_with("arn:aws:bedrock:::"),
            "{arns:?}"
        );
    }
}
