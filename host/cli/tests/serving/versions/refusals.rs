//! What the gate stops: each at its step, told in the answer and in the journal, while the version before goes on serving.

use std::time::{Duration, Instant};

use super::components::{Body, component_of, provider_component};
use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;

/// The bomb's time, in seconds, in place of minutes.
const COMPILE_SECONDS: &str = "1";

/// What starting a process and ending it may take besides, on a busy machine.
const BESIDE: Duration = Duration::from_secs(60);

/// Checks that a component is refused at a step.
pub(super) fn refused(place: &Place, guest: &Guest, step: &str, words: &[&str]) {
    let served = place.serving();
    let file = guest.file.to_str().expect("a plain path");
    let at = format!("refused at `{step}`");
    let told = place.provider(&["activate", file]).refused(&[&at]);
    for words in words {
        assert!(told.contains(words), "{words:?} is not told: {told}");
    }
    assert_eq!(place.serving(), served, "the version before goes on serving");
    assert!(place.version(&guest.digest).is_none_or(|version| version["state"] != "serving"));
    let journal = place.journal();
    let receipt = journal.last().expect("there is a receipt");
    assert_eq!((&receipt["event"], &receipt["step"]), (&"step".into(), &step.into()), "{receipt}");
    assert!(
        receipt["failure"].as_str().is_some_and(|failure| told.contains(failure.lines().next().unwrap_or_default())),
        "{receipt}"
    );
    assert!(receipt["digest"].as_str().is_some_and(|digest| digest.ends_with(&guest.digest)), "{receipt}");
    assert!(receipt["by"].as_str().is_some_and(|by| !by.is_empty()), "{receipt}");
    assert!(receipt["milliseconds"].is_u64(), "{receipt}");
}

#[test]
fn what_is_no_provider_is_refused_by_its_form() {
    let place = Place::new();
    let gateway = place.start();
    let written = |name: &str, text: &str| Guest::written(place.folder(), name, &component_of(text));
    refused(
        &place,
        &Guest::written(place.folder(), "text.wasm", b"a text"),
        "imports",
        &["not a WebAssembly component"],
    );
    let wasi = "(component (import \"wasi:cli/environment@0.2.0\" (instance (export \"get-environment\" (func)))))";
    refused(
        &place,
        &written("wasi.wasm", wasi),
        "imports",
        &["wasi:cli/environment@0.2.0", "a provider must import nothing"],
    );
    refused(&place, &written("empty.wasm", "(component)"), "contract", &["does not export quarry:provider"]);
    let later =
        provider_component(&Body { version: "0.2.0", memory: "1", function: "about#identify", code: "unreachable" });
    let later = Guest::written(place.folder(), "later.wasm", &later);
    refused(&place, &later, "contract", &["exports quarry:provider@0.2.0; this host supports 0.1.0"]);
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}

#[test]
fn what_behaves_wrongly_is_refused_by_the_rule() {
    let place = Place::new();
    let gateway = place.start();
    let wrong = Guest::always(place.folder(), "wrong-text");
    refused(&place, &wrong, "checks", &["rule `text-comes-through`"]);
    let endless = Guest::always(place.folder(), "start-loop");
    refused(&place, &endless, "checks", &["cannot create an instance", "interrupt"]);
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}

/// A component that the compiler needs minutes for.
pub(super) fn compile_bomb(place: &Place) -> Guest {
    // One function with a value that depends on half a million before it, and on one that the compiler cannot know.
    let mut code = String::from("(local $x i32) (local.set $x (memory.size))");
    for number in 0..500_000 {
        code.push_str(&format!(
            "(local.set $x (i32.rotl (i32.mul (local.get $x) (i32.const {number})) (local.get $x)))"
        ));
    }
    code.push_str("(local.get $x)");
    let bomb =
        provider_component(&Body { version: "0.1.0", memory: "1", function: "about#identify", code: code.leak() });
    Guest::written(place.folder(), "bomb.wasm", &bomb)
}

#[test]
fn a_bomb_for_the_compiler_is_stopped_in_its_own_process() {
    let place = Place::new();
    let gateway = place.start_with(&["--compile-seconds", COMPILE_SECONDS]);
    let bomb = compile_bomb(&place);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let stream =
            scope.spawn(|| Stream::of(&gateway, "sim.slow.200", "echo one two three four five six seven eight nine"));
        refused(&place, &bomb, "compile", &["compiling"]);
        assert!(stream.join().expect("it reads").is_done(), "streams go on meanwhile");
    });
    assert!(began.elapsed() < Duration::from_secs(1) + BESIDE, "{:?}", began.elapsed());
    gateway.stop();
}

#[test]
fn two_ends_of_a_turn_are_refused_by_the_rule() {
    let place = Place::new();
    let gateway = place.start();
    refused(&place, &Guest::always(place.folder(), "two-ends"), "checks", &["rule `one-end-last`: stream `text`"]);
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    gateway.stop();
}

#[test]
fn a_provider_with_every_sentence_in_another_language_passes_and_serves() {
    let place = Place::new();
    let gateway = place.start();
    let foreign = Guest::always(place.folder(), "foreign");
    place.activate(&foreign);
    assert_eq!(place.serving(), foreign.digest);
    let journal = place.journal();
    let told = |step: &str| {
        let receipt = journal.iter().find(|line| line["event"] == "step" && line["step"] == step);
        receipt.and_then(|receipt| receipt["detail"].as_str()).unwrap_or_else(|| panic!("{journal:?}")).to_owned()
    };
    assert!(told("checks").ends_with(" rules"), "{journal:?}");
    assert_eq!(told("cases"), "no cases of its own");
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());
    let failed = Stream::of(&gateway, "sim.http.400", "echo a");
    assert!(failed.bytes.contains("Запрос не удался: "), "{failed:?}");
    gateway.stop();
}
