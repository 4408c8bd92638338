//! Looking values up in the text of a configuration: where they are, and what they are.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;

use super::file::ConfigFile;
use super::gateway::GatewayConfig;
use super::json5::{self, BYTE_ORDER_MARK};
use super::mask::Mask;
use super::path::Segment;
use super::position;

/// A configuration's text, for looking things up in it. Where the text is no JSON5, nothing is found.
///
/// What the provider may not see of the parts that it reads is hidden here too; elsewhere secrets are, by the names of members and by
/// what values look like.
#[derive(Debug)]
pub struct ConfigText {
    masked: String,
}

impl ConfigText {
    /// The text of a file.
    #[must_use]
    pub fn of(file: &ConfigFile) -> Self {
        let text = file.text();
        // A mark that no one sees has no column.
        let params = GatewayConfig::read(Some(file)).map(|config| config.provider.params).unwrap_or_default();
        ConfigText { masked: Mask::for_owner(&params).apply(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)) }
    }

    /// The value at a path, secrets hidden. Of members with the same name the last counts.
    #[must_use]
    pub fn value(&self, path: &[Segment]) -> Option<serde_json::Value> {
        self.with(|root| find(root, path).map(json5::to_json))?
    }

    /// Line and column of the value at a path, from 1.
    #[must_use]
    pub fn place(&self, path: &[Segment]) -> Option<(u32, u32)> {
        let offset = self.with(|root| find(root, path).map(|value| value.start()))??;
        Some(position::locate(&self.masked, offset))
    }

    /// Lines and columns of the names on the way to a value, from the first that is there.
    #[must_use]
    pub fn places_of_names(&self, path: &[Segment]) -> Vec<(u32, u32)> {
        let offsets = self.with(|root| {
            let mut offsets = Vec::new();
            let mut at = Some(root);
            for segment in path {
                if let (Some(object), Segment::Member(name)) = (at.and_then(Value::as_object), segment) {
                    offsets.extend(member(object, name).map(|property| property.name.start()));
                }
                at = at.and_then(|value| child(value, segment));
            }
            offsets
        });
        offsets.unwrap_or_default().into_iter().map(|offset| position::locate(&self.masked, offset)).collect()
    }

    /// Names of the members of the object at a path.
    #[must_use]
    pub fn names(&self, path: &[Segment]) -> Vec<String> {
        let names = |object: &Object<'_>| object.properties.iter().map(|it| it.name.as_str().to_owned()).collect();
        self.with(|root| find(root, path).and_then(Value::as_object).map(names)).flatten().unwrap_or_default()
    }

    fn with<T>(&self, look: impl FnOnce(&Value<'_>) -> T) -> Option<T> {
        // What goes deeper is refused elsewhere, and would exhaust the stack here.
        if json5::too_deep(&self.masked).is_some() {
            return None;
        }
        json5::parse(&self.masked).ok()?.as_ref().map(look)
    }
}

fn find<'v, 't>(root: &'v Value<'t>, path: &[Segment]) -> Option<&'v Value<'t>> {
    path.iter().try_fold(root, child)
}

fn child<'v, 't>(value: &'v Value<'t>, segment: &Segment) -> Option<&'v Value<'t>> {
    match segment {
        Segment::Member(name) => member(value.as_object()?, name).map(|property| &property.value),
        Segment::Element(index) => value.as_array()?.elements.get(*index),
    }
}

fn member<'v, 't>(object: &'v Object<'t>, name: &str) -> Option<&'v ObjectProp<'t>> {
    object.properties.iter().rev().find(|property| property.name.as_str() == name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::path::parse_path;
    use super::{ConfigFile, ConfigText};

    fn text(text: &str) -> ConfigText {
        ConfigText::of(&ConfigFile::with_text("config.json5", text))
    }

    #[test]
    fn values_are_found_with_their_places() {
        let text = text("\u{feff}// first\n{\n  a: { 'b.c': [1, 0x10, { d: .5 }], a: 'x', a: 'y' },\n}");
        let value = |path: &str| text.value(&parse_path(path).expect("a path"));
        assert_eq!(value(r#"a."b.c""#), Some(json!([1, 16, { "d": 0.5 }])));
        assert_eq!(value("a.a"), Some(json!("y")));
        for absent in ["b", "a.b", r#"a."b.c"[3]"#, "a[0]", "a.a.x"] {
            assert_eq!(value(absent), None, "{absent}");
        }
        let path = parse_path(r#"a."b.c"[2].d.e"#).expect("a path");
        assert_eq!(text.place(&path[..4]), Some((3, 30)));
        assert_eq!(text.place(&path), None);
        assert_eq!(text.places_of_names(&path), [(3, 3), (3, 8), (3, 27)]);
        assert_eq!(text.names(&path[..1]), ["b.c", "a", "a"]);
    }

    #[test]
    fn secrets_are_hidden_everywhere() {
        let text = text("{ gateway: { auth: { token: 'hunter2' } }, x: { n: 5, note: 'seen', apiKey: 7 } }");
        let all = text.value(&[]).expect("it is there").to_string();
        assert!(!all.contains("hunter2") && all.contains("seen") && all.contains("\"n\":5"), "{all}");
    }

    #[test]
    fn a_broken_text_and_a_deep_one_have_nothing() {
        for broken in ["{ a: ", "", &format!("{{ a: {}", "[".repeat(10_000))] {
            let text = text(broken);
            assert!(text.value(&parse_path("a").expect("a path")).is_none() && text.names(&[]).is_empty());
        }
    }
}
