//! A fault in the middle of an answer that another instance does not repeat.

use super::guests::Guest;
use super::place::Place;

const WORDS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

/// Asks by `quarry chat`, where the instance that prepared a request goes on with its answer.
#[test]
fn it_goes_on_where_it_was() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let file = unruly.file.to_str().expect("a plain path");
    let ask = |prompt: &str| {
        let arguments = ["chat", "--simulate", "--provider-component", file, "--model", "sim.slow.10", prompt];
        place.run(&arguments, &[("AWS_EC2_METADATA_DISABLED", "true"), ("QUARRY_LOG", "warn")])
    };
    for event in [2, 5] {
        let prompt = format!("unruly:once:{event} {WORDS}");
        let ran = ask(&format!("echo {prompt}"));
        assert!(ran.stderr.contains("another instance goes on"), "it did not fail at all: {ran:?}");
        assert_eq!(ran.well().trim(), prompt, "every word once");
        let ran = ask(&format!("echo unruly:trap:{event} {WORDS}"));
        let told = ran.refused(&["failed in `push`", "unreachable"]);
        assert!(told.contains("another instance goes on") || told.contains("bug of the provider"), "{told}");
    }
}
