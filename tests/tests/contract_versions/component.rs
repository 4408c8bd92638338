//! The cache of compiled components.

use std::path::Path;

use quarry_provider_host::AotCache;

/// One cache for the tests of the whole workspace: an unoptimised compiler needs many seconds for a component.
pub(crate) fn cache() -> AotCache {
    AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"))
}
