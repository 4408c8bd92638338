//! Keys that take each other's place: what the old one signed goes on as long as somebody signs it anew.

use super::guests::Guest;
use super::past::Past;
use super::place::Place;
use super::streams::Stream;
use crate::signing::Keys;

/// `quarry.provider` with these keys.
fn trusting(keys: &[&Keys]) -> String {
    let lines = keys.iter().map(|keys| format!("'{}'", keys.public().lines().last().expect("the second line")));
    format!("provider: {{ signers: [{}] }}", lines.collect::<Vec<_>>().join(", "))
}

#[test]
#[ignore = "peers: minisign"]
fn a_version_that_was_signed_anew_outlives_the_old_key_and_one_that_was_not_is_no_way_back() {
    let place = Place::new();
    let (old, new) = (Keys::generate(), Keys::generate());
    let (before, serving) = (Guest::always(place.folder(), "wrong-tool"), Guest::unruly(place.folder()));
    let mut past = Past::of(&place);
    for guest in [&before, &serving] {
        old.sign_as("unruly 0.1.0", &guest.file, "");
        past.passed(guest, Some(&old));
        past.activated(guest);
    }
    drop(past);

    let gateway = place.start_configured(&trusting(&[&old, &new]));
    assert_eq!(place.serving(), serving.digest);
    new.sign_as("unruly 0.1.0", &serving.file, "");
    assert!(place.activate(&serving).contains("is active already"));
    gateway.stop();

    let gateway = place.start_configured(&trusting(&[&new]));
    assert_eq!(place.serving(), serving.digest, "{}", gateway.log());
    // It is put away, and the one before it is not trusted any more: the one in the binary is.
    place.provoke(&gateway);
    place.wait_until("another one serves", |status| status["serving"] != serving.digest.as_str());
    assert_ne!(place.serving(), before.digest);
    gateway.wait_for_log("the rollback to the previous provider version failed", 1);
    gateway.wait_for_log("refused at `signature`", 1);
    let journal = place.journal();
    let events: Vec<&str> = journal.iter().filter_map(|line| line["event"].as_str()).collect();
    // Two steps of the one before; the one in the binary takes none, while requests fail.
    assert!(events.ends_with(&["quarantined", "step", "step", "rolled-back"]), "{events:?}");
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}
