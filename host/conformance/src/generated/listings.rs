//! Listings of models: all public ones with their profiles, odd entries, and operations that fail.

use serde_json::{Value, json};

use super::models::{Models, vendor, without_geography};
use super::{Generated, generated};
use crate::contract::config::{Discovery, Settings};
use crate::contract::types::{ApiError, ApiStage};
use crate::cost::inputs::{Input, Listing, listed};
use crate::json::settings::default_settings;

pub(super) fn all(models: &Models) -> Vec<Generated> {
    let all: Vec<Value> = models.each.iter().map(|model| model_entry(&model.id)).collect();
    let others = models.public.others.iter().map(|id| {
        json!({"modelId": id, "modelName": id, "providerName": vendor(id),
        "inputModalities": ["TEXT"], "outputModalities": ["EMBEDDING"], "modelLifecycle": {"status": "ACTIVE"}})
    });
    let all: Vec<Value> = all.into_iter().chain(others).collect();
    let profiles: Vec<Value> = models.public.profiles.iter().map(|id| profile_entry(id)).collect();
    let discovering = |discovery: Discovery| Settings { discovery, ..default_settings() };
    let on = || Discovery { enabled: Some(true), ..default_settings().discovery };
    let filtered = Discovery { provider_filter: vec!["amazon".to_owned(), "anthropic".to_owned()], ..on() };
    let (all_models, all_profiles) = (models_page(&all), profiles_page(&profiles));
    let both = |settings: Settings| listing(settings, &[&all_models], &[&all_profiles]);
    let halves: Vec<String> = profiles.chunks(profiles.len() / 2 + 1).map(profiles_page).collect();
    let halves: Vec<&str> = halves.iter().map(String::as_str).collect();
    let failing = |mut listing: Listing, failing: &[usize]| {
        failing.iter().for_each(|index| listing.pages[*index].failed = Some(denied()));
        listing
    };
    let listings = [
        ("everything", both(discovering(on()))),
        ("when-there-are-credentials", both(default_settings())),
        ("off", both(discovering(Discovery { enabled: Some(false), ..on() }))),
        ("without-cache", both(discovering(Discovery { refresh_interval: 0, ..on() }))),
        ("filtered", both(discovering(filtered))),
        ("pages", listing(discovering(on()), &[&all_models], &halves)),
        ("nothing", listing(discovering(on()), &["{}"], &["{}"])),
        ("no-json", listing(discovering(on()), &["<html>"], &["{"])),
        ("odd-entries", listing(discovering(on()), &[&odd_models()], &[&odd_profiles()])),
        ("models-denied", failing(listing(discovering(on()), &[], &[&all_profiles]), &[0])),
        ("profiles-denied", failing(listing(discovering(on()), &[&all_models], &[halves[0]]), &[1])),
        ("both-denied", failing(listing(discovering(on()), &[], &[]), &[0, 1])),
        ("configured", both(Settings { models: models.each[..3].to_vec(), ..discovering(on()) })),
    ];
    listings.map(|(name, listing)| generated(format!("discover/{name}"), Input::Listing(Box::new(listing)))).into()
}

fn model_entry(id: &str) -> Value {
    json!({
        "modelId": id, "modelName": id, "providerName": vendor(id), "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
        "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"], "responseStreamingSupported": true,
        "inferenceTypesSupported": ["ON_DEMAND", "INFERENCE_PROFILE"], "modelLifecycle": {"status": "ACTIVE"},
    })
}

fn profile_entry(id: &str) -> Value {
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{}", without_geography(id));
    json!({"inferenceProfileId": id, "inferenceProfileName": id, "status": "ACTIVE", "type": "SYSTEM_DEFINED", "models": [{"modelArn": arn}]})
}

fn models_page(entries: &[Value]) -> String {
    json!({"modelSummaries": entries}).to_string()
}

fn profiles_page(entries: &[Value]) -> String {
    json!({"inferenceProfileSummaries": entries}).to_string()
}

/// Entries of which each has one thing that is not as usual.
fn odd_models() -> String {
    let with = |members: Value| {
        let mut entry = model_entry("vendor.model-v1:0");
        if let (Some(entry), Value::Object(members)) = (entry.as_object_mut(), members) {
            entry.extend(members);
        }
        entry
    };
    models_page(&[
        with(json!({})),
        with(json!({})),
        with(json!({"modelId": "vendor.legacy", "modelLifecycle": {"status": "LEGACY"}})),
        with(json!({"modelId": "vendor.not-streaming", "responseStreamingSupported": false})),
        with(json!({"modelId": "vendor.provisioned", "inferenceTypesSupported": ["PROVISIONED"]})),
        with(json!({"modelId": "vendor.speech", "inputModalities": ["SPEECH"], "outputModalities": ["SPEECH"]})),
        with(json!({"modelId": "vendor.video", "inputModalities": ["TEXT", "VIDEO", "DOCUMENT"]})),
        with(json!({"modelId": "vendor.limits", "contextWindow": 123_456, "maxTokens": 7890})),
        with(json!({"modelId": " "})),
        with(json!({"modelId": null, "modelName": 7})),
        json!(7),
    ])
}

fn odd_profiles() -> String {
    let application = json!({
        "inferenceProfileId": "a1b2c3d4e5f6", "inferenceProfileName": "Ours", "status": "ACTIVE", "type": "APPLICATION", "description": "a",
        "inferenceProfileArn": "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6",
        "models": [{"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/vendor.model-v1:0"}],
    });
    let inactive = json!({"inferenceProfileId": "us.vendor.model-v1:0", "status": "INACTIVE", "type": "SYSTEM_DEFINED", "models": []});
    profiles_page(&[application, inactive, profile_entry("us.vendor.unlisted-v1:0"), json!({}), json!("a")])
}

fn listing(settings: Settings, models: &[&str], profiles: &[&str]) -> Listing {
    let bodies = |bodies: &[&str]| bodies.iter().map(|body| (*body).to_owned()).collect();
    Listing { settings, pages: listed(bodies(models), bodies(profiles)) }
}

fn denied() -> ApiError {
    ApiError {
        operation: "ListFoundationModels".to_owned(),
        model_id: None,
        region: Some(super::REGION.to_owned()),
        stage: ApiStage::Response,
        status: Some(403),
        code: Some("AccessDeniedException".to_owned()),
        message: Some("User is not authorized to perform: bedrock:ListFoundationModels".to_owned()),
        request_id: None,
        retry_after: None,
    }
}
