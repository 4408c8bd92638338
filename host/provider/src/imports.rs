//! What a component may import.

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result};

use super::bounds::Bounds;

/// What a component may import. Whatever it is, the component gets no authority by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportPolicy {
    /// Nothing.
    #[default]
    Nothing,
    /// The interfaces of WASI (`wasi:…`), which `std` brings along on wasm32-wasip2. Nothing is behind them: a call of any
    /// of their functions traps. Provider logic is pure, so it calls none.
    Wasi,
}

impl ImportPolicy {
    /// Those of a component's imports, by name, that are refused.
    pub(super) fn refused(self, mut imports: Vec<String>) -> Vec<String> {
        if self == ImportPolicy::Wasi {
            imports.retain(|import| !import.starts_with("wasi:"));
        }
        imports
    }

    /// A linker for a component none of whose imports is refused.
    pub(super) fn linker(self, engine: &Engine, component: &Component) -> Result<Linker<Bounds>> {
        let mut linker = Linker::new(engine);
        match self {
            ImportPolicy::Nothing => {}
            ImportPolicy::Wasi => linker.define_unknown_imports_as_traps(component)?,
        }
        Ok(linker)
    }
}
