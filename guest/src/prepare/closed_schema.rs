//! Schemas that Bedrock holds a model to: those of strict tools and of `outputConfig`. Every object in one has to say that it takes
//! no members beside its own; the service refuses the request otherwise (AWS's page on structured output; strands #2210, vercel
//! #20681). Schemas that programs make of types seldom say so.

use std::borrow::Cow;

use super::raw_json::{self, MAX_DEPTH};
use super::tokens::{Document, Token, Tokens};

/// Says whether further members are taken.
const FURTHER: &str = "additionalProperties";

/// The schema with every object closed; none where that would change what it is for: an object that takes any members, or
/// parts that are only together the object.
///
/// pi makes all members required besides, and those that may be left out `null`. The service wants no such thing, and a tool
/// would be called with `null`s that it never heard of.
pub(super) fn closed(schema: &str) -> Option<Cow<'_, str>> {
    let mut out = Document::with_capacity(schema.len());
    let mut open: Vec<Open> = Vec::new();
    // How many of those are schemas.
    let mut depth = 0;
    let mut changed = false;
    let mut next = Place::Schema;
    for token in Tokens::of(schema) {
        match token {
            Token::Colon => {}
            Token::Comma => next = open.last_mut().map_or(Place::Plain, Open::element),
            Token::Name(name) => next = open.last_mut().map_or(Place::Plain, |object| object.member(name)),
            Token::Scalar(text) => {
                if let Some(around) = open.last_mut() {
                    around.scalar(next, text);
                }
            }
            Token::Open(sign) => {
                let place = next.of_container(sign == b'{')?;
                depth += usize::from(place == Place::Schema);
                if depth > MAX_DEPTH {
                    return None;
                }
                open.push(Open { place, ..Open::default() });
                next = open.last_mut().map_or(Place::Plain, Open::element);
            }
            Token::Close(_) => {
                let inner = open.pop()?;
                if inner.place == Place::Schema {
                    depth -= 1;
                    if inner.is_more_than_its_members() {
                        return None;
                    }
                    if inner.is_object() && !inner.is_closed {
                        changed = true;
                        out.write(Token::Name("\"additionalProperties\""));
                        out.write(Token::Scalar("false"));
                    }
                }
                if let Some(around) = open.last_mut() {
                    around.take(&inner);
                }
            }
        }
        out.write(token);
    }
    Some(if changed { Cow::Owned(out.into_text()) } else { Cow::Borrowed(schema) })
}

/// What a value is to the schema around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// A schema.
    Schema,
    /// An object whose members are schemas.
    Members,
    /// A list of schemas.
    Parts,
    /// A list of schemas that all hold.
    AllOf,
    /// `type`: a word or a list of words.
    Types,
    /// `additionalProperties`.
    Further,
    /// Anything else, which stays as it is.
    #[default]
    Plain,
}

impl Place {
    /// What an object or a list at this place is. None where it is an object's word that it takes further members.
    fn of_container(self, is_object: bool) -> Option<Place> {
        match self {
            Place::Further => None,
            Place::Schema | Place::Members if is_object => Some(self),
            Place::Parts | Place::AllOf | Place::Types if !is_object => Some(self),
            _ => Some(Place::Plain),
        }
    }
}

/// An object or a list that is being read.
#[derive(Debug, Default)]
struct Open {
    place: Place,
    /// Elements of a list; one where there is none.
    elements: usize,
    /// Whether `type` is or has `object`.
    of_type_object: bool,
    has_members: bool,
    /// Whether it says that it takes no further members.
    is_closed: bool,
    /// Whether it says that it takes some.
    takes_further: bool,
    /// How many parts it has that all hold.
    all_of: Option<usize>,
}

impl Open {
    /// What the next element of a list is.
    fn element(&mut self) -> Place {
        self.elements += 1;
        match self.place {
            Place::Parts | Place::AllOf => Place::Schema,
            Place::Types => Place::Types,
            _ => Place::Plain,
        }
    }

    /// What the value of a member is.
    fn member(&mut self, name: &str) -> Place {
        match self.place {
            Place::Schema => {}
            Place::Members => return Place::Schema,
            _ => return Place::Plain,
        }
        // A name may be spelt with escapes.
        let unescaped = name.contains('\\').then(|| raw_json::string_of(name)).flatten();
        match unescaped.as_deref().unwrap_or(name.trim_matches('"')) {
            "properties" => {
                self.has_members = true;
                Place::Members
            }
            "$defs" | "definitions" => Place::Members,
            "anyOf" | "oneOf" | "prefixItems" => Place::Parts,
            "allOf" => {
                self.all_of = Some(0);
                Place::AllOf
            }
            "items" => Place::Schema,
            "type" => {
                self.of_type_object = false;
                Place::Types
            }
            FURTHER => Place::Further,
            _ => Place::Plain,
        }
    }

    /// Reads a value in it that is neither an object nor a list.
    fn scalar(&mut self, place: Place, text: &str) {
        match place {
            Place::Types => self.of_type_object |= text == "\"object\"",
            Place::Further => (self.is_closed, self.takes_further) = (text == "false", text != "false"),
            _ => {}
        }
    }

    /// Takes over what an object or a list in it says about it.
    fn take(&mut self, inner: &Open) {
        match inner.place {
            Place::Types => self.of_type_object |= inner.of_type_object,
            Place::AllOf => self.all_of = Some(inner.elements),
            _ => {}
        }
    }

    /// Whether a schema describes an object: by its type, one of its types, or by having members.
    fn is_object(&self) -> bool {
        self.of_type_object || self.has_members
    }

    /// Whether a schema takes further members, or is `allOf` with something beside it: each part alone, closed, would refuse the
    /// others' members.
    fn is_more_than_its_members(&self) -> bool {
        self.takes_further || self.all_of.is_some_and(|parts| parts > 1 || self.is_object())
    }
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
