//! Values given on the command line, as a layer.

use serde_json::{Map, Value};

use super::document::Document;
use super::error::ConfigError;
use super::path::{Segment, parse_path};

/// A value for one member of the configuration, such as `models.bedrockDiscovery.region` and `"eu-west-1"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Member names with dots between them; a name that has a dot in it in double quotes.
    pub path: String,
    /// The value.
    pub value: Value,
}

impl Override {
    /// The value for a member.
    pub fn new(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Override { path: path.into(), value: value.into() }
    }
}

/// One document that says what the overrides say, the later ones over the earlier ones. Without a root when there are none.
pub(super) fn document(overrides: &[Override]) -> Result<Document, ConfigError> {
    if overrides.is_empty() {
        return Ok(Document::default());
    }
    let mut root = Map::new();
    for Override { path, value } in overrides {
        let names = names(path).ok_or_else(|| ConfigError::OverridePath { path: path.clone() })?;
        put(&mut root, &names, value.clone());
    }
    Ok(Document::of_json(&Value::Object(root)))
}

fn put(object: &mut Map<String, Value>, names: &[String], value: Value) {
    match names {
        [] => {}
        [last] => drop(object.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let member = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if !member.is_object() {
                *member = Value::Object(Map::new());
            }
            if let Value::Object(inner) = member {
                put(inner, rest, value);
            }
        }
    }
}

/// The names in a path; None when it is none, or an element of a list is in it.
fn names(path: &str) -> Option<Vec<String>> {
    let name = |segment| match segment {
        Segment::Member(name) => Some(name),
        Segment::Element(_) => None,
    };
    parse_path(path).ok()?.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::{Override, document, names};

    fn json(overrides: &[Override]) -> String {
        let document = document(overrides).expect("valid");
        document.root().map(|root| root.to_json().to_string()).unwrap_or_default()
    }

    #[test]
    fn overrides_become_one_document() {
        let overrides = [
            Override::new("models.bedrockDiscovery.region", "us-east-1"),
            Override::new("models.bedrockDiscovery.refreshInterval", 0),
            Override::new("models.bedrockDiscovery.region", "eu-west-1"),
            Override::new("agents.defaults.models.\"amazon-bedrock/a.b\".alias", "x"),
        ];
        assert_eq!(
            json(&overrides),
            r#"{"agents":{"defaults":{"models":{"amazon-bedrock/a.b":{"alias":"x"}}}},"models":{"bedrockDiscovery":{"refreshInterval":0,"region":"eu-west-1"}}}"#
        );
        assert_eq!(json(&[]), "");
        let replaced = [Override::new("a", 1), Override::new("a.b", 2)];
        assert_eq!(json(&replaced), r#"{"a":{"b":2}}"#);
    }

    #[test]
    fn a_path_without_names_is_refused() {
        for path in ["", "a..b", "a[0]"] {
            assert_eq!(names(path), None, "{path}");
        }
        let error = document(&[Override::new("a..b", 1)]).expect_err("refused").to_string();
        assert!(error.contains("`a..b`"), "{error}");
    }
}
