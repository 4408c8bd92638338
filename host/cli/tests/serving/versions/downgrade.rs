//! Signatures say what they are for: one of an older version, of another component or of another time does not count.

use std::fs;

use super::guests::Guest;
use super::place::Place;
use super::refusals::refused;
use crate::signing::Keys;

const NEW: &str = "unruly 0.1.0";
const OLD: &str = "unruly 0.0.9";

/// `quarry.provider` with the key, and more.
fn trusting(keys: &Keys, more: &str) -> String {
    let public = keys.public();
    format!("provider: {{ signers: ['{}'], {more} }}", public.lines().last().expect("the second line"))
}

#[test]
#[ignore = "peers: minisign"]
fn an_older_version_with_its_own_signature_takes_nobodys_place_unasked() {
    let place = Place::new();
    let keys = Keys::generate();
    let (new, old) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "older"));
    keys.sign_as(NEW, &new.file, "");
    keys.sign_as(OLD, &old.file, "");
    let path = |guest: &Guest| guest.file.to_str().expect("a plain path").to_owned();
    let (new_file, old_file) = (path(&new), path(&old));
    let folder = place.folder().join("providers");
    fs::create_dir(&folder).expect("it can be made");
    let watching = format!("watch: {:?}", folder.to_str().expect("a plain path"));
    let gateway = place.start_configured(&trusting(&keys, &watching));
    place.activate(&new);

    // The scene of the replay: the newest file of the folder is an older component, signed by the key that is trusted.
    fs::copy(place.folder().join("older.wasm.minisig"), folder.join("older.wasm.minisig")).expect("it is there");
    fs::copy(&old.file, folder.join("older.wasm")).expect("it can be copied");
    gateway.wait_for_log("a component of the watched folder was not activated", 1);
    let older = "unruly 0.0.9 is older than unruly 0.1.0, which was active before";
    assert!(gateway.log().contains(older), "{}", gateway.log());
    let ways: [&[&str]; 3] =
        [&["activate", &old_file], &["activate", &old.digest[..12]], &["canary", &old_file, "--share", "5"]];
    for arguments in ways {
        place.provider(arguments).refused(&[older, "--allow-downgrade", "quarry.provider.allowDowngrade"]);
        assert_eq!(place.serving(), new.digest);
    }
    // It passes: nothing is wrong with it but its age.
    place.provider(&["verify", &old_file]).well();
    place.provider(&["canary", &old_file, "--share", "5", "--allow-downgrade"]).well();
    place.provider(&["canary", "--stop"]).well();
    place.provider(&["activate", &old_file, "--allow-downgrade"]).well();
    assert_eq!(place.serving(), old.digest);
    // Going back is a person's word, whichever way it leads.
    place.provider(&["rollback"]).well();
    assert_eq!(place.serving(), new.digest);
    gateway.stop();

    // At rest as in a gateway; and where the configuration names it.
    let activate = ["--config", "config.json5", "provider", "activate", &old_file];
    let configuration = format!("{{ quarry: {{ {} }} }}", trusting(&keys, ""));
    fs::write(place.folder().join("config.json5"), configuration).expect("it can be written");
    place.run(&activate, &[]).refused(&[older]);
    let pinned = |more: &str| trusting(&keys, &format!("component: {old_file:?}, {more}"));
    let started = format!("{{ quarry: {{ {} }} }}", pinned(""));
    fs::write(place.folder().join("config.json5"), started).expect("it can be written");
    place.run(&["--config", "config.json5", "serve", "--listen", "127.0.0.1:0"], &[]).refused(&[older]);
    let gateway = place.start_configured(&pinned("allowDowngrade: true"));
    assert_eq!(place.serving(), old.digest);
    // What is named and served last is no downgrade of itself, and the newer one is none at all.
    gateway.stop();
    let gateway = place.start_configured(&pinned(""));
    assert_eq!(place.serving(), old.digest);
    place.provider(&["activate", &new_file]).well();
    gateway.stop();
}

#[test]
#[ignore = "peers: minisign"]
fn a_signature_for_something_else_is_refused_by_what_it_is_for() {
    let place = Place::new();
    let keys = Keys::generate();
    let guest = Guest::unruly(place.folder());
    let gateway = place.start_configured(&trusting(&keys, ""));
    let again = "quarry provider inspect --trusted-comment";
    for (comment, step, told) in [
        (
            "quarry:provider name=unruly version=0.2.0 contract=0.1.0",
            "signature",
            "is for unruly 0.2.0, and the component states",
        ),
        ("quarry:provider name=quarry version=0.1.0 contract=0.1.0", "signature", "states the name unruly 0.1.0"),
        ("quarry:provider name=unruly version=0.1.0 contract=0.9.0", "contract", "is for contract 0.9.0"),
        ("quarry:provider name=unruly version=0.1.0 contract=0.1.0 only=eu", "signature", "wrong at `only`"),
        ("some words of my own", "signature", "does not name its provider"),
    ] {
        keys.sign(&guest.file, &["-t", comment]);
        refused(&place, &guest, step, &[told, again]);
    }
    keys.sign_as(NEW, &guest.file, " expires=2026-01-01T00:00:00Z");
    refused(&place, &guest, "signature", &["expired at 2026-01-01T00:00:00Z"]);
    keys.sign_as(NEW, &guest.file, " expires=2999-01-01T00:00:00+01:00");
    place.activate(&guest);
    assert_eq!(place.serving(), guest.digest);
    let journal = place.journal();
    let told =
        journal.iter().rev().filter_map(|line| line["detail"].as_str()).find(|detail| detail.contains("signed by key"));
    assert!(told.is_some_and(|told| told.ends_with("for unruly 0.1.0, until 2998-12-31T23:00:00Z")), "{told:?}");
    gateway.stop();
}

#[test]
fn without_signers_a_version_is_what_it_claims_and_may_be_any() {
    let place = Place::new();
    let (new, old) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "older"));
    let gateway = place.start();
    place.activate(&new);
    place.activate(&old);
    assert_eq!(place.serving(), old.digest);
    gateway.stop();
}
