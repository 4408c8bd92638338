//! The guest built for wasm32-wasip2, as a third party's provider may be: `std` brings imports of WASI along there. It is refused
//! by their names; where WASI is allowed, with nothing behind it, it passes the cases, because pure logic calls none of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quarry_conformance::checks::{self, Check};
use quarry_conformance::component::Component;
use quarry_conformance::source::Source;
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_provider_host::{AotCache, Generation, Host, ImportPolicy, Limits, LoadError};

#[path = "../guests/building.rs"]
#[expect(dead_code, reason = "what is built for WASI is a component already")]
mod building;
#[path = "../../host/embedded/build/wasm_target.rs"]
mod wasm_target;

const TARGET: &str = "wasm32-wasip2";

fn host() -> Arc<Host> {
    Arc::new(Host::new(Limits::default()).expect("an engine"))
}

/// One cache for the tests of the whole workspace: an unoptimised compiler needs many seconds for a component.
fn cache() -> AotCache {
    AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"))
}

/// Builds the guest for WASI, beside the embedded build: the same profile, its own target.
fn build() -> PathBuf {
    wasm_target::ensure(TARGET).expect("the target can be had");
    building::build("quarry-guest", TARGET)
}

#[test]
#[ignore = "peers: the target wasm32-wasip2"]
fn the_wasi_build_is_refused_by_names_and_passes_the_cases_where_wasi_is_allowed() {
    let (host, component) = (host(), build());
    let imports = match Generation::from_file(&host, &component, Some(&cache())) {
        Err(LoadError::Imports { imports, .. }) => imports,
        other => panic!("refused for its imports, not {other:?}"),
    };
    assert!(imports.len() > 5 && imports.iter().all(|import| import.starts_with("wasi:")), "{imports:?}");
    assert!(imports.iter().any(|import| import.ends_with("#get-environment")), "functions by name: {imports:?}");

    let generation = Generation::from_file_importing(&host, &component, Some(&cache()), ImportPolicy::Wasi);
    let providers = Component(generation.expect("WASI is allowed"));
    let cases = checks::find(Source::Component(EMBEDDED_NAME, EMBEDDED), None).expect("the cases can be read");
    let mut failed = Vec::new();
    for check in cases.iter().filter(|check| matches!(check, Check::Case(_))) {
        if let Err(error) = check.run(&providers) {
            failed.push(format!("{}: {error}", check.name()));
        }
    }
    assert!(failed.is_empty(), "{} cases:\n{}", failed.len(), failed.join("\n"));
}

/// The bytes of a component that does nothing but import a function of this name without parameters and results.
fn component_that_imports(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a short name");
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    // A section of types: one, a function without parameters and without a result.
    bytes.extend([7, 5, 1, 0x40, 0, 1, 0]);
    // A section of imports: one, by its plain name, a function of that type.
    bytes.extend([10, length + 5, 1, 0, length]);
    bytes.extend(name.as_bytes());
    bytes.extend([1, 0]);
    bytes
}

#[test]
fn nothing_but_wasi_is_ever_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clock.wasm");
    std::fs::write(&file, component_that_imports("read-the-clock")).expect("written");
    for policy in [ImportPolicy::Nothing, ImportPolicy::Wasi] {
        match Generation::from_file_importing(&host(), &file, None, policy) {
            Err(LoadError::Imports { imports, .. }) => assert_eq!(imports, ["read-the-clock"]),
            other => panic!("refused for its import, not {other:?}"),
        }
    }
}
