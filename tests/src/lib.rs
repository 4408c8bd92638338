//! Conformance cases run native and in wasm.
