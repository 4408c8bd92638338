//! What a compiled component imports and exports.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentInstance, ComponentItem};

use super::{bounds, contract};
use crate::capacity::Need;

/// Everything that a component imports.
pub(super) fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    let component_type = component.component_type();
    component_type.imports(engine).flat_map(|(name, import)| items(engine, name, &import.ty)).collect()
}

/// Bytes of a page of memory.
const PAGE: u64 = 64 << 10;

/// What a session of a compiled component takes. One that does not say takes as much as it may.
pub(super) fn need(component: &Component) -> Need {
    let most = bounds::MEMORIES as usize;
    match component.resources_required() {
        Some(required) => {
            let memories = required.num_memories as usize;
            let each = required.max_initial_memory_size.unwrap_or_default().saturating_mul(PAGE);
            Need::new(memories.min(most), each.saturating_mul(memories as u64))
        }
        None => Need::new(most, 0),
    }
}

/// The functions that a component exports.
pub(super) fn exports(engine: &Engine, component: &Component) -> Vec<String> {
    let component_type = component.component_type();
    component_type
        .exports(engine)
        .filter(|(_, export)| {
            matches!(export.ty, ComponentItem::ComponentInstance(_) | ComponentItem::ComponentFunc(_))
        })
        .flat_map(|(name, export)| functions(engine, name, &export.ty))
        .collect()
}

/// The versions of `quarry:provider` whose interfaces a component exports.
pub(super) fn contracts(engine: &Engine, component: &Component) -> Vec<String> {
    let mut versions = Vec::new();
    for (name, _) in component.component_type().exports(engine) {
        contract::add(&mut versions, name);
    }
    versions
}

/// An import by name; of an interface each function, or the interface itself where it has none.
fn items(engine: &Engine, name: &str, item: &ComponentItem) -> Vec<String> {
    let functions = functions(engine, name, item);
    if functions.is_empty() { vec![name.to_owned()] } else { functions }
}

fn functions(engine: &Engine, name: &str, item: &ComponentItem) -> Vec<String> {
    match item {
        ComponentItem::ComponentInstance(instance) => interface_functions(engine, name, instance),
        ComponentItem::ComponentFunc(_) | ComponentItem::CoreFunc(_) => vec![name.to_owned()],
        _ => Vec::new(),
    }
}

/// Functions of an interface, as `ns:package/interface@version#function`.
fn interface_functions(engine: &Engine, interface: &str, instance: &ComponentInstance) -> Vec<String> {
    instance
        .exports(engine)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
        .map(|(function, _)| format!("{interface}#{function}"))
        .collect()
}
