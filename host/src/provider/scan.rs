//! What a component says of itself, read without compiling it.

use wasmparser::{Parser, Payload};

use super::contract;
use super::error::LoadError;

/// A component's face: what it imports and which versions of the contract it exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Everything that it imports, by name.
    pub imports: Vec<String>,
    /// Versions of `quarry:provider` that it exports: mostly one.
    pub contracts: Vec<String>,
}

/// Reads a component's imports and exports. Nothing of it is compiled or run, so a version that may not be loaded is refused
/// before it costs anything.
///
/// # Errors
/// When the bytes are no component.
pub fn scan(name: &str, bytes: &[u8]) -> Result<Scan, LoadError> {
    let malformed = |error: wasmparser::BinaryReaderError| LoadError::NotAComponent {
        name: name.to_owned(),
        reason: error.to_string(),
    };
    super::component::looks_like_a_component(name, bytes)?;
    let mut scan = Scan::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The component itself ends too.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    scan.imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    contract::add(&mut scan.contracts, export.map_err(malformed)?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok(scan)
}

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::provider::{EMBEDDED, LoadError};

    #[test]
    fn the_embedded_component_imports_nothing_and_exports_the_contract() {
        let scan = scan("it", EMBEDDED).expect("it is a component");
        assert!(scan.imports.is_empty());
        assert_eq!(scan.contracts, ["0.1.0"]);
    }

    #[test]
    fn imports_of_parts_inside_are_not_the_components() {
        let text = r#"(component
            (import "wasi:clocks/now" (func))
            (core module (import "env" "inside" (func)))
            (component (import "inner" (func))))"#;
        let scan = scan("it", &wat::parse_str(text).expect("it is right")).expect("it is a component");
        assert_eq!(scan.imports, ["wasi:clocks/now"]);
        assert!(scan.contracts.is_empty());
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_refused() {
        for bytes in [&EMBEDDED[..EMBEDDED.len() / 2], b"", b"\x7fELF", b"\0asm\x01\0\0\0"] {
            assert!(matches!(scan("it", bytes), Err(LoadError::NotAComponent { .. })));
        }
    }
}
