//! What is looked at before anything of a component is parsed: whether it is the one that was asked for, and whose it is.

use std::fs;

use quarry_provider_host::Digest;

use super::guests::Guest;
use super::place::Place;
use super::refusals::refused;
use super::streams::Stream;
use crate::fake::{Fake, manifest_of, ok};
use crate::signing::Keys;

/// `quarry.provider` with a key that is trusted.
fn trusting(keys: &Keys) -> String {
    let public = keys.public();
    format!("provider: {{ signers: ['{}'] }}", public.lines().last().expect("the key is the second line"))
}

#[test]
#[ignore = "peers: minisign"]
fn who_trusts_a_key_is_served_by_what_it_signed_and_nothing_else() {
    let place = Place::new();
    let (keys, others) = (Keys::generate(), Keys::generate());
    let guest = Guest::unruly(place.folder());
    let gateway = place.start_configured(&trusting(&keys));

    refused(&place, &guest, "signature", &["the provider is not signed", "minisign -Sm"]);
    others.sign_as("unruly 0.1.0", &guest.file, "");
    refused(&place, &guest, "signature", &["is signed by key", "trusts"]);
    keys.sign(&guest.file, &[]);
    refused(&place, &guest, "signature", &["it does not name its provider", "--trusted-comment"]);
    keys.sign_as("unruly 0.1.0", &guest.file, "");
    // The signature of another component does not fit, and nothing else of this one is looked at: it is none.
    let bytes = fs::read(&guest.file).expect("it was written");
    let changed = Guest::written(place.folder(), "changed.wasm", &[&bytes[..100], b"no component any more"].concat());
    fs::copy(place.folder().join("unruly.wasm.minisig"), place.folder().join("changed.wasm.minisig"))
        .expect("minisign put it there");
    refused(&place, &changed, "signature", &["signature"]);
    fs::write(place.folder().join("changed.wasm.minisig"), "no signature").expect("it can be written");
    refused(&place, &changed, "signature", &["the signature is damaged"]);
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    assert_eq!(gateway.log().matches("a provider version was activated").count(), 0);

    place.activate(&guest);
    assert_eq!(place.serving(), guest.digest);
    let told = place.journal();
    let signed = told.iter().find(|line| line["step"] == "signature" && line["failure"].is_null());
    assert!(signed.is_some_and(|line| line["detail"].as_str().is_some_and(|by| by.starts_with("signed by key "))));
    // The one in the binary needs no signature, and the way back is open.
    place.provider(&["rollback"]).well();
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}

#[test]
fn what_is_not_the_one_that_was_asked_for_by_its_digest_is_refused_for_that() {
    let place = Place::new();
    let gateway = place.start();
    let component = b"bytes that nobody parses";
    let other = Fake::with_manifest(manifest_of(component), |_| ok(b"BYTES that nobody parses"));
    let manifest = Digest::of(manifest_of(component).to_string().as_bytes());
    let pinned = format!("{}@sha256:{manifest}", other.source());
    refused_by_digest(&place, &pinned, "the component should be sha256:");
    let moved = format!("{}@sha256:{}", other.source(), Digest::of(b"another manifest"));
    refused_by_digest(&place, &moved, "the manifest should be sha256:");

    // One that this machine keeps, and that was changed since.
    let kept = Digest::of(b"what it was");
    let folder = place.folder().join("state/components");
    fs::write(folder.join(format!("{kept}.wasm")), b"what it became").expect("it can be written");
    refused_by_digest(&place, &kept.to_string(), "is damaged: its SHA-256 is");
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}

/// Checks that a version is refused at the step `digest`, with these words.
fn refused_by_digest(place: &Place, version: &str, words: &str) {
    let served = place.serving();
    let error = place.admin().activate(version).expect_err("it is another one").to_string();
    assert!(error.contains("refused at `digest`") && error.contains(words), "{version}: {error}");
    assert_eq!(place.serving(), served, "the version before goes on serving");
    let journal = place.journal();
    let receipt = journal.last().expect("there is a receipt");
    assert_eq!((&receipt["event"], &receipt["step"]), (&"step".into(), &"digest".into()), "{receipt}");
    assert!(receipt["failure"].as_str().is_some_and(|failure| failure.contains(words)), "{receipt}");
}
