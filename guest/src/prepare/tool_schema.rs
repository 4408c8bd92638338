//! The JSON Schema of a tool's arguments, with an object at its root: services refuse anything else there.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::raw_json::{self, RawObject, quoted, string_of};
use super::report::Report;

/// Keywords that Anthropic refuses at the root.
const COMBINERS: &[&str] = &["anyOf", "oneOf", "allOf"];

/// The schema as it goes out: as it stands, unless its root has to be changed. Lone surrogates go, as in every text.
pub(super) fn input_schema(parameters: &str, path: &str, report: &mut Report) -> String {
    let expected = "a JSON Schema whose root is an object, such as `{\"type\":\"object\",\"properties\":{}}`";
    let parameters = raw_json::without_lone_surrogates(parameters);
    let schema = match RawObject::parse(&parameters) {
        Ok(schema) => schema,
        Err(message) => {
            report.problem(path, message, expected);
            return "{}".to_owned();
        }
    };
    let kind = schema.get("type");
    if kind.is_some_and(|kind| string_of(kind).as_deref() != Some("object")) {
        report.problem(format!("{path}.type"), "the arguments of a tool are an object", expected);
        return "{}".to_owned();
    }
    if COMBINERS.iter().any(|combiner| schema.get(combiner).is_some()) {
        report
            .notice("tool-schema-changed", format!("{path}: the alternatives at the schema's root became one object"));
        return flattened(&schema);
    }
    if kind.is_none() {
        // The service wants it said. Nothing else a tool can take is lost by it.
        let members = schema.0.iter().map(|(name, value)| (name.as_ref(), value.get()));
        return raw_json::object([("type", "\"object\"")].into_iter().chain(members));
    }
    parameters.into_owned()
}

/// One object that admits whatever the alternatives admit: the properties of all of them, required where all require them
/// (with `allOf`: where any does). A property with different schemas in two of them may be either.
fn flattened(schema: &RawObject<'_>) -> String {
    let mut properties: Vec<(String, Vec<String>)> = Vec::new();
    let mut required = Vec::new();
    collect(schema, &mut properties, &mut required);
    for combiner in COMBINERS {
        let alternatives: Vec<RawObject<'_>> =
            schema.get(combiner).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let mut of_each = Vec::new();
        for alternative in &alternatives {
            let mut names = Vec::new();
            collect(alternative, &mut properties, &mut names);
            of_each.push(names);
        }
        let Some((first, others)) = of_each.split_first() else { continue };
        if *combiner == "allOf" {
            required.extend(of_each.concat());
        } else {
            required.extend(first.iter().filter(|name| others.iter().all(|names| names.contains(name))).cloned());
        }
    }
    let mut seen = BTreeSet::new();
    required.retain(|name| seen.insert(name.clone()));

    let properties = properties.into_iter().map(|(name, mut schemas)| {
        let schema =
            if schemas.len() == 1 { schemas.remove(0) } else { format!("{{\"anyOf\":[{}]}}", schemas.join(",")) };
        (name, schema)
    });
    let mut members =
        vec![("type".to_owned(), quoted("object")), ("properties".to_owned(), raw_json::object(properties))];
    if !required.is_empty() {
        members.push((
            "required".to_owned(),
            format!("[{}]", required.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",")),
        ));
    }
    let replaced = |name: &str| matches!(name, "type" | "properties" | "required") || COMBINERS.contains(&name);
    let rest = schema.0.iter().filter(|(name, _)| !replaced(name));
    members.extend(rest.map(|(name, value)| (name.clone().into_owned(), value.get().to_owned())));
    raw_json::object(members)
}

fn collect(schema: &RawObject<'_>, properties: &mut Vec<(String, Vec<String>)>, required: &mut Vec<String>) {
    let own: Option<RawObject<'_>> = schema.get("properties").and_then(|json| serde_json::from_str(json).ok());
    for (name, value) in own.map(|own| own.0).unwrap_or_default() {
        let value: &RawValue = value;
        match properties.iter_mut().find(|(existing, _)| *existing == name) {
            None => properties.push((name.into_owned(), vec![value.get().to_owned()])),
            Some((_, schemas)) if schemas.iter().any(|schema| schema == value.get()) => {}
            Some((_, schemas)) => schemas.push(value.get().to_owned()),
        }
    }
    let names: Vec<String> =
        schema.get("required").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    required.extend(names);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_schema_goes_out_as_it_stands() {
        let schema = r#"{ "type" : "object", "properties": {"n": {"maximum": 18446744073709551616}} }"#;
        assert_eq!(input_schema(schema, "p", &mut Report::default()), schema);
    }

    #[test]
    fn lone_surrogates_go_from_names_and_texts_and_all_else_stays() {
        let schema = r#"{"type":"object","properties":{"a\udc00":{"enum":["\ud83d","\ud83d\ude00","\\ud83d"],"maximum": 1.50}}}"#;
        let expected = r#"{"type":"object","properties":{"a":{"enum":["","\ud83d\ude00","\\ud83d"],"maximum": 1.50}}}"#;
        assert_eq!(input_schema(schema, "p", &mut Report::default()), expected);
    }

    #[test]
    fn alternatives_at_the_root_become_one_object() {
        let mut report = Report::default();
        let schema = r#"{"anyOf":[{"properties":{"a":{"type":"string"},"b":{}},"required":["a","b"]},
            {"properties":{"a":{"type":"number"},"c":{}},"required":["a"]}],"$defs":{"x":{}}}"#;
        let expected = r#"{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"number"}]},"b":{},"c":{}},"required":["a"],"$defs":{"x":{}}}"#;
        assert_eq!(input_schema(schema, "p", &mut report), expected);
        let all = r#"{"type":"object","allOf":[{"properties":{"a":{}},"required":["a"]},{"required":["b"]}]}"#;
        let expected = r#"{"type":"object","properties":{"a":{}},"required":["a","b"]}"#;
        assert_eq!(input_schema(all, "p", &mut report), expected);
    }

    #[test]
    fn a_root_that_is_no_object_is_a_problem() {
        let mut report = Report::default();
        input_schema(r#"{"type":"array"}"#, "tools[0].parameters", &mut report);
        input_schema("[]", "tools[1].parameters", &mut report);
        let paths: Vec<_> = report.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["tools[0].parameters.type", "tools[1].parameters"]);
        assert_eq!(input_schema("{}", "p", &mut report), r#"{"type":"object"}"#);
    }
}
