//! Versions of the provider: where their bytes come from, and who signed them.

pub mod signature;
pub mod source;
