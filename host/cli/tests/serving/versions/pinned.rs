//! A pinned version that fails. A pin says that nobody but a person changes the version, so it goes on serving, and that is told
//! wherever somebody may look.

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::operating::process::metric;

const MODEL: &str = "sim.stop.end_turn";

#[test]
fn it_goes_on_serving_until_a_person_decides_and_that_is_told() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    place.activate(&unruly);
    place.provider(&["pin"]).well();
    for number in 0..3 {
        assert!(!Stream::of(&gateway, MODEL, &format!("echo unruly:trap:2 {number}")).is_done());
        assert!(Stream::of(&gateway, MODEL, "echo a b c").is_done(), "it is those streams that fail, and no others");
    }
    gateway.wait_for_log("the provider version fails and stays active: it is pinned", 1);
    assert_eq!(place.serving(), unruly.digest);
    let version = place.version(&unruly.digest).expect("it is known");
    assert_eq!((&version["state"], &version["quarantined"]), (&"serving".into(), &serde_json::Value::Null));
    assert!(
        version["failing"].as_str().is_some_and(|reason| reason.contains("another version handles these inputs")),
        "{version}"
    );
    assert!(
        place
            .provider(&["status"])
            .well()
            .contains("FAILS, and stays active because no other version may be: it failed on ")
    );
    assert_eq!(metric(&gateway, "quarry_provider_versions_failed_total{outcome=\"kept\"}"), 1, "once, not each time");
    assert_eq!(metric(&gateway, "quarry_provider_versions_failed_total{outcome=\"quarantined\"}"), 0);
    let log = gateway.log();
    assert_eq!(log.matches("stays active: it is pinned").count(), 1, "{log}");
    place.provider(&["rollback"]).refused(&["is pinned"]);

    // Unpinned, the next failure is one too many.
    place.provider(&["unpin"]).well();
    assert!(!Stream::of(&gateway, MODEL, "echo unruly:trap:2 once more").is_done());
    place.wait_until("the version before serves", |status| status["serving"] != unruly.digest.as_str());
    let version = place.version(&unruly.digest).expect("it is known");
    assert_eq!((&version["state"], &version["failing"]), (&"quarantined".into(), &serde_json::Value::Null));
    gateway.stop();
}
