//! How cases travel in a component: one custom section with one JSON document, an object from `VERB/NAME` to the case.
//!
//! The build script includes this file, so it knows nothing of the rest.

use std::fmt::Write as _;

use wasm_encoder::{ComponentSection as _, CustomSection};

/// The name of the section.
pub(crate) const NAME: &str = "quarry:cases";

/// Puts cases, each with its name and its text, behind the last section of a component. A component without cases stays as it is.
pub(crate) fn append(component: &mut Vec<u8>, cases: &[(String, String)]) {
    if cases.is_empty() {
        return;
    }
    let mut document = String::new();
    for (index, (name, text)) in cases.iter().enumerate() {
        let separator = if index == 0 { '{' } else { ',' };
        // A name is made of letters that JSON takes as they are.
        let _ = write!(document, "{separator}\"{name}\":");
        push_compact(&mut document, text);
    }
    document.push('}');
    CustomSection { name: NAME.into(), data: document.as_bytes().into() }.append_to_component(component);
}

/// Adds a JSON document without the white space between its tokens.
fn push_compact(out: &mut String, document: &str) {
    let (mut in_string, mut escaped) = (false, false);
    out.extend(document.chars().filter(|character| {
        if in_string {
            in_string = escaped || *character != '"';
            escaped = !escaped && *character == '\\';
            return true;
        }
        in_string = *character == '"';
        !matches!(character, ' ' | '\t' | '\n' | '\r')
    }));
}
