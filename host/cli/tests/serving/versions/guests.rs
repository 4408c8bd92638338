//! The unruly provider (`tests/guests/unruly`), built once and changed in its data.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use quarry_provider_host::Digest;

use super::building;
use crate::gateway::compiled_components;

/// Text in the component that says what it does to everybody.
const MARK: &[u8] = b"unruly-always:";

/// Room for what it does, after the mark.
const ROOM: usize = 18;

/// A component in a file.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub(super) file: PathBuf,
    pub(super) digest: String,
}

impl Guest {
    /// The unruly provider as it was built: well behaved unless a conversation says otherwise.
    pub(super) fn unruly(folder: &Path) -> Self {
        Self::written(folder, "unruly.wasm", component()).compiled()
    }

    /// One that does this to everybody.
    pub(super) fn always(folder: &Path, what: &str) -> Self {
        Self::marked(folder, what).compiled()
    }

    /// One that nobody has seen: it does nothing to anybody, and this text stands in it.
    pub(super) fn fresh(folder: &Path, text: &str) -> Self {
        Self::marked(folder, text)
    }

    /// The unruly provider with more core instances, as toolchains of other languages link them: some with a memory of a page, the
    /// others empty.
    pub(super) fn linked(folder: &Path, memories: usize, others: usize) -> Self {
        let mut bytes = component().to_vec();
        let (mut modules, mut depth) = (0_u8, 0_usize);
        for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
            match payload.expect("it is a component") {
                wasmparser::Payload::ModuleSection { .. } => {
                    modules += u8::from(depth == 0);
                    depth += 1;
                }
                wasmparser::Payload::ComponentSection { .. } => depth += 1,
                wasmparser::Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        // Sections by number: 1 a core module, 2 core instances. Each instance is of a module (0) by its index, with no arguments.
        let mut section = |number: u8, content: &[u8]| {
            bytes.extend([number, u8::try_from(content.len()).expect("it is short")]);
            bytes.extend_from_slice(content);
        };
        section(1, &wat::parse_str("(module (memory 1))").expect("it is right"));
        section(1, &wat::parse_str("(module)").expect("it is right"));
        let indices = std::iter::repeat_n(modules, memories).chain(std::iter::repeat_n(modules + 1, others));
        let mut instances = vec![u8::try_from(memories + others).expect("they are few")];
        instances.extend(indices.flat_map(|module| [0, module, 0]));
        section(2, &instances);
        Self::written(folder, &format!("linked-{memories}-{others}.wasm"), &bytes).compiled()
    }

    fn marked(folder: &Path, what: &str) -> Self {
        assert!(what.len() <= ROOM, "{what:?} is too long");
        let mut bytes = component().to_vec();
        let at: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(MARK)).collect();
        let [at] = at[..] else { panic!("the mark stands at {at:?}, and has to stand once") };
        let room = &mut bytes[at + MARK.len()..][..ROOM];
        assert!(room.iter().all(|byte| *byte == b' '), "{room:?}");
        room[..what.len()].copy_from_slice(what.as_bytes());
        Self::written(folder, &format!("{what}.wasm"), &bytes)
    }

    /// Compiled into the cache of all tests: an unoptimised compiler needs many seconds, and tests that need the same component at
    /// once would each wait for their own.
    pub(super) fn compiled(self) -> Self {
        static COMPILED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if !compiled.contains(&self.digest) {
            let cache = compiled_components();
            let output = Command::new(env!("CARGO_BIN_EXE_quarry"))
                .env_clear()
                .env("QUARRY_CACHE_DIR", cache.parent().expect("it lies in the cache"))
                .args(["provider", "inspect"])
                .arg(&self.file)
                .output()
                .expect("the binary starts");
            assert!(output.status.success(), "{output:?}");
            compiled.insert(self.digest.clone());
        }
        self
    }

    /// Any bytes.
    pub(super) fn written(folder: &Path, name: &str, bytes: &[u8]) -> Self {
        let file = folder.join(name);
        std::fs::write(&file, bytes).expect("the component can be written");
        Guest { file, digest: Digest::of(bytes).to_string() }
    }
}

/// The component's bytes.
fn component() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| building::component("quarry-unruly"))
}

#[test]
fn the_shipped_provider_has_nothing_of_it() {
    let has = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    for mark in [MARK, b"it was told to"] {
        assert!(has(component(), mark), "{mark:?} is not in the unruly one: this looks for nothing");
        assert!(!has(quarry_embedded::EMBEDDED, mark), "{mark:?} is in the shipped one");
    }
}
