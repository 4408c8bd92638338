//! A JSON Schema as a tree, for changes that go deep. Scalars keep their spelling.

use super::raw_json::{MAX_DEPTH, quoted, string_of};
use super::tokens::{Token, Tokens};

/// A value of a schema.
#[derive(Debug)]
pub(super) enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    /// A string with its quotes, a number, `true`, `false` or `null`.
    Scalar(String),
}

/// Members whose members are schemas, whose elements are, and that are schemas themselves.
const OF_NAMES: &[&str] = &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const OF_LISTS: &[&str] = &["anyOf", "oneOf", "allOf", "prefixItems"];
const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedProperties",
];

/// Members that say something of values which Bedrock does not hold a model to (AWS's page on structured output; Anthropic's,
/// JSON Schema limitations).
const CONSTRAINTS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
];

impl Node {
    /// Reads a document that is known to be JSON. None where it is too deep to be changed.
    pub(super) fn parse(json: &str) -> Option<Node> {
        let mut open: Vec<(Node, Option<String>)> = Vec::new();
        let mut name = None;
        for token in Tokens::of(json) {
            let node = match token {
                Token::Colon | Token::Comma => continue,
                Token::Name(text) => {
                    name = Some(string_of(text)?);
                    continue;
                }
                Token::Open(sign) => {
                    let node = if sign == b'{' { Node::Object(Vec::new()) } else { Node::List(Vec::new()) };
                    open.push((node, name.take()));
                    if open.len() > MAX_DEPTH {
                        return None;
                    }
                    continue;
                }
                Token::Scalar(text) => Node::Scalar(text.to_owned()),
                Token::Close(_) => {
                    let (node, own_name) = open.pop()?;
                    name = own_name;
                    node
                }
            };
            match open.last_mut() {
                None => return Some(node),
                Some((Node::Object(members), _)) => members.push((name.take()?, node)),
                Some((Node::List(elements), _)) => elements.push(node),
                Some((Node::Scalar(_), _)) => return None,
            }
        }
        None
    }

    /// The document, without white space.
    pub(super) fn into_text(self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Node::Scalar(scalar) => text.push_str(scalar),
            Node::List(elements) => {
                text.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    element.write(text);
                }
                text.push(']');
            }
            Node::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    text.push_str(&quoted(name));
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }

    /// Does something to this schema and to all schemas in it.
    fn for_each_schema(&mut self, change: &mut impl FnMut(&mut Vec<(String, Node)>)) {
        let Node::Object(members) = self else { return };
        change(members);
        for (name, value) in members {
            match value {
                Node::Object(inner) if OF_NAMES.contains(&name.as_str()) => {
                    inner.iter_mut().for_each(|(_, schema)| schema.for_each_schema(change));
                }
                Node::List(elements) if OF_LISTS.contains(&name.as_str()) => {
                    elements.iter_mut().for_each(|schema| schema.for_each_schema(change));
                }
                schema if ONE.contains(&name.as_str()) => schema.for_each_schema(change),
                _ => {}
            }
        }
    }

    /// Takes out `properties` that is no object and `required` that is no list, which programs write where they have none.
    pub(super) fn drop_empty_members(&mut self) {
        self.for_each_schema(&mut |members| {
            members.retain(|(name, value)| match name.as_str() {
                "properties" => matches!(value, Node::Object(_)),
                "required" => matches!(value, Node::List(_)),
                _ => true,
            });
        });
    }

    /// Moves what Bedrock does not hold a model to into the descriptions, where the model can read it, as Anthropic's own SDKs do.
    /// Gives whether there was any.
    pub(super) fn describe_constraints(&mut self) -> bool {
        let mut any = false;
        self.for_each_schema(&mut |members| {
            let mut said: Vec<String> = Vec::new();
            members.retain_mut(|(name, value)| {
                let Node::Scalar(scalar) = value else {
                    if name == "oneOf" {
                        any = true;
                        *name = "anyOf".to_owned();
                    }
                    return true;
                };
                let small = name == "minItems" && matches!(scalar.as_str(), "0" | "1");
                if !CONSTRAINTS.contains(&name.as_str()) || small {
                    return true;
                }
                said.push(format!("{name}: {scalar}"));
                false
            });
            if said.is_empty() {
                return;
            }
            any = true;
            describe(members, &said.join(", "));
        });
        any
    }

    /// Takes a keyword out of all schemas, its value into the descriptions. Gives whether there was any.
    pub(super) fn describe_keyword(&mut self, keyword: &str) -> bool {
        let mut any = false;
        self.for_each_schema(&mut |members| {
            let mut said = None;
            members.retain(|(name, value)| {
                if name == keyword {
                    let mut text = String::new();
                    value.write(&mut text);
                    said = Some(format!("{keyword}: {text}"));
                }
                name != keyword
            });
            if let Some(said) = said {
                any = true;
                describe(members, &said);
            }
        });
        any
    }
}

/// Adds to a schema's description what it does not say otherwise any more.
fn describe(members: &mut Vec<(String, Node)>, said: &str) {
    let said = format!("{{{said}}}");
    let described = members.iter_mut().find(|(name, _)| name == "description");
    match described {
        Some((_, Node::Scalar(text))) => {
            let before = string_of(text).unwrap_or_default();
            *text = quoted(format!("{before}\n\n{said}").trim_start());
        }
        _ => members.push(("description".to_owned(), Node::Scalar(quoted(&said)))),
    }
}

/// The schema without members that are there and say nothing; none where it has none of them.
pub(super) fn without_empty_members(schema: &str) -> Option<String> {
    let empty = |name: &str, right: u8| {
        schema.match_indices(name).any(|(at, _)| {
            let value = schema[at + name.len()..].trim_ascii_start().strip_prefix(':').map(str::trim_ascii_start);
            value.is_some_and(|value| value.bytes().next().is_some_and(|first| first != right))
        })
    };
    if !empty("\"properties\"", b'{') && !empty("\"required\"", b'[') {
        return None;
    }
    let mut tree = Node::parse(schema)?;
    tree.drop_empty_members();
    Some(tree.into_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_say_nothing_go_at_every_depth() {
        let schema = r#"{"type":"object","properties":{"a":{"type":"object","properties":null,"required":null},"required":{"type":"string","default":{"properties":null}}},"required":["a"]}"#;
        let expected = r#"{"type":"object","properties":{"a":{"type":"object"},"required":{"type":"string","default":{"properties":null}}},"required":["a"]}"#;
        assert_eq!(without_empty_members(schema).as_deref(), Some(expected));
        assert_eq!(
            without_empty_members(r#"{"properties": [] , "type":"object"}"#).as_deref(),
            Some(r#"{"type":"object"}"#)
        );
        assert_eq!(without_empty_members(r#"{"type":"object","properties": {}, "required": []}"#), None);
        let deep = format!("{}{{\"required\":null}}{}", r#"{"items":"#.repeat(5000), "}".repeat(5000));
        assert_eq!(without_empty_members(&deep), None);
    }

    #[test]
    fn constraints_become_words_and_names_of_properties_do_not() {
        let schema = r#"{"type":"object","properties":{"minimum":{"type":"integer","description":"Age.","minimum":0,"maximum":150},"l":{"type":"array","minItems":1,"maxItems":3,"items":{"oneOf":[{"type":"string","minLength":2}]}}}}"#;
        let mut tree = Node::parse(schema).expect("it is JSON");
        assert!(tree.describe_constraints());
        assert_eq!(
            tree.into_text(),
            r#"{"type":"object","properties":{"minimum":{"type":"integer","description":"Age.\n\n{minimum: 0, maximum: 150}"},"l":{"type":"array","minItems":1,"items":{"anyOf":[{"type":"string","description":"{minLength: 2}"}]},"description":"{maxItems: 3}"}}}"#
        );
        let mut plain = Node::parse(r#"{"type":"object","properties":{"a":{"enum":[1]}}}"#).expect("it is JSON");
        assert!(!plain.describe_constraints());
    }
}
