//! What a component may import.

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result};

use super::inspect;
use super::session::Bounds;

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
    /// The imports of a component that are refused, by name.
    pub(super) fn refused(self, engine: &Engine, component: &Component) -> Vec<String> {
        let mut imports = inspect::imports(engine, component);
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
