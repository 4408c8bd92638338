//! Schemas that Bedrock holds a model to: those of strict tools and of `outputConfig`. Every object in one has to say that it takes
//! no members beside its own; the service refuses the request otherwise (AWS's page on structured output; strands #2210, vercel
//! #20681). Schemas that programs make of types seldom say so.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::raw_json::{self, MAX_DEPTH, RawObject};

/// Says whether further members are taken.
const FURTHER: &str = "additionalProperties";

/// The schema with every object closed; none where that would change what it is for: an object that takes any members, or
/// parts that are only together the object.
///
/// pi makes all members required besides, and those that may be left out `null`. The service wants no such thing, and a tool
/// would be called with `null`s that it never heard of.
pub(super) fn closed(schema: &str) -> Option<Cow<'_, str>> {
    let mut changed = false;
    let closed = close(schema, 0, &mut changed)?;
    Some(if changed { Cow::Owned(closed) } else { Cow::Borrowed(schema) })
}

fn close(schema: &str, depth: usize, changed: &mut bool) -> Option<String> {
    // What is no object is a schema too: `true`.
    let Ok(node) = serde_json::from_str::<RawObject<'_>>(schema) else { return Some(schema.to_owned()) };
    if depth >= MAX_DEPTH || node.get(FURTHER).is_some_and(|further| further != "false") || joins_parts(&node) {
        return None;
    }
    let mut members: Vec<(Cow<'_, str>, String)> = Vec::with_capacity(node.0.len() + 1);
    for (name, value) in &node.0 {
        let value = value.get();
        let value = match name.as_ref() {
            "properties" | "$defs" | "definitions" => each_member(value, depth, changed)?,
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => each_item(value, depth, changed)?,
            "items" => close(value, depth + 1, changed)?,
            _ => value.to_owned(),
        };
        members.push((name.clone(), value));
    }
    if is_object(&node) && node.get(FURTHER).is_none() {
        *changed = true;
        members.push((Cow::Borrowed(FURTHER), "false".to_owned()));
    }
    Some(raw_json::object(members))
}

/// Whether a schema describes an object: by its type, one of its types, or by having members.
fn is_object(node: &RawObject<'_>) -> bool {
    let of_type = |kind: &str| {
        let one = raw_json::string_of(kind).map(|kind| vec![kind]);
        let kinds = one.or_else(|| serde_json::from_str(kind).ok()).unwrap_or_default();
        kinds.iter().any(|kind| kind == "object")
    };
    node.get("type").is_some_and(of_type) || node.get("properties").is_some()
}

/// Whether a schema is `allOf` with something beside it: each part alone, closed, would refuse the others' members.
fn joins_parts(node: &RawObject<'_>) -> bool {
    let Some(parts) = node.get("allOf") else { return false };
    let count = serde_json::from_str::<Vec<&RawValue>>(parts).map_or(0, |parts| parts.len());
    count > 1 || is_object(node)
}

fn each_member(schemas: &str, depth: usize, changed: &mut bool) -> Option<String> {
    let Ok(RawObject(members)) = serde_json::from_str(schemas) else { return Some(schemas.to_owned()) };
    let close = |(name, value): (_, &RawValue)| Some((name, close(value.get(), depth + 1, changed)?));
    let members: Option<Vec<(Cow<'_, str>, String)>> = members.into_iter().map(close).collect();
    members.map(raw_json::object)
}

fn each_item(schemas: &str, depth: usize, changed: &mut bool) -> Option<String> {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(schemas) else { return Some(schemas.to_owned()) };
    let items: Option<Vec<String>> = items.into_iter().map(|item| close(item.get(), depth + 1, changed)).collect();
    items.map(|items| format!("[{}]", items.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_closed_wherever_they_stand() {
        let schema = r##"{"type":"object","properties":{"a":{"type":["object","null"],"properties":{}},"type":{"type":"string"},
            "b":{"type":"array","items":{"properties":{"n":{"maximum":18446744073709551616}}}}},"$defs":{"c":{"type":"object"}},
            "anyOf":[{"$ref":"#/$defs/c"},true]}"##;
        let expected = r##"{"type":"object","properties":{"a":{"type":["object","null"],"properties":{},"additionalProperties":false},"type":{"type":"string"},"b":{"type":"array","items":{"properties":{"n":{"maximum":18446744073709551616}},"additionalProperties":false}}},"$defs":{"c":{"type":"object","additionalProperties":false}},"anyOf":[{"$ref":"#/$defs/c"},true],"additionalProperties":false}"##;
        assert_eq!(closed(schema).as_deref(), Some(expected));
        // What is closed already stays as it stands.
        assert!(matches!(closed(expected), Some(Cow::Borrowed(_))));
        let spaced = r#"{ "type": "object", "additionalProperties": false }"#;
        assert_eq!(closed(spaced).as_deref(), Some(spaced));
    }

    #[test]
    fn what_is_open_on_purpose_cannot_be_closed() {
        for schema in [
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"type":"object","properties":{"a":{"type":"object","additionalProperties":true}}}"#,
            r#"{"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#,
            r#"{"properties":{"a":{}},"allOf":[{"required":["a"]}]}"#,
        ] {
            assert_eq!(closed(schema), None, "{schema}");
        }
        let one = r#"{"allOf":[{"type":"object"}]}"#;
        assert_eq!(closed(one).as_deref(), Some(r#"{"allOf":[{"type":"object","additionalProperties":false}]}"#));
    }

    #[test]
    fn nesting_without_end_does_not_overflow_the_stack() {
        let schema = format!("{}{{}}{}", r#"{"items":"#.repeat(5000), "}".repeat(5000));
        assert_eq!(closed(&schema), None);
    }
}
