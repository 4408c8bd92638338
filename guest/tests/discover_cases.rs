//! Plays the conformance cases of `discover` against the native build of the guest, with a cache in memory.
#![allow(clippy::unwrap_used, reason = "a case file that is not one is to fail loudly")]

use std::collections::BTreeMap;
use std::path::Path;

use quarry_guest::contract::{config, models, types};
use quarry_guest::discover::Listing;
use serde_json::{Map, Value, json};

#[test]
fn every_case_gives_its_catalogs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/discover");
    let mut failed = Vec::new();
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let listings = play(&case["given"]);
        if case["expect"]["listings"] != Value::Array(listings.clone()) {
            failed.push(format!("{}\n{:#}", path.display(), Value::Array(listings)));
        }
        played += 1;
    }
    assert!(played >= 20, "only {played} cases were found");
    assert!(failed.is_empty(), "{} of {played} cases give something else:\n{}", failed.len(), failed.join("\n"));
}

/// What a cache holds: the value, when its listing began, its time to live.
type Cache = BTreeMap<String, (Vec<u8>, u64, u64)>;

/// Plays all listings of a case, one cache for all.
fn play(given: &Value) -> Vec<Value> {
    let mut cache = Cache::new();
    given["listings"].as_array().unwrap().iter().map(|listing| play_one(given, listing, &mut cache)).collect()
}

fn play_one(given: &Value, listing: &Value, cache: &mut Cache) -> Value {
    let of = |name: &str| listing.get(name).unwrap_or(&given[name]);
    let now = listing["at"].as_u64().unwrap();
    let options = models::ListingOptions { refresh: listing["refresh"].as_bool().unwrap_or(false) };
    let mut running = Listing::new(settings(of("settings")), options);
    let mut supplies = Vec::new();
    let mut asked = Vec::new();
    loop {
        let needs = match running.resume(supplies) {
            models::Step::Needs(needs) => needs,
            models::Step::Done(catalog) => {
                let mut outcome = json!({ "catalog": catalog_json(&catalog) });
                put(&mut outcome, "needs", asked.into());
                return outcome;
            }
        };
        asked.push(needs.iter().map(need_text).collect::<Vec<_>>());
        supplies = needs
            .into_iter()
            .map(|need| match need {
                models::Need::CredentialSource => models::Supply::CredentialSource(source(of("credentialSource"))),
                models::Need::CacheRead(key) => models::Supply::Cached(cache.get(&key).map(|(value, began, ttl)| {
                    models::Cached { value: value.clone(), stale: now >= began + ttl, age: now - began }
                })),
                models::Need::CacheWrite(entry) => {
                    cache.insert(entry.key, (entry.value, now, entry.ttl));
                    models::Supply::Stored
                }
                models::Need::FoundationModels(_) => models::Supply::Pages(pages(of("foundationModels"), true)),
                models::Need::InferenceProfiles(_) => models::Supply::Pages(pages(of("inferenceProfiles"), false)),
                models::Need::InferenceProfile(query) => panic!("discovery asks for no profile alone: {query:?}"),
            })
            .collect();
    }
}

fn need_text(need: &models::Need) -> String {
    match need {
        models::Need::CredentialSource => "credential-source".to_owned(),
        models::Need::CacheRead(key) => format!("cache-read {key}"),
        models::Need::CacheWrite(entry) => format!("cache-write {}", entry.key),
        models::Need::FoundationModels(region) => format!("foundation-models {region}"),
        models::Need::InferenceProfiles(region) => format!("inference-profiles {region}"),
        models::Need::InferenceProfile(query) => format!("inference-profile {} {}", query.region, query.identifier),
    }
}

// ---- The given side ----------------------------------------------------------------------------------------------

fn settings(overrides: &Value) -> config::Settings {
    let discovery = &overrides["discovery"];
    config::Settings {
        region: "us-east-1".to_owned(),
        base_url: None,
        auth: "aws-sdk".to_owned(),
        api: "bedrock-converse-stream".to_owned(),
        header_names: Vec::new(),
        models: overrides["models"].as_array().into_iter().flatten().map(model).collect(),
        discovery: config::Discovery {
            enabled: discovery["enabled"].as_bool(),
            region: discovery["region"].as_str().unwrap_or("us-east-1").to_owned(),
            provider_filter: strings(&discovery["providerFilter"]),
            refresh_interval: discovery["refreshInterval"].as_u64().unwrap_or(3600),
            default_context_window: discovery["defaultContextWindow"].as_u64().unwrap_or(32_000),
            default_max_tokens: discovery["defaultMaxTokens"].as_u64().unwrap_or(4_096),
        },
        default_model: None,
        fallback_models: Vec::new(),
        aliases: Vec::new(),
        guardrail: None,
        cache_retention: None,
        origins: Vec::new(),
        extras: Vec::new(),
    }
}

fn model(given: &Value) -> types::Model {
    let price = |name: &str| given["cost"][name].as_f64().unwrap_or(0.0);
    types::Model {
        id: text(&given["id"]).unwrap(),
        name: text(&given["name"]).unwrap(),
        reasoning: given["reasoning"].as_bool().unwrap(),
        input: strings(&given["input"]),
        cost: types::Cost {
            input: price("input"),
            output: price("output"),
            cache_read: price("cacheRead"),
            cache_write: price("cacheWrite"),
            tiers: Vec::new(),
        },
        context_window: given["contextWindow"].as_u64().unwrap(),
        max_tokens: given["maxTokens"].as_u64().unwrap(),
        base_url: None,
        params: None,
        extras: Vec::new(),
    }
}

fn source(given: &Value) -> Option<models::CredentialSource> {
    Some(models::CredentialSource { kind: text(&given["kind"])?, label: text(&given["label"])? })
}

/// `{"error": …}`, `{"bodies": […], "error": …}`, or the body itself (one page) or a list of bodies.
fn pages(given: &Value, one: bool) -> models::Pages {
    let failed = given.get("error").map(api_error);
    let bodies = match given {
        Value::Null => Vec::new(),
        given if failed.is_some() => given["bodies"].as_array().cloned().unwrap_or_default(),
        Value::Array(bodies) if !one => bodies.clone(),
        body => vec![body.clone()],
    };
    // A body given as a string is the text that it is, JSON or not.
    let text = |body: &Value| body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    models::Pages { bodies: bodies.iter().map(text).collect(), failed }
}

fn api_error(given: &Value) -> types::ApiError {
    assert_eq!(given["stage"], "response", "the cases here know answers only");
    types::ApiError {
        operation: text(&given["operation"]).unwrap(),
        model_id: text(&given["modelId"]),
        region: text(&given["region"]),
        stage: types::ApiStage::Response,
        status: given["status"].as_u64().map(|status| u16::try_from(status).unwrap()),
        code: text(&given["code"]),
        message: text(&given["message"]),
        request_id: text(&given["requestId"]),
        retry_after: text(&given["retryAfter"]),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| text(item).unwrap()).collect()
}

// ---- The expected side -------------------------------------------------------------------------------------------

fn catalog_json(catalog: &models::Catalog) -> Value {
    let mut json = json!({ "source": source_word(&catalog.source), "region": catalog.region });
    let left_out = |left_out: &models::LeftOut| json!({ "id": left_out.id, "reason": left_out.reason, "message": left_out.message });
    put(&mut json, "models", catalog.models.iter().map(model_json).collect());
    put(&mut json, "leftOut", catalog.left_out.iter().map(left_out).collect());
    put(&mut json, "failures", catalog.failures.iter().map(failure_json).collect());
    let notice = |notice: &types::Notice| json!({ "kind": notice.kind, "message": notice.message });
    put(&mut json, "notices", catalog.notices.iter().map(notice).collect());
    json
}

/// Puts a member that is not empty.
fn put(json: &mut Value, name: &str, value: Value) {
    if !matches!(&value, Value::Null) && value != json!([]) && value != json!({}) {
        json[name] = value;
    }
}

fn source_word(source: &models::CatalogSource) -> &'static str {
    match source {
        models::CatalogSource::Config => "config",
        models::CatalogSource::Live => "live",
        models::CatalogSource::Cache => "cache",
        models::CatalogSource::StaleCache => "stale-cache",
        models::CatalogSource::Disabled => "disabled",
        models::CatalogSource::Failed => "failed",
    }
}

fn model_json(model: &types::Model) -> Value {
    let mut cost = Map::new();
    let prices = [
        ("input", model.cost.input),
        ("output", model.cost.output),
        ("cacheRead", model.cost.cache_read),
        ("cacheWrite", model.cost.cache_write),
    ];
    cost.extend(prices.iter().filter(|price| price.1 != 0.0).map(|&(name, price)| (name.to_owned(), price.into())));
    let extra = |extra: &types::NamedJson| (extra.name.clone(), serde_json::from_str(&extra.value).unwrap());
    let mut json = json!({
        "id": model.id, "name": model.name, "reasoning": model.reasoning, "input": model.input,
        "contextWindow": model.context_window, "maxTokens": model.max_tokens,
    });
    put(&mut json, "cost", cost.into());
    put(&mut json, "baseUrl", model.base_url.clone().into());
    put(&mut json, "params", model.params.clone().into());
    put(&mut json, "extras", Value::Object(model.extras.iter().map(extra).collect()));
    json
}

fn failure_json(failure: &types::Failure) -> Value {
    let kind = match &failure.kind {
        types::FailureKind::Denied => "denied",
        types::FailureKind::Damaged => "damaged",
        other => panic!("no case here expects {other:?}"),
    };
    let mut json = json!({ "kind": kind, "message": failure.message, "retryable": failure.retryable });
    put(&mut json, "hint", failure.hint.clone().into());
    put(&mut json, "retryAfterMs", failure.retry_after_ms.into());
    put(&mut json, "code", failure.code.clone().into());
    put(&mut json, "status", failure.status.into());
    put(&mut json, "requestId", failure.request_id.clone().into());
    put(&mut json, "suggestions", failure.suggestions.clone().into());
    json
}
