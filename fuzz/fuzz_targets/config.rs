//! See `quarry_fuzz::config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quarry_fuzz::config(data));
