//! Fetching from a control plane that plays a script, and the whole path with the embedded provider.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;
use crate::aws::{AccountIdentity, Region};
use crate::contract::models::CatalogSource;
use crate::contract::types::{ApiError, ApiStage};
use crate::embedded::{EMBEDDED, EMBEDDED_NAME};
use crate::json::settings::default_settings;

mod behind;

/// Answers after a second with the name of the call. The first `failing` calls fail instead, after half a minute.
struct Slow {
    region: Region,
    /// Whether listing foundation models takes an hour.
    stalls: bool,
    calls: AtomicUsize,
    failing: usize,
    account: Option<&'static str>,
}

impl Default for Slow {
    fn default() -> Self {
        Slow { region: region(), stalls: false, calls: AtomicUsize::default(), failing: 0, account: Some("") }
    }
}

fn region() -> Region {
    Region::new("us-east-1").expect("a region")
}

impl ControlPlane for Slow {
    async fn account(&self) -> Option<AccountIdentity> {
        self.account.map(|account| AccountIdentity::of("", "test", account))
    }

    async fn has_credentials(&self) -> bool {
        true
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn call(&self, call: &ControlCall) -> Answer {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let stalls = self.stalls && *call == ControlCall::FoundationModels || number < self.failing;
        sleep(Duration::from_secs(if stalls { 3600 } else { 1 })).await;
        Answer { bodies: vec![format!("{} {}", call.operation(), self.region)], failed: None }
    }
}

fn models() -> Source {
    Source { operation: "ListFoundationModels".to_owned(), parameters: Vec::new() }
}

fn profiles(kind: &str) -> Source {
    let parameters = vec![("type".to_owned(), kind.to_owned())];
    Source { operation: "ListInferenceProfiles".to_owned(), parameters }
}

/// Fetches sources.
async fn fetched(sources: &[Source], ttl: u64, how: &Listing, plane: &Slow, cache: &DiscoveryCache) -> Vec<Pages> {
    Fetching { ttl, how, control_plane: plane, cache }.all(sources).await.expect("they are allowed")
}

/// What the one source of most tests came to: `live`, `cache`, `stale` or `failed`.
async fn state_of(ttl: u64, plane: &Slow, cache: &DiscoveryCache) -> &'static str {
    let pages = fetched(&[models()], ttl, &Listing::default(), plane, cache).await;
    match &pages[0] {
        Pages { failed: None, cached: true, .. } => "cache",
        Pages { failed: None, .. } => "live",
        Pages { earlier: Some(_), .. } => "stale",
        _ => "failed",
    }
}

#[tokio::test(start_paused = true)]
async fn sources_are_fetched_at_once_and_in_order() {
    let sources = [profiles("APPLICATION"), models(), profiles("SYSTEM_DEFINED")];
    let began = Instant::now();
    let plane = Slow::default();
    let pages = fetched(&sources, 60, &Listing::default(), &plane, &DiscoveryCache::default()).await;
    assert_eq!(began.elapsed(), Duration::from_secs(1), "three calls of a second each go out together");
    let of: Vec<_> = pages.iter().map(|pages| (&pages.source, pages.bodies[0].as_str())).collect();
    let (lists, model_list) = ("ListInferenceProfiles us-east-1", "ListFoundationModels us-east-1");
    assert_eq!(of, [(&sources[0], lists), (&sources[1], model_list), (&sources[2], lists)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_stalls_ends_at_its_deadline_and_the_others_count() {
    let began = Instant::now();
    let slow = Slow { stalls: true, ..Slow::default() };
    let sources = [models(), profiles("APPLICATION")];
    let pages = fetched(&sources, 60, &Listing::default(), &slow, &DiscoveryCache::default()).await;
    assert_eq!(began.elapsed(), control_plane::CALL_DEADLINE);
    let error = pages[0].failed.as_ref().expect("it failed");
    assert!(matches!(error.stage, ApiStage::Timeout));
    assert_eq!(error.operation, "ListFoundationModels");
    assert_eq!(pages[1].bodies, ["ListInferenceProfiles us-east-1"]);
}

#[tokio::test]
async fn what_a_provider_may_not_have_called_is_not() {
    let (plane, cache, how) = (Slow::default(), DiscoveryCache::default(), Listing::default());
    let fetching = Fetching { ttl: 0, how: &how, control_plane: &plane, cache: &cache };
    let source = Source { operation: "DeleteInferenceProfile".to_owned(), parameters: Vec::new() };
    assert!(matches!(fetching.all(&[source]).await, Err(DiscoverError::NotAllowed(_))));
    assert!(matches!(fetching.all(&vec![models(); 17]).await, Err(DiscoverError::TooManySources(17))));
    assert_eq!(plane.calls.load(Ordering::SeqCst), 0);
}

/// Runs so many listings at once, each on a task of its own (so the future must be `Send`), and counts them by what they came to:
/// live, cache, failed. Also gives the calls made and the seconds gone by.
async fn together(count: usize, ttl: u64, failing: usize) -> ([usize; 3], usize, u64) {
    let cache = DiscoveryCache::default();
    let slow = Arc::new(Slow { failing, ..Slow::default() });
    let began = Instant::now();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (cache, slow) = (cache.clone(), Arc::clone(&slow));
            tokio::spawn(async move { state_of(ttl, &slow, &cache).await })
        })
        .collect();
    let mut states = [0; 3];
    for task in tasks {
        match task.await.expect("no panic") {
            "live" => states[0] += 1,
            "cache" => states[1] += 1,
            "failed" => states[2] += 1,
            other => panic!("{other}"),
        }
    }
    (states, slow.calls.load(Ordering::SeqCst), began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn listings_of_one_source_at_one_time_are_one() {
    assert_eq!(together(50, 60, 0).await, ([1, 49, 0], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_took_longer_than_its_time_to_live_still_serves_those_that_waited() {
    assert_eq!(together(50, 1, 0).await, ([1, 49, 0], 1, 1));
    assert_eq!(together(50, u64::MAX, 0).await, ([1, 49, 0], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_one_of_those_that_waited_takes_over() {
    // The first call fails after 30 seconds, the second takes one.
    assert_eq!(together(50, 60, 1).await, ([1, 48, 1], 2, 31));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_is_dropped_lets_the_next_one_go() {
    let (cache, slow) = (DiscoveryCache::default(), Slow::default());
    let dropped = tokio::time::timeout(Duration::from_millis(500), state_of(60, &slow, &cache)).await;
    assert!(dropped.is_err());
    assert_eq!(state_of(60, &slow, &cache).await, "live");
    assert_eq!(slow.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn pages_past_their_time_stand_in_where_the_api_fails() {
    let cache = DiscoveryCache::default();
    assert_eq!(state_of(60, &Slow::default(), &cache).await, "live");
    tokio::time::advance(Duration::from_secs(60)).await;
    let failing = Slow { failing: 1, ..Slow::default() };
    let pages = fetched(&[models()], 60, &Listing::default(), &failing, &cache).await;
    let earlier = pages[0].earlier.as_ref().expect("they are there");
    assert_eq!((earlier.bodies.as_slice(), earlier.age), (&["ListFoundationModels us-east-1".to_owned()][..], 61));
    assert_eq!(state_of(60, &failing, &cache).await, "live");
    assert_eq!(state_of(60, &failing, &cache).await, "cache");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_lists_anew_and_keeps_it_and_offline_lists_nothing() {
    let (cache, slow) = (DiscoveryCache::default(), Slow::default());
    let offline = Listing { offline: true, ..Listing::default() };
    let pages = fetched(&[models()], 60, &offline, &slow, &cache).await;
    assert!(pages[0].bodies.is_empty() && pages[0].failed.is_none());
    assert_eq!(slow.calls.load(Ordering::SeqCst), 0);
    assert_eq!(state_of(60, &slow, &cache).await, "live");
    tokio::time::advance(Duration::from_secs(50)).await;
    let refresh = Listing { refresh: true, ..Listing::default() };
    assert!(!fetched(&[models()], 60, &refresh, &slow, &cache).await[0].cached);
    tokio::time::advance(Duration::from_secs(50)).await;
    assert_eq!(state_of(60, &slow, &cache).await, "cache", "the time to live counts from the refresh");
    tokio::time::advance(Duration::from_secs(50)).await;
    assert!(
        fetched(&[models()], 60, &offline, &slow, &cache).await[0].cached,
        "offline, old pages are better than none"
    );
    assert_eq!(slow.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_time_to_live_nothing_is_kept() {
    let (cache, slow) = (DiscoveryCache::default(), Slow::default());
    for _ in 0..2 {
        assert_eq!(state_of(0, &slow, &cache).await, "live");
    }
}

/// A control plane with one model and two profiles of it, of which no listing shows the second.
struct OneModel {
    region: Region,
    /// Whether the profiles of the account may not be listed.
    denies: bool,
    calls: AtomicUsize,
}

const APPLICATION: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1";
const HIDDEN: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0b2";

fn profile(id: &str, kind: &str, arn: &str) -> String {
    format!(
        r#"{{"inferenceProfileId":"{id}","status":"ACTIVE","type":"{kind}","inferenceProfileArn":"{arn}",
            "models":[{{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}}]}}"#
    )
}

impl ControlPlane for OneModel {
    async fn account(&self) -> Option<AccountIdentity> {
        Some(AccountIdentity::of("", "test", "one"))
    }

    async fn has_credentials(&self) -> bool {
        true
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn call(&self, call: &ControlCall) -> Answer {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let profiles = |profile: String| format!(r#"{{"inferenceProfileSummaries":[{profile}]}}"#);
        let body = match call {
            ControlCall::FoundationModels => r#"{"modelSummaries":[{"modelId":"amazon.nova-lite-v1:0",
                "modelName":"Nova Lite","inputModalities":["TEXT","IMAGE"],"outputModalities":["TEXT"],
                "responseStreamingSupported":true,"modelLifecycle":{"status":"ACTIVE"}}]}"#
                .to_owned(),
            ControlCall::InferenceProfiles(kind) if kind == "APPLICATION" && self.denies => {
                return Answer { bodies: Vec::new(), failed: Some(denied()) };
            }
            ControlCall::InferenceProfiles(kind) if kind == "APPLICATION" => {
                profiles(profile("q7simteam0a1", kind, APPLICATION))
            }
            ControlCall::InferenceProfiles(kind) => profiles(profile("us.amazon.nova-lite-v1:0", kind, "")),
            ControlCall::InferenceProfile(_) => profile("q7simteam0b2", "APPLICATION", HIDDEN),
        };
        Answer { bodies: vec![body], failed: None }
    }
}

fn denied() -> ApiError {
    ApiError {
        operation: "ListInferenceProfiles".to_owned(),
        model_id: None,
        region: Some(region().to_string()),
        stage: ApiStage::Response,
        status: Some(403),
        code: Some("AccessDeniedException".to_owned()),
        message: None,
        request_id: None,
        retry_after: None,
    }
}

fn embedded() -> Arc<crate::provider::Generation> {
    let engine = Arc::new(crate::provider::Host::new(crate::provider::Limits::default()).expect("an engine"));
    // The tests of the whole workspace have one cache, TARGET/tmp: an unoptimised compiler needs many seconds for the component.
    // This test lies in TARGET/PROFILE/deps.
    let test = std::env::current_exe().expect("a test has a file");
    let target = test.ancestors().nth(3).expect("it lies in TARGET");
    let cache = crate::provider::AotCache::new(target.join("tmp/quarry-cache/aot"));
    crate::provider::Generation::load(&engine, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the embedded component")
}

/// The component that the binary is built with, through the whole path: the first listing asks the API, the second gets the
/// same models out of the cache, and a profile that no listing shows is looked up once.
#[tokio::test]
async fn the_embedded_provider_lists_and_looks_up() {
    let generation = embedded();
    let plane = OneModel { region: region(), denies: false, calls: AtomicUsize::new(0) };
    let cache = DiscoveryCache::default();
    let settings = default_settings();
    let list = async |how: Listing| {
        let session = generation.session().expect("a session");
        discover(session, &settings, how, &plane, &cache).await.expect("a catalog")
    };
    let (first, second) = (list(Listing::default()).await, list(Listing::default()).await);
    let ids: Vec<_> = first.catalog.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["amazon.nova-lite-v1:0", APPLICATION, "us.amazon.nova-lite-v1:0"]);
    assert_eq!(first.catalog.models[1].input, ["text", "image"]);
    assert_eq!((first.catalog.source, second.catalog.source), (CatalogSource::Live, CatalogSource::Cache));
    assert_eq!(first.catalog.models, second.catalog.models);
    assert_eq!(plane.calls.load(Ordering::SeqCst), 3);

    let mut session = second.session;
    let mut resolve = |name: &str, rows: &[crate::contract::types::Model]| {
        session.resolve(&[name.to_owned()], &settings, rows).expect("it returns").pop().flatten().expect("a model")
    };
    assert_eq!(resolve("q7simteam0a1", &first.catalog.models).model.id, APPLICATION);
    let lookup = resolve("q7simteam0b2", &first.catalog.models).lookup;
    assert!(lookup.is_some());
    for _ in 0..2 {
        let rows = list(Listing { lookup: lookup.clone(), ..Listing::default() }).await.catalog.models;
        let found = resolve("Amazon-Bedrock/q7simteam0b2", &rows);
        assert_eq!((found.model.id.as_str(), found.lookup), (HIDDEN, None));
        assert_eq!(told::text(&found.model, "baseModelId").as_deref(), Some("amazon.nova-lite-v1:0"));
    }
    assert_eq!(plane.calls.load(Ordering::SeqCst), 4);
}

/// What lies in a shared cache may be anybody's: pages that this version cannot read are listed again.
#[tokio::test]
async fn cached_pages_that_cannot_be_read_are_listed_again() {
    let generation = embedded();
    let plane = OneModel { region: region(), denies: false, calls: AtomicUsize::new(0) };
    let account = plane.account().await.expect("it is known");
    for value in [&br#"["<html>"]"#[..], br#"["{}"]"#, b"no list of pages", br#"[]"#] {
        let cache = DiscoveryCache::default();
        let key = format!("{account} us-east-1 ListFoundationModels");
        cache.store(CacheEntry { key, ttl: 3600, value: value.to_vec() }, cache.now());
        let session = generation.session().expect("a session");
        let listed =
            discover(session, &default_settings(), Listing::default(), &plane, &cache).await.expect("a catalog");
        assert_eq!((listed.catalog.source, listed.catalog.models.len()), (CatalogSource::Live, 3));
        assert!(listed.catalog.failures.is_empty());
    }
}

#[tokio::test]
async fn a_source_that_is_refused_costs_the_others_nothing() {
    let generation = embedded();
    let plane = OneModel { region: region(), denies: true, calls: AtomicUsize::new(0) };
    let cache = DiscoveryCache::default();
    for calls in [3, 4] {
        let session = generation.session().expect("a session");
        let listed =
            discover(session, &default_settings(), Listing::default(), &plane, &cache).await.expect("a catalog");
        assert_eq!((listed.catalog.models.len(), listed.catalog.failures.len()), (2, 1));
        assert_eq!(plane.calls.load(Ordering::SeqCst), calls, "what came is cached");
    }
}
