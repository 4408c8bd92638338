//! The layout of case files: two spaces per level, members in their order, and one line for what fits into it.

use serde::Serialize;
use serde_json::Value;

use super::provider::Fault;
use crate::json::{Json, Members};

/// Most characters of a value that is written in one line, its indentation counted.
const WIDTH: usize = 120;

/// The value's JSON text, compact.
///
/// # Errors
/// When it has none, such as a map whose keys are no strings.
pub fn text<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault(format!("the result has no JSON form: {error}")))
}

/// A JSON document laid out as case files are, from this depth on. The first line is not indented.
///
/// # Errors
/// When it is not JSON.
pub fn pretty(document: &str, depth: usize) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    write(&mut out, document, depth)?;
    Ok(out)
}

fn write(out: &mut String, document: &str, depth: usize) -> Result<(), serde_json::Error> {
    // Through a document of its own: compact, members in order.
    let document = serde_json::to_string(&serde_json::from_str::<Json>(document)?)?;
    let short = document.chars().count() + 2 * depth <= WIDTH;
    match serde_json::from_str::<Value>(&document)? {
        Value::Array(_) if !short => {
            let elements: Vec<Json> = serde_json::from_str(&document)?;
            lines(out, '[', ']', depth, elements.iter().map(|element| (None, element)))
        }
        Value::Object(_) if !short => {
            let members: Members<Json> = serde_json::from_str(&document)?;
            lines(out, '{', '}', depth, members.0.iter().map(|(name, value)| (Some(name), value)))
        }
        Value::Array(_) | Value::Object(_) => {
            spaced(out, &document);
            Ok(())
        }
        _ => {
            out.push_str(&document);
            Ok(())
        }
    }
}

fn lines<'a>(
    out: &mut String,
    open: char,
    close: char,
    depth: usize,
    members: impl Iterator<Item = (Option<&'a String>, &'a Json)>,
) -> Result<(), serde_json::Error> {
    out.push(open);
    let mut separator = "";
    for (name, value) in members {
        out.push_str(separator);
        out.push('\n');
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(name) = name {
            out.push_str(&serde_json::to_string(name)?);
            out.push_str(": ");
        }
        write(out, &value.0, depth + 1)?;
        separator = ",";
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
    Ok(())
}

/// A compact document with a space behind each comma and colon between tokens.
fn spaced(out: &mut String, document: &str) {
    let (mut in_string, mut escaped) = (false, false);
    for character in document.chars() {
        out.push(character);
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ',' | ':') {
            out.push(' ');
        } else {
            in_string = character == '"';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn what_fits_stays_in_a_line_and_order_is_kept() {
        let long = "x".repeat(120);
        let document = format!(r#"{{"z":[1,{{"b":"a,b:c"}}],"a":["{long}"]}}"#);
        let expected = format!("{{\n  \"z\": [1, {{\"b\": \"a,b:c\"}}],\n  \"a\": [\n    \"{long}\"\n  ]\n}}");
        assert_eq!(pretty(&document, 0).ok(), Some(expected));
        assert!(pretty("{oops", 0).is_err());
    }
}
