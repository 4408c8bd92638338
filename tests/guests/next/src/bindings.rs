//! Rust types and traits of the contract in `tests/wit-next`, generated. Nothing else is here.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit-next",
    world: "provider",
    additional_derives: [serde::Serialize, serde::Deserialize],
});
