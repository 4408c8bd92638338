//! Rust types and traits of the contract in `wit/`, generated. Nothing else is here.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]

#[cfg(not(feature = "serde"))]
wit_bindgen::generate!({
    path: "../wit",
    world: "provider",
    additional_derives: [PartialEq],
    pub_export_macro: true,
    default_bindings_module: "crate::bindings",
});

#[cfg(feature = "serde")]
wit_bindgen::generate!({
    path: "../wit",
    world: "provider",
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    default_bindings_module: "crate::bindings",
});
