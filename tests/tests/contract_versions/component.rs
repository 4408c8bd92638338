//! `tests/guests/next`, built once.

use std::path::Path;
use std::sync::OnceLock;

use quarry::provider::AotCache;

#[path = "../../guests/building.rs"]
mod building;

/// One cache for the tests of the whole workspace: an unoptimised compiler needs many seconds for a component.
pub(crate) fn cache() -> AotCache {
    AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"))
}

/// The component's bytes.
pub(crate) fn next() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| building::component("quarry-next"))
}
