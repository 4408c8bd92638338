//! Provider components made by the test: right in every export, and wrong in what they do.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, WorldId, WorldItem, WorldKey};

/// What a component does: the text of a core module's memory, and of one function. All other functions trap.
pub(crate) struct Body {
    /// The version of the contract that it claims to have.
    pub(crate) version: &'static str,
    /// Such as `1` or `1 2`: pages to begin with, and pages at most.
    pub(crate) memory: &'static str,
    /// Where the code stands, such as `about#identify`.
    pub(crate) function: &'static str,
    /// Instructions.
    pub(crate) code: &'static str,
}

/// A component of the whole contract with this in it. The signatures are made from the WIT itself.
pub(crate) fn provider_component(body: &Body) -> Vec<u8> {
    let (resolve, world) = contract(body.version);
    let mut text = format!(
        "(module (memory (export \"memory\") {})\n  (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 65536))\n",
        body.memory
    );
    for (key, item) in &resolve.worlds[world].exports {
        let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) else { continue };
        let name = resolve.name_world_key(key);
        for function in resolve.interfaces[*id].functions.values() {
            let exported = function.legacy_core_export_name(Some(&name));
            let short = format!("{}#{}", resolve.interfaces[*id].name.as_deref().unwrap_or_default(), function.name);
            // So that code can call it: what WIT names has letters that a name in the text format may have too.
            let short_name = short.replace(['[', ']'], "_");
            let code = if short == body.function { body.code } else { "unreachable" };
            let signature = signature(&resolve, function);
            let _ = writeln!(text, "  (func ${short_name} (export \"{exported}\") {signature} {code})");
        }
    }
    text.push(')');
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("the world can be embedded");
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

/// The contract as it stands in `wit/`, under another version.
fn contract(version: &str) -> (Resolve, WorldId) {
    let copy = tempfile::tempdir().expect("a folder for the contract");
    let wit = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).expect("the contract is there");
    for file in wit.map(|entry| entry.expect("it can be read").path()) {
        let text = fs::read_to_string(&file).expect("it is text");
        let name = file.file_name().expect("a file has a name");
        fs::write(copy.path().join(name), text.replace("@0.1.0", &format!("@{version}"))).expect("it can be written");
    }
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(copy.path()).expect("it is WIT");
    let world = resolve.select_world(&[package], Some("provider")).expect("the world is there");
    (resolve, world)
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
    let list = |word: &str, types: &[WasmType]| {
        let names: Vec<&str> = types.iter().map(core_type).collect();
        if names.is_empty() { String::new() } else { format!("({word} {})", names.join(" ")) }
    };
    format!("{} {}", list("param", &signature.params), list("result", &signature.results))
}

fn core_type(wasm_type: &WasmType) -> &'static str {
    match wasm_type {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

/// A component from its text.
pub(crate) fn component_of(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
