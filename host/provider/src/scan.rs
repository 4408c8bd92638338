//! Imports and exports of a component, read without compiling it.

use wasmparser::{Parser, Payload};

use super::contract;
use super::error::LoadError;
use crate::digest::Digest;

/// The imports of a component, and the versions of the contract that it exports.
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

/// The digest of what a component does: of all but custom sections, which hold names, notes and cases. None of what is no component.
#[must_use]
pub fn code_digest(bytes: &[u8]) -> Option<Digest> {
    let mut code = Vec::with_capacity(bytes.len());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.ok()?;
        // What is inside modules and components comes by itself; where they begin and end must stay told apart.
        match &payload {
            Payload::CustomSection(_) => {}
            Payload::Version { range, .. } => code.extend_from_slice(&bytes[range.clone()]),
            Payload::End(_) => code.push(u8::MAX),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => code.push(u8::MAX - 1),
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    code.push(id);
                    code.extend_from_slice(&range.len().to_le_bytes());
                    code.extend_from_slice(&bytes[range]);
                }
            }
        }
    }
    Some(Digest::of(&code))
}

#[cfg(test)]
mod tests {
    use super::{code_digest, scan};
    use crate::LoadError;
    use crate::embedded::EMBEDDED;

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
    fn custom_sections_are_no_code() {
        let parsed = |text: &str| wat::parse_str(text).expect("it is right");
        let with = |parts: &str| parsed(&format!("(component {parts} (core module (func (result i32) i32.const 1)))"));
        let code = code_digest(&with(""));
        assert!(code.is_some() && code_digest(EMBEDDED).is_some());
        let mut noted = with("");
        noted.extend([0, 6, 4, b'm', b'a', b'r', b'k', b'x']);
        assert_eq!(code_digest(&noted), code);
        let inside = parsed(r#"(component (core module (func (result i32) i32.const 1) (@custom "mark" "x")))"#);
        assert_eq!(code_digest(&inside), code, "in a module of it");
        let other = parsed("(component (core module (func (result i32) i32.const 2)))");
        assert_ne!(code_digest(&other), code);
        assert_ne!(code_digest(&with("(core module)")), code, "a module more");
        assert_eq!(code_digest(b"\x7fELF"), None);
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_refused() {
        for bytes in [&EMBEDDED[..EMBEDDED.len() / 2], b"", b"\x7fELF", b"\0asm\x01\0\0\0"] {
            assert!(matches!(scan("it", bytes), Err(LoadError::NotAComponent { .. })));
        }
    }
}
