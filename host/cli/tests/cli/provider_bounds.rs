//! Components that do not behave: each is stopped at its bound, and the command says which it was.

use std::time::Duration;

use crate::support::{Body, Outcome, Quarry, SONNET, provider_component, simulator};

/// What comes of a chat with a component that has this code in its first call.
fn chat_with(memory: &'static str, code: &'static str) -> Outcome {
    let component = provider_component(&Body { version: "0.1.0", memory, function: "about#identify", code });
    let quarry = Quarry::asking(simulator()).file("p.wasm", component);
    quarry.run(&["chat", "--provider-component", "p.wasm", "--model", SONNET, "hello"])
}

#[test]
fn a_provider_that_never_returns_is_stopped() {
    let stopped = chat_with("1", "(loop $forever (br $forever)) unreachable");
    stopped.failed_with(2, &["the provider p.wasm was stopped in `identify`: it took longer than 5000 ms"]);
    assert!(stopped.took > Duration::from_secs(4), "{stopped:?}");
}

#[test]
fn memory_is_bounded() {
    // A page has 64 KiB; 1024 of them are the limit of 64 MiB. It takes what it gets, and tells by the way it traps
    // that this was no more.
    let grown = chat_with(
        "1",
        "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
         (if (i32.le_u (memory.size) (i32.const 1024)) (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
         unreachable",
    );
    let wanted = "the provider p.wasm failed in `identify`: it requested more memory than 67108864 bytes";
    grown.failed_with(2, &[wanted, "divide by zero"]);
    let large = chat_with("1025", "unreachable");
    large.failed_with(2, &["p.wasm", "memory"]);
}

#[test]
fn recursion_is_bounded() {
    let deep = chat_with("1", "(drop (call $about#identify)) unreachable");
    deep.failed_with(2, &["the provider p.wasm failed in `identify`", "call stack exhausted"]);
}

#[test]
fn what_a_call_gives_back_is_checked() {
    // A result record that lies outside of the memory.
    chat_with("1", "(i32.const 65536)").failed_with(2, &["the provider p.wasm failed in `identify`", "out of bounds"]);
    // A list of 64 million names, each of them the same byte of memory: the record's last two words are a list's place and
    // length (`variables`); the list's items are 16 zero bytes and so on, all empty strings.
    chat_with(
        "1024",
        "(i32.store (i32.const 44) (i32.const 8000000)) (i32.store (i32.const 40) (i32.const 64)) (i32.const 0)",
    )
    .failed_with(2, &["the provider p.wasm failed in `identify`", "fuel"]);
}

#[test]
fn a_trap_is_told_and_not_more() {
    let trapped = chat_with("1", "unreachable");
    trapped.failed_with(2, &["the provider p.wasm failed in `identify`", "unreachable"]);
}
