//! Rust types and calls of the contract in `wit/`, generated. Nothing else is here. Bindings of another version of the contract get a
//! module of their own beside its adapter, in `provider/contract`.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "provider",
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});
