//! The control plane: the listings of models and of inference profiles.

use serde_json::{Value, json};

use super::catalogue::{FoundationModel, HOME_REGION, catalogue};
use super::errors::ServiceError;
use super::models;
use super::signature::Caller;

/// Profiles of a page when `maxResults` does not say.
const PAGE: usize = 100;

/// The decoded parameters of a query.
pub(crate) type Query = Vec<(String, String)>;

/// `ListFoundationModels`. A filter that nothing meets gives an empty list.
pub(crate) fn list_foundation_models(caller: &Caller, query: &Query) -> Value {
    let region = region(caller);
    let summaries: Vec<Value> = catalogue()
        .foundation_models
        .iter()
        .filter(|model| meets(model, query))
        .map(|model| model.listed(region))
        .collect();
    json!({"enableAccessToAllModelsByDefault": true, "modelSummaries": summaries})
}

fn meets(model: &FoundationModel, query: &Query) -> bool {
    query.iter().all(|(name, value)| match name.as_str() {
        "byProvider" => model.provider_name.eq_ignore_ascii_case(value),
        "byOutputModality" => model.output_modalities.contains(value),
        "byInferenceType" => model.inference_types_supported.contains(value),
        "byCustomizationType" => model.customizations_supported.contains(value),
        _ => true,
    })
}

/// `GetFoundationModel`.
///
/// # Errors
/// 400 `ValidationException` for a model that is not listed.
pub(crate) fn get_foundation_model(caller: &Caller, id: &str) -> Result<Value, ServiceError> {
    let id = id.rsplit_once("foundation-model/").map_or(id, |(_, id)| id);
    let model = catalogue().model(id).ok_or_else(ServiceError::invalid_model)?;
    Ok(json!({"modelDetails": model.listed(region(caller))}))
}

/// `ListInferenceProfiles`, in pages. Without `type` it lists what Bedrock defines and nothing else (aws/aws-cli#9728).
///
/// # Errors
/// 400 `ValidationException` for a page size outside 1 to 1000, a token that was not given out, or an unknown type.
pub(crate) fn list_inference_profiles(caller: &Caller, query: &Query) -> Result<Value, ServiceError> {
    let page = match parameter(query, "maxResults") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|page| (1..=1000).contains(page))
            .ok_or_else(|| ServiceError::constraint(text, "maxResults", "have value between 1 and 1000"))?,
    };
    // Only `type` is the wire's name; `typeEquals` is the name of the SDKs' member, and the service does not know it.
    let kind = parameter(query, "type");
    if let Some(kind) = kind.filter(|kind| !matches!(*kind, "SYSTEM_DEFINED" | "APPLICATION")) {
        return Err(ServiceError::constraint(
            kind,
            "typeEquals",
            "satisfy enum value set: [SYSTEM_DEFINED, APPLICATION]",
        ));
    }
    let region = region(caller);
    let profiles: Vec<_> = catalogue()
        .profiles(caller.region.as_deref())
        .filter(|profile| profile.kind == kind.unwrap_or("SYSTEM_DEFINED"))
        .collect();
    let start = match parameter(query, "nextToken") {
        None => 0,
        Some(token) => profiles
            .iter()
            .position(|profile| token_before(&profile.inference_profile_id) == token)
            .ok_or_else(|| ServiceError::validation("The provided nextToken is invalid."))?,
    };
    let summaries: Vec<Value> = profiles.iter().skip(start).take(page).map(|profile| profile.listed(region)).collect();
    let mut body = json!({"inferenceProfileSummaries": summaries});
    if let Some(next) = profiles.get(start + page) {
        body["nextToken"] = json!(token_before(&next.inference_profile_id));
    }
    Ok(body)
}

/// `GetInferenceProfile`, by id or ARN.
///
/// # Errors
/// 404 `ResourceNotFoundException` for a profile that the region does not list.
pub(crate) fn get_inference_profile(caller: &Caller, id: &str) -> Result<Value, ServiceError> {
    models::find_profile(id, caller.region.as_deref()).map(|profile| profile.listed(region(caller))).ok_or_else(|| {
        ServiceError::new(404, "ResourceNotFoundException", format!("The inference profile {id} was not found."))
    })
}

/// A token that a client cannot read, for the page that begins at a profile. It is URL-unsafe base64 so that clients must encode it.
fn token_before(profile_id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("page before {profile_id}?>"))
}

fn region(caller: &Caller) -> &str {
    caller.region.as_deref().unwrap_or(HOME_REGION)
}

fn parameter<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
