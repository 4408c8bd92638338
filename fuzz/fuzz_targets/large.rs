//! See `quarry_fuzz::large`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quarry_fuzz::large(data));
