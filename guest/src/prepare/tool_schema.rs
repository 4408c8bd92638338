//! The JSON Schema of a tool's arguments, with an object at its root: services refuse anything else there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::raw_json::{self, RawObject, quoted, string_of};
use super::report::Report;
use super::schema_tree;

/// Keywords that Anthropic refuses at the root.
const COMBINERS: &[&str] = &["anyOf", "oneOf", "allOf"];

/// A reference, which at the root has to be followed as well.
const REF: &str = "$ref";

/// The schema as it goes out: as it stands, unless its root has to be changed, or it has members that say nothing. Lone
/// surrogates go, as in every text.
pub(super) fn input_schema(given: String, path: &str, report: &mut Report) -> String {
    let expected = "a JSON Schema whose root is an object, such as `{\"type\":\"object\",\"properties\":{}}`";
    let mut parameters = raw_json::without_lone_surrogates(&given);
    if let Some(cleaned) = schema_tree::without_empty_members(&parameters) {
        parameters = cleaned.into();
    }
    let schema = match RawObject::parse(&parameters) {
        Ok(schema) => schema,
        Err(message) => {
            report.problem(path, message, expected);
            return "{}".to_owned();
        }
    };
    let kind = schema.get("type");
    if kind.is_some_and(|kind| string_of(kind).as_deref() != Some("object")) {
        report.problem(format!("{path}.type"), "the root of the schema is not an object", expected);
        return "{}".to_owned();
    }
    if COMBINERS.iter().chain([&REF]).any(|member| schema.get(member).is_some()) {
        let (flattened, whole) = flattened(&schema);
        let message = match whole {
            true => "the alternatives at the root of the schema were merged into one object",
            false => {
                "the alternatives at the root of the schema were merged into one object, without those whose reference leads nowhere in this schema"
            }
        };
        report.notice("tool-schema-changed", format!("{path}: {message}"));
        return flattened;
    }
    if kind.is_none() {
        // The service wants it said. Nothing else a tool can take is lost by it.
        let members = schema.0.iter().map(|(name, value)| (name.as_ref(), value.get()));
        return raw_json::object([("type", "\"object\"")].into_iter().chain(members));
    }
    match parameters {
        Cow::Owned(changed) => changed,
        Cow::Borrowed(_) => given,
    }
}

/// One object that admits whatever the alternatives admit: the properties of all of them, required where all require them
/// (with `allOf`: where any does). A property with different schemas in two of them may be either. References are followed. Gives
/// whether every alternative is in it.
fn flattened(schema: &RawObject<'_>) -> (String, bool) {
    let mut alternatives = Alternatives::of(schema);
    let mut required = alternatives.admit(schema, 0);
    let mut seen = BTreeSet::new();
    required.retain(|name| seen.insert(name.clone()));

    let mut members = vec![("type", quoted("object")), ("properties", alternatives.properties.into_object())];
    if !required.is_empty() {
        let names: Vec<String> = required.iter().map(|name| quoted(name)).collect();
        members.push(("required", format!("[{}]", names.join(","))));
    }
    let replaced = |name: &str| matches!(name, "type" | "properties" | "required" | REF) || COMBINERS.contains(&name);
    let rest = schema.0.iter().filter(|(name, _)| !replaced(name));
    let members = members.iter().map(|(name, value)| (*name, value.as_str()));
    (raw_json::object(members.chain(rest.map(|(name, value)| (name.as_ref(), value.get())))), !alternatives.is_lacking)
}

/// How deep alternatives of alternatives are followed, and how many required names are compared in all: a schema whose
/// references meet again and again must not cost more than its length.
const MAX_NESTING: usize = 32;
const MAX_NAMES: usize = 100_000;

/// The alternatives of a schema, while they are gathered.
struct Alternatives<'a> {
    properties: Properties<'a>,
    /// What references lead to, by the reference.
    targets: BTreeMap<String, &'a RawValue>,
    /// What the targets that were gathered require; nothing yet of one that is being gathered, for references may meet in it.
    required: BTreeMap<String, Vec<String>>,
    names: usize,
    /// Whether an alternative could not be followed.
    is_lacking: bool,
}

impl<'a> Alternatives<'a> {
    fn of(root: &RawObject<'a>) -> Self {
        let mut targets = BTreeMap::new();
        for place in ["$defs", "definitions"] {
            let definitions: Option<RawObject<'a>> = root.get(place).and_then(|json| serde_json::from_str(json).ok());
            for (name, schema) in definitions.map(|definitions| definitions.0).unwrap_or_default() {
                let name = name.replace('~', "~0").replace('/', "~1");
                targets.insert(format!("#/{place}/{name}"), schema);
            }
        }
        Alternatives {
            properties: Properties::default(),
            targets,
            required: BTreeMap::new(),
            names: 0,
            is_lacking: false,
        }
    }

    /// Takes in what a schema admits, and gives what it requires.
    fn admit(&mut self, schema: &RawObject<'a>, depth: usize) -> Vec<String> {
        self.properties.collect(schema);
        let mut required = required_of(schema);
        if let Some(reference) = schema.get(REF).and_then(string_of) {
            required.extend(self.follow(reference, depth));
        }
        for combiner in COMBINERS {
            let alternatives: Vec<RawObject<'a>> =
                schema.get(combiner).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            if alternatives.is_empty() {
                continue;
            }
            if depth >= MAX_NESTING || self.names > MAX_NAMES {
                self.is_lacking = true;
                continue;
            }
            let of_each: Vec<Vec<String>> =
                alternatives.iter().map(|alternative| self.admit(alternative, depth + 1)).collect();
            self.names += of_each.iter().map(Vec::len).sum::<usize>();
            if *combiner == "allOf" {
                required.extend(of_each.concat());
            } else {
                required.extend(in_all(of_each));
            }
        }
        required
    }

    fn follow(&mut self, reference: String, depth: usize) -> Vec<String> {
        if let Some(known) = self.required.get(&reference) {
            return if self.names > MAX_NAMES { Vec::new() } else { known.clone() };
        }
        let target = self.targets.get(&reference).and_then(|schema| serde_json::from_str(schema.get()).ok());
        let Some(target) = target.filter(|_| depth < MAX_NESTING) else {
            // The root itself adds nothing to itself.
            self.is_lacking |= reference != "#";
            return Vec::new();
        };
        self.required.insert(reference.clone(), Vec::new());
        let required = self.admit(&target, depth + 1);
        self.required.insert(reference, required.clone());
        required
    }
}

fn required_of(schema: &RawObject<'_>) -> Vec<String> {
    schema.get("required").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// The names that are in every list, in the order of the first.
fn in_all(lists: Vec<Vec<String>>) -> Vec<String> {
    // In how many of the lists from the first on a name is.
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, names) in lists.iter().enumerate() {
        for name in names {
            counts
                .entry(name)
                .and_modify(|count| *count += usize::from(*count == index))
                .or_insert(usize::from(index == 0));
        }
    }
    let in_all: BTreeSet<String> =
        counts.into_iter().filter(|(_, count)| *count == lists.len()).map(|(name, _)| name.to_owned()).collect();
    lists.into_iter().next().unwrap_or_default().into_iter().filter(|name| in_all.contains(name)).collect()
}

/// The properties of several schemas, in the order in which they came, each with its different schemas.
#[derive(Default)]
struct Properties<'a> {
    schemas: Vec<(String, Vec<&'a str>)>,
    places: BTreeMap<String, usize>,
    /// Which schemas each has. Most properties have one, which is not among them.
    further: BTreeSet<(usize, &'a str)>,
}

impl<'a> Properties<'a> {
    fn collect(&mut self, schema: &RawObject<'a>) {
        let own: Option<RawObject<'a>> = schema.get("properties").and_then(|json| serde_json::from_str(json).ok());
        for (name, value) in own.map(|own| own.0).unwrap_or_default() {
            let (name, value) = (name.into_owned(), RawValue::get(value));
            match self.places.get(&name) {
                None => {
                    self.places.insert(name.clone(), self.schemas.len());
                    self.schemas.push((name, vec![value]));
                }
                Some(&place) => {
                    let schemas = &mut self.schemas[place].1;
                    if schemas.first() != Some(&value) && self.further.insert((place, value)) {
                        schemas.push(value);
                    }
                }
            }
        }
    }

    fn into_object(self) -> String {
        raw_json::object(self.schemas.into_iter().map(|(name, schemas)| match schemas.as_slice() {
            [schema] => (name, (*schema).to_owned()),
            several => (name, format!("{{\"anyOf\":[{}]}}", several.join(","))),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_schema_goes_out_as_it_stands() {
        let schema = r#"{ "type" : "object", "properties": {"n": {"maximum": 18446744073709551616}} }"#;
        assert_eq!(input_schema(schema.to_owned(), "p", &mut Report::default()), schema);
    }

    #[test]
    fn lone_surrogates_go_from_names_and_texts_and_all_else_stays() {
        let schema = r#"{"type":"object","properties":{"a\udc00":{"enum":["\ud83d","\ud83d\ude00","\\ud83d"],"maximum": 1.50}}}"#;
        let expected = r#"{"type":"object","properties":{"a":{"enum":["","\ud83d\ude00","\\ud83d"],"maximum": 1.50}}}"#;
        assert_eq!(input_schema(schema.to_owned(), "p", &mut Report::default()), expected);
    }

    #[test]
    fn alternatives_at_the_root_become_one_object() {
        let mut report = Report::default();
        let schema = r#"{"anyOf":[{"properties":{"a":{"type":"string"},"b":{}},"required":["a","b"]},
            {"properties":{"a":{"type":"number"},"c":{}},"required":["a"]}],"$defs":{"x":{}}}"#;
        let expected = r#"{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"number"}]},"b":{},"c":{}},"required":["a"],"$defs":{"x":{}}}"#;
        assert_eq!(input_schema(schema.to_owned(), "p", &mut report), expected);
        let all = r#"{"type":"object","allOf":[{"properties":{"a":{}},"required":["a"]},{"required":["b"]}]}"#;
        let expected = r#"{"type":"object","properties":{"a":{}},"required":["a","b"]}"#;
        assert_eq!(input_schema(all.to_owned(), "p", &mut report), expected);
    }

    #[test]
    fn a_root_that_is_no_object_is_a_problem() {
        let mut report = Report::default();
        input_schema(r#"{"type":"array"}"#.to_owned(), "tools[0].parameters", &mut report);
        input_schema("[]".to_owned(), "tools[1].parameters", &mut report);
        let paths: Vec<_> = report.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["tools[0].parameters.type", "tools[1].parameters"]);
        assert_eq!(input_schema("{}".to_owned(), "p", &mut report), r#"{"type":"object"}"#);
    }
}
