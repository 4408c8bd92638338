//! The commands of versions, as a person types them.

use super::guests::Guest;
use super::place::Place;

#[test]
fn versions_go_and_come_back() {
    let place = Place::new();
    let (unruly, other) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "wrong-tool"));
    let gateway = place.start();
    let embedded = place.serving();
    let short = |digest: &str| digest[..12].to_owned();

    place.provider(&["rollback"]).refused(&["there is no previous version"]);
    place.activate(&unruly);
    assert!(place.activate(&unruly).contains("is active already"));
    assert_eq!(place.serving(), unruly.digest);
    let again = place.provider(&["rollback"]).well();
    assert!(again.starts_with(&short(&embedded)) && again.contains("is active again"), "{again}");
    assert_eq!(place.serving(), embedded);

    let pinned = place.provider(&["pin"]).well();
    assert!(pinned.starts_with(&short(&embedded)), "{pinned}");
    place.provider(&["activate", &unruly.digest[..8]]).refused(&["is pinned"]);
    assert_eq!(place.serving(), embedded);
    let listed = place.provider(&["list"]).well();
    assert!(
        listed.lines().any(|line| line.starts_with(&short(&embedded)) && line.contains("active, pinned")),
        "{listed}"
    );
    place.provider(&["unpin"]).well();
    place.provider(&["activate", &unruly.digest[..8]]).well();
    place.activate(&other);
    place.provider(&["activate", "embedded"]).well();

    place.wait_until("the one before has no requests", |status| {
        status["versions"].as_array().expect("a list").iter().all(|version| version["state"] != "retiring")
    });
    let status = place.provider(&["status"]).well();
    for words in ["active", "previous", "verified", "requests", "activated", "pinned", " checks"] {
        assert!(status.contains(words), "{words:?}: {status}");
    }
    let status = place.provider(&["status", "--json"]).well();
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert!(status["journal"].as_array().is_some_and(|lines| lines.len() > 10), "{status}");

    let pruned = place.provider(&["prune", "--keep", "0"]).well();
    assert!(pruned.contains(&short(&unruly.digest)) && !pruned.contains(&short(&other.digest)), "{pruned}");
    assert!(place.provider(&["prune", "--keep", "0"]).well().is_empty(), "there is nothing left");
    gateway.stop();

    // The next gateway begins where this one ended.
    let gateway = place.start();
    assert_eq!(place.serving(), embedded);
    let back = place.provider(&["rollback"]).well();
    assert!(back.starts_with(&short(&other.digest)), "{back}");
    gateway.stop();
    let gateway = place.start();
    assert_eq!(place.serving(), other.digest, "what was activated comes back");
    gateway.stop();
}

#[test]
fn mistakes_are_told() {
    let place = Place::new();
    place.provider(&["status"]).refused(&["no gateway listens on unix:", "start `quarry serve`"]);
    let gateway = place.start();
    place.provider(&["activate", "no-such-file.wasm"]).refused(&["no-such-file.wasm"]);
    place
        .provider(&["activate", "0123456789ab"])
        .refused(&["no version starts with 0123456789ab", "quarry provider list"]);
    place.provider(&["activate"]).refused(&["<VERSION>"]);
    place.provider(&["activte", "embedded"]).refused(&["activte", "activate"]);
    place.provider(&["prune", "--keep", "some"]).refused(&["--keep"]);
    place.provider(&["status", "--admin", "http://192.0.2.1:1"]).refused(&["loopback addresses only"]);
    place.provider(&["status", "--admin", "/run/x.sock"]).refused(&["unix:PATH"]);
    assert!(place.provider(&["activate", "embedded"]).well().contains("is active already"));
    gateway.stop();
}
