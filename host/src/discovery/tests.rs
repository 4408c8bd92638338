//! The driver, with a provider and a control plane that play a script.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;
use crate::aws::Region;
use crate::contract::config::Settings;
use crate::contract::models::{CacheEntry, CatalogSource, ListingOptions, Pages};
use crate::contract::types::ApiStage;
use crate::json::settings::default_settings;

mod behind;

#[derive(Debug, thiserror::Error)]
#[error("trap")]
struct Trap;

/// Asks for the lists of the script, keeps what it was given, and is done.
struct Scripted {
    script: std::vec::IntoIter<Vec<Need>>,
    given: Vec<Vec<Supply>>,
}

impl Scripted {
    fn new(script: Vec<Vec<Need>>) -> Self {
        Scripted { script: script.into_iter(), given: Vec::new() }
    }
}

impl ListingStepper for Scripted {
    type Error = Trap;

    async fn resume(&mut self, supplies: Vec<Supply>) -> Result<Step, Trap> {
        self.given.push(supplies);
        Ok(self.script.next().map_or_else(|| Step::Done(catalog(CatalogSource::Live)), Step::Needs))
    }
}

/// Reads the cache; lists and stores where it finds nothing fresh, unless the API fails. As the built-in provider does.
#[derive(Default)]
struct Caching {
    waits_for: usize,
    ttl: u64,
}

impl ListingStepper for Caching {
    type Error = Trap;

    async fn resume(&mut self, supplies: Vec<Supply>) -> Result<Step, Trap> {
        self.waits_for += 1;
        Ok(match (self.waits_for, &supplies[..]) {
            (1, []) => Step::Needs(vec![Need::CacheRead("key".to_owned())]),
            (2, [Supply::Cached(Some(cached))]) if !cached.stale => Step::Done(catalog(CatalogSource::Cache)),
            (2, [Supply::Cached(_)]) => Step::Needs(vec![Need::FoundationModels]),
            (3, [Supply::Pages(pages)]) if pages.failed.is_some() => Step::Done(catalog(CatalogSource::Failed)),
            (3, [Supply::Pages(_)]) => Step::Needs(vec![write("key", self.ttl, b"value")]),
            (4, [Supply::Stored]) => Step::Done(catalog(CatalogSource::Live)),
            (step, supplies) => panic!("step {step} was given {supplies:?}"),
        })
    }
}

fn catalog(source: CatalogSource) -> Catalog {
    Catalog { models: vec![], left_out: vec![], source, failures: vec![], notices: vec![] }
}

fn write(key: &str, ttl: u64, value: &[u8]) -> Need {
    Need::CacheWrite(CacheEntry { key: key.to_owned(), ttl, value: value.to_vec() })
}

/// Answers after a second with the name of the call. The first `failing` calls fail instead.
struct Slow {
    region: Region,
    /// Whether listing foundation models takes an hour.
    stalls: bool,
    calls: AtomicUsize,
    failing: usize,
    account: &'static str,
}

impl Default for Slow {
    fn default() -> Self {
        Slow { region: region(), stalls: false, calls: AtomicUsize::default(), failing: 0, account: "" }
    }
}

fn region() -> Region {
    Region::new("us-east-1").expect("a region")
}

fn options() -> ListingOptions {
    ListingOptions { region: region().to_string(), refresh: false }
}

impl Slow {
    async fn answer(&self, body: String) -> Pages {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_secs(if self.stalls && body.contains("models") { 3600 } else { 1 })).await;
        if call < self.failing {
            let never = std::future::pending::<Pages>();
            return within_deadline(Operation::ListFoundationModels, ControlPlane::region(self), never).await;
        }
        Pages { bodies: vec![body], failed: None }
    }
}

impl ControlPlane for Slow {
    async fn account(&self) -> Option<AccountIdentity> {
        Some(AccountIdentity::of("", "test", self.account))
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn foundation_models(&self) -> Pages {
        self.answer(format!("models {}", self.region)).await
    }

    async fn inference_profiles(&self) -> Pages {
        self.answer(format!("profiles {}", self.region)).await
    }
}

fn bodies(supply: &Supply) -> &[String] {
    match supply {
        Supply::Pages(pages) => &pages.bodies,
        other => panic!("{other:?} is no pages"),
    }
}

#[tokio::test(start_paused = true)]
async fn needs_of_a_step_are_got_at_once_and_in_order() {
    let mut provider = Scripted::new(vec![
        vec![Need::CredentialSource],
        vec![
            Need::InferenceProfiles,
            Need::CacheRead("key".to_owned()),
            Need::FoundationModels,
            Need::InferenceProfiles,
        ],
        vec![write("key", 60, b"value")],
        vec![Need::CacheRead("key".to_owned())],
    ]);
    let source = CredentialSource { kind: "profile".to_owned(), label: "env: AWS_PROFILE".to_owned() };
    let began = Instant::now();
    let cache = DiscoveryCache::default();
    let catalog = discover(&mut provider, &Slow::default(), Some(source.clone()), &cache).await.expect("a catalog");
    assert_eq!(catalog.source, CatalogSource::Live);
    assert_eq!(began.elapsed(), Duration::from_secs(1), "three calls of a second each go out together");
    assert_eq!(provider.given[0], []);
    assert_eq!(provider.given[1], [Supply::CredentialSource(Some(source))]);
    assert_eq!(bodies(&provider.given[2][0]), ["profiles us-east-1"]);
    assert_eq!(provider.given[2][1], Supply::Cached(None));
    assert_eq!(bodies(&provider.given[2][2]), ["models us-east-1"]);
    assert_eq!(bodies(&provider.given[2][3]), ["profiles us-east-1"]);
    assert_eq!(provider.given[3], [Supply::Stored]);
    assert_eq!(provider.given[4], [Supply::Cached(Some(Cached { value: b"value".to_vec(), stale: false, age: 1 }))]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_stalls_ends_at_its_deadline_and_the_others_count() {
    let mut provider = Scripted::new(vec![vec![Need::FoundationModels, Need::InferenceProfiles]]);
    let began = Instant::now();
    let slow = Slow { stalls: true, ..Slow::default() };
    discover(&mut provider, &slow, None, &DiscoveryCache::default()).await.expect("a catalog");
    assert_eq!(began.elapsed(), control_plane::NEED_DEADLINE);
    let Supply::Pages(pages) = &provider.given[1][0] else { panic!("pages were asked for") };
    let error = pages.failed.as_ref().expect("it failed");
    assert!(matches!(error.stage, ApiStage::Timeout));
    assert_eq!(error.operation, "ListFoundationModels");
    assert_eq!(bodies(&provider.given[1][1]), ["profiles us-east-1"]);
}

#[tokio::test]
async fn a_provider_that_asks_on_and_on_is_stopped() {
    let mut provider = Scripted::new(vec![vec![Need::CredentialSource]; MOST_STEPS]);
    let stopped = discover(&mut provider, &Slow::default(), None, &DiscoveryCache::default()).await;
    assert!(matches!(stopped, Err(DiscoverError::TooManySteps)));
    let mut provider = Scripted::new(vec![vec![Need::CredentialSource; MOST_NEEDS + 1]]);
    let stopped = discover(&mut provider, &Slow::default(), None, &DiscoveryCache::default()).await;
    assert!(matches!(stopped, Err(DiscoverError::TooManyNeeds(65))));
}

/// Runs so many listings at once, each on a task of its own (so the future has to be `Send`), and counts the catalogs by
/// source: live, cache, failed. Also gives the calls made and the seconds gone by.
async fn together(count: usize, ttl: u64, failing: usize) -> ([usize; 3], usize, u64) {
    let cache = DiscoveryCache::default();
    let slow = std::sync::Arc::new(Slow { failing, ..Slow::default() });
    let began = Instant::now();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (cache, slow) = (cache.clone(), slow.clone());
            tokio::spawn(async move {
                let mut provider = Caching { ttl, ..Caching::default() };
                discover(&mut provider, &*slow, None, &cache).await.expect("a catalog").source
            })
        })
        .collect();
    let mut sources = [0; 3];
    for task in tasks {
        match task.await.expect("no panic") {
            CatalogSource::Live => sources[0] += 1,
            CatalogSource::Cache => sources[1] += 1,
            CatalogSource::Failed => sources[2] += 1,
            other => panic!("{other:?}"),
        }
    }
    (sources, slow.calls.load(Ordering::SeqCst), began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn listings_of_one_key_at_one_time_are_one() {
    assert_eq!(together(50, 60, 0).await, ([1, 49, 0], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_took_longer_than_its_time_to_live_still_serves_those_that_waited() {
    assert_eq!(together(50, 0, 0).await, ([1, 49, 0], 1, 1));
    assert_eq!(together(50, u64::MAX, 0).await, ([1, 49, 0], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_one_of_those_that_waited_takes_over() {
    // The first call fails after 31 seconds, the second takes one.
    assert_eq!(together(50, 60, 1).await, ([1, 48, 1], 2, 31));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_is_dropped_lets_the_next_one_go() {
    let cache = DiscoveryCache::default();
    let slow = Slow::default();
    let (mut first, mut second) = (Caching::default(), Caching::default());
    let dropped = tokio::time::timeout(Duration::from_millis(500), discover(&mut first, &slow, None, &cache)).await;
    assert!(dropped.is_err());
    let catalog = discover(&mut second, &slow, None, &cache).await.expect("a catalog");
    assert_eq!(catalog.source, CatalogSource::Live);
    assert_eq!(slow.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn listings_that_read_keys_crosswise_do_not_wait_for_each_other() {
    let cache = DiscoveryCache::default();
    let read = |key: &str| vec![Need::CacheRead(key.to_owned())];
    let call = || vec![Need::FoundationModels];
    let mut one = Scripted::new(vec![read("a"), call(), read("b"), read("a")]);
    let mut other = Scripted::new(vec![read("b"), call(), read("a"), read("b")]);
    let slow = Slow::default();
    let both =
        async { tokio::join!(discover(&mut one, &slow, None, &cache), discover(&mut other, &slow, None, &cache)) };
    let (one, other) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("neither waits for ever");
    assert!(one.is_ok() && other.is_ok());
}

/// A control plane with one model, and a profile of it.
struct OneModel {
    region: Region,
    calls: AtomicUsize,
}

impl ControlPlane for OneModel {
    async fn account(&self) -> Option<AccountIdentity> {
        Some(AccountIdentity::of("", "test", "one"))
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn foundation_models(&self) -> Pages {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let body = r#"{"modelSummaries":[{"modelId":"amazon.nova-lite-v1:0","modelName":"Nova Lite",
            "inputModalities":["TEXT","IMAGE"],"outputModalities":["TEXT"],"responseStreamingSupported":true,
            "modelLifecycle":{"status":"ACTIVE"}}]}"#;
        Pages { bodies: vec![body.to_owned()], failed: None }
    }

    async fn inference_profiles(&self) -> Pages {
        let body = r#"{"inferenceProfileSummaries":[{"inferenceProfileId":"us.amazon.nova-lite-v1:0","status":"ACTIVE",
            "models":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}]}]}"#;
        Pages { bodies: vec![body.to_owned()], failed: None }
    }
}

/// The component that the binary is built with, through the whole path: the first listing asks the API, the second gets the
/// same models out of the cache.
#[tokio::test]
async fn the_embedded_provider_lists_and_caches() {
    let engine =
        std::sync::Arc::new(crate::provider::Host::new(crate::provider::Limits::default()).expect("an engine"));
    // The tests of the whole workspace have one cache, TARGET/tmp: an unoptimised compiler needs many seconds for the component,
    // which lies in TARGET/PROFILE/build/PACKAGE-HASH/out.
    let target = std::path::Path::new(env!("QUARRY_GUEST_COMPONENT")).ancestors().nth(5).expect("it lies in TARGET");
    let cache = crate::provider::AotCache::new(target.join("tmp/quarry-cache/aot"));
    let generation = crate::provider::Generation::embedded(&engine, Some(&cache)).expect("the embedded component");
    let plane = OneModel { region: region(), calls: AtomicUsize::new(0) };
    let cache = DiscoveryCache::default();
    let mut catalogs = Vec::new();
    for _ in 0..2 {
        let session = generation.session().expect("a session");
        let mut listing = listing::SessionListing::open(session, &settings(), options()).expect("a listing");
        catalogs.push(discover(&mut listing, &plane, None, &cache).await.expect("a catalog"));
        assert!(listing.into_session().is_some(), "the session is there for other calls");
    }
    let ids: Vec<_> = catalogs[0].models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"]);
    assert_eq!(catalogs[0].models[1].input, ["text", "image"]);
    assert_eq!((catalogs[0].source, catalogs[1].source), (CatalogSource::Live, CatalogSource::Cache));
    assert_eq!(catalogs[0].models, catalogs[1].models);
    assert_eq!(plane.calls.load(Ordering::SeqCst), 1);
}

fn settings() -> Settings {
    let mut settings = default_settings();
    settings.discovery.enabled = Some(true);
    settings
}
