//! Pushed with ours and pulled with ours, and each with oras on the other side.

use std::fs;

use quarry_provider_host::Digest;
use quarry_versions::source::{RegistryError, Source};
use serde_json::{Value, json};

use crate::packages;
use crate::registry::{PASSWORD, Registry, USER, fetch, fetch_as, fetch_within, push, push_as, registry_error};

/// Bytes that nothing parses, of a size that takes several reads.
fn component(seed: u8) -> Vec<u8> {
    (0..300_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed).collect()
}

fn oras(arguments: &[&str]) -> Value {
    let output = packages::script("oras_with_the_registry.py").args(arguments).output().expect("Python runs");
    assert!(output.status.success(), "{}", packages::text(&output));
    let last = String::from_utf8_lossy(&output.stdout).lines().last().map(str::to_owned).unwrap_or_default();
    serde_json::from_str(&last).unwrap_or_else(|error| panic!("{error}: {}", packages::text(&output)))
}

#[tokio::test]
#[ignore = "peers: docker-registry"]
async fn what_is_pushed_is_pulled_by_tag_and_by_digest() {
    let registry = Registry::start();
    let (one, two) = (component(1), component(2));
    let tag = registry.source("quarry/provider:v1");
    let pushed = push(&tag, &one, Some("signed\n")).await;
    assert_eq!(pushed.component, Digest::of(&one));
    let fetched = fetch(&tag).await.expect("it is there");
    assert_eq!((fetched.bytes == one, fetched.digest), (true, Digest::of(&one)));
    assert_eq!(fetched.signature.as_deref(), Some("signed\n"));
    let pinned = fetched.resolved;
    assert_eq!(pinned, Source::Oci(pushed.reference.clone()));
    assert!(pinned.to_string().starts_with(&format!("{tag}@sha256:")), "{pinned}");
    // The same again makes the same manifest.
    assert_eq!(push(&tag, &one, Some("signed\n")).await, pushed);
    // The tag moves on; what was pinned stays.
    let moved = push(&tag, &two, None).await;
    assert_ne!(moved.reference, pushed.reference);
    let fetched = fetch(&tag).await.expect("it is there");
    assert_eq!((fetched.bytes == two, fetched.signature), (true, None));
    assert!(fetch(&pinned).await.expect("it is there").bytes == one);
    // By digest alone.
    let digest = pushed.reference.digest().expect("it is pinned");
    let by_digest = registry.source(&format!("quarry/provider@{digest:?}"));
    let fetched = fetch(&by_digest).await.expect("it is there");
    assert_eq!((fetched.bytes == one, fetched.resolved), (true, by_digest));
}

#[tokio::test]
#[ignore = "peers: docker-registry, Python"]
async fn oras_pulls_what_quarry_pushed() {
    let registry = Registry::start();
    let pushed = push(&registry.source("quarry/provider:v1"), &component(3), Some("signed\n")).await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let folder = folder.path().to_str().expect("it is text");
    let digest = pushed.reference.digest().expect("it is pinned");
    for target in
        [format!("{}/quarry/provider:v1", registry.host), format!("{}/quarry/provider@{digest:?}", registry.host)]
    {
        let pulled = oras(&["pull", &target, folder]);
        assert_eq!(pulled["files"], json!({"provider.wasm": pushed.component.to_string()}));
        assert_eq!(pulled["digest"], format!("{digest:?}"));
        let manifest = &pulled["manifest"];
        assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
        assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
        assert_eq!(manifest["annotations"], json!({"quarry.minisign.signature": "signed\n"}));
        assert_eq!(pulled["config"]["layerDigests"], json!([format!("{:?}", pushed.component)]));
        assert_eq!(pulled["config"]["component"]["exports"], json!(["quarry:provider/about@0.1.0"]));
    }
}

#[tokio::test]
#[ignore = "peers: docker-registry, Python"]
async fn quarry_pulls_what_oras_pushed() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("it can be written");
        path.to_str().expect("it is text").to_owned()
    };
    let one = component(4);
    let (file, config, signature) =
        (write("one.wasm", &one), write("config.json", b"{}"), write("one.minisig", b"signed\n"));
    let target = format!("{}/theirs:v1", registry.host);
    let pushed = oras(&["push", &target, &file, &config, &signature]);
    let fetched = fetch(&registry.source("theirs:v1")).await.expect("it is there");
    assert_eq!((fetched.bytes == one, fetched.signature.as_deref()), (true, Some("signed\n")));
    let digest = pushed["digest"].as_str().expect("a digest");
    assert_eq!(fetched.resolved, registry.source(&format!("theirs:v1@{digest}")));
    oras(&["push", &target, &file, &config]);
    assert_eq!(fetch(&registry.source("theirs:v1")).await.expect("it is there").signature, None);
}

#[tokio::test]
#[ignore = "peers: docker-registry"]
async fn a_registry_with_a_login_takes_ours_and_no_other() {
    let registry = Registry::with_login();
    let tag = registry.source("private/provider:v1");
    let alice = [("QUARRY_REGISTRY_USER", USER), ("QUARRY_REGISTRY_PASSWORD", PASSWORD)];
    let mallory = [("QUARRY_REGISTRY_USER", USER), ("QUARRY_REGISTRY_PASSWORD", "open barley")];
    let limit = 1 << 20;
    let one = component(5);
    let anonymous = push_as(&[], &tag, &one, None).await.expect_err("nobody may push");
    assert!(matches!(anonymous, RegistryError::Denied { status: 401, .. }), "{anonymous}");
    push_as(&alice, &tag, &one, None).await.expect("alice may push");
    assert!(fetch_as(&alice, &tag, limit).await.expect("alice may pull").bytes == one);

    let anonymous = registry_error(fetch(&tag).await).to_string();
    assert!(
        anonymous.contains("401") && anonymous.contains("no credentials were found: run `docker login`"),
        "{anonymous}"
    );
    let wrong = registry_error(fetch_as(&mallory, &tag, limit).await).to_string();
    assert!(wrong.contains("the credentials are wrong") && !wrong.contains("barley"), "{wrong}");

    // As `docker login` leaves it.
    let docker = tempfile::tempdir().expect("a folder can be made");
    let login = json!({"auths": {&registry.host: {"username": USER, "password": PASSWORD}}});
    fs::write(docker.path().join("config.json"), login.to_string()).expect("it can be written");
    let folder = docker.path().to_str().expect("it is text");
    assert!(fetch_as(&[("DOCKER_CONFIG", folder)], &tag, limit).await.expect("alice may pull").bytes == one);
}

#[tokio::test]
#[ignore = "peers: docker-registry"]
async fn what_is_missing_too_large_or_changed_is_told() {
    let registry = Registry::start();
    let one = component(6);
    let pushed = push(&registry.source("a:v1"), &one, None).await;
    let nowhere = format!("a@{:?}", Digest::of(b"another"));
    for missing in ["a:v2", "b:v1", &nowhere] {
        let source = registry.source(missing);
        let error = registry_error(fetch(&source).await);
        assert_eq!(error.to_string(), format!("{source} does not exist"));
        assert!(matches!(error, RegistryError::NotFound { .. }));
    }
    let tag = registry.source("a:v1");
    assert!(fetch_within(&tag, one.len()).await.is_ok());
    let large = registry_error(fetch_within(&tag, one.len() - 1).await);
    assert_eq!(large.to_string(), format!("{tag}: the component has more than 299999 bytes, the limit"));

    let change = |digest: &Digest| {
        let path = registry.blob(digest);
        let mut bytes = fs::read(&path).expect("the registry keeps it");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).expect("it can be written");
        Digest::of(&bytes)
    };
    let found = change(&pushed.component);
    let changed = registry_error(fetch(&tag).await);
    assert_eq!(changed.to_string(), format!("{tag}: the component should be {:?}, and is {found:?}", pushed.component));
    assert!(matches!(changed, RegistryError::Digest { what: "component", .. }));

    let manifest = *pushed.reference.digest().expect("it is pinned");
    change(&manifest);
    let pinned = Source::Oci(pushed.reference);
    let refused = fetch(&pinned).await.expect_err("it was changed");
    // The registry may notice it before we do.
    assert!(refused.to_string().starts_with(&pinned.to_string()), "{refused}");
}

#[tokio::test]
#[ignore = "peers: docker-registry"]
async fn a_push_needs_a_tag_and_makes_the_digest() {
    let registry = Registry::start();
    let digest = Digest::of(b"x");
    for to in [format!("a@{digest:?}"), format!("a:v1@{digest:?}")] {
        let refused = push_as(&[], &registry.source(&to), b"x", None).await;
        assert!(matches!(refused, Err(RegistryError::PushTarget { .. })), "{refused:?}");
    }
    // The largest that is taken, in one piece.
    let large = vec![7; 32 << 20];
    push(&registry.source("large:v1"), &large, None).await;
    assert!(fetch(&registry.source("large:v1")).await.expect("it is there").bytes == large);
}
