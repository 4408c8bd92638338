//! Looking values up in a configuration: where they are, and what they are.

use super::document::{Document, Node};
use super::file::ConfigFile;
use super::gateway::GatewayConfig;
use super::mask::Mask;
use super::path::Segment;
use crate::contract::config::Position;

/// A configuration's values, for its owner. Where the text is no JSON5, nothing is found.
///
/// What the provider may not see of the parts that it reads is hidden here too; elsewhere secrets are, by the names of members and by
/// what values look like.
#[derive(Debug)]
pub struct ConfigText<'f> {
    document: Option<&'f Document>,
    mask: Mask,
}

impl<'f> ConfigText<'f> {
    /// The values of a file.
    #[must_use]
    pub fn of(file: &'f ConfigFile) -> Self {
        let params = GatewayConfig::read(Some(file)).map(|config| config.provider.params).unwrap_or_default();
        ConfigText { document: file.document().ok(), mask: Mask::for_owner(&params) }
    }

    /// The value at a path, secrets hidden. Of members with the same name the last counts.
    #[must_use]
    pub fn value(&self, path: &[Segment]) -> Option<serde_json::Value> {
        self.mask.value(self.document?, path)
    }

    /// Line and column of the value at a path, from 1.
    #[must_use]
    pub fn place(&self, path: &[Segment]) -> Option<(u32, u32)> {
        self.document?.find(path).map(|node| numbers(node.position))
    }

    /// Lines and columns of the names on the way to a value, from the first that is there.
    #[must_use]
    pub fn places_of_names(&self, path: &[Segment]) -> Vec<(u32, u32)> {
        let mut places = Vec::new();
        let mut at = self.document.and_then(Document::root);
        for segment in path {
            if let (Some(node), Segment::Member(name)) = (at, segment) {
                places.extend(node.member(name).map(|member| numbers(member.position)));
            }
            at = at.and_then(|node| node.child(segment));
        }
        places
    }

    /// Names of the members of the object at a path.
    #[must_use]
    pub fn names(&self, path: &[Segment]) -> Vec<String> {
        let node = self.document.and_then(|document| document.find(path));
        node.map(Node::members).unwrap_or_default().iter().map(|member| member.name.clone()).collect()
    }
}

fn numbers(Position { line, column }: Position) -> (u32, u32) {
    (line, column)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::path::parse_path;
    use super::{ConfigFile, ConfigText};

    fn file(text: &str) -> ConfigFile {
        ConfigFile::with_text("config.json5", text)
    }

    #[test]
    fn values_are_found_with_their_places() {
        let file = file("\u{feff}// first\n{\n  a: { 'b.c': [1, 0x10, { d: .5 }], a: 'x', a: 'y' },\n}");
        let text = ConfigText::of(&file);
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
        let file = file("{ gateway: { auth: { token: 'hunter2' } }, x: { n: 5, note: 'seen', apiKey: 7 } }");
        let text = ConfigText::of(&file);
        let all = text.value(&[]).expect("it is there").to_string();
        assert!(!all.contains("hunter2") && all.contains("seen") && all.contains("\"n\":5"), "{all}");
    }

    #[test]
    fn a_broken_text_and_a_deep_one_have_nothing() {
        for broken in ["{ a: ", "", &format!("{{ a: {}", "[".repeat(10_000))] {
            let file = file(broken);
            let text = ConfigText::of(&file);
            assert!(text.value(&parse_path("a").expect("a path")).is_none() && text.names(&[]).is_empty());
        }
    }
}
