//! Reading the members of a listing's JSON, where any member may be absent, null or of a wrong type.

use serde_json::{Map, Value};

/// A JSON object whose members are read one by one. `null` counts as absent: the real listing has both.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// The members of an object.
    ///
    /// # Errors
    /// What the value is instead, as a clause for a message.
    pub(super) fn of(value: &'a Value) -> Result<Self, String> {
        value.as_object().map(Members).ok_or_else(|| format!("it is {}, not an object", kind(value)))
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(self, name: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(found) => Ok(Some(found)),
                None => Err(format!("its `{name}` is {}, not {wanted}", kind(value))),
            },
        }
    }

    /// A member that is text.
    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, String> {
        self.read(name, "a string", Value::as_str)
    }

    /// A member that is true or false.
    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "true or false", Value::as_bool)
    }

    fn list<T>(self, name: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Vec<T>, String> {
        let Some(items) = self.read(name, &format!("a list of {wanted}"), Value::as_array)? else {
            return Ok(Vec::new());
        };
        let read: Option<Vec<T>> = items.iter().map(read).collect();
        read.ok_or_else(|| format!("its `{name}` contains a value other than {wanted}"))
    }

    /// A member that is a list of texts; empty where it is absent.
    pub(super) fn texts(self, name: &str) -> Result<Vec<&'a str>, String> {
        self.list(name, "strings", Value::as_str)
    }

    /// A member that is an object.
    pub(super) fn object(self, name: &str) -> Result<Option<Members<'a>>, String> {
        self.read(name, "an object", |value| value.as_object().map(Members))
    }

    /// A member that is a list of objects; empty where it is absent.
    pub(super) fn objects(self, name: &str) -> Result<Vec<Members<'a>>, String> {
        self.list(name, "objects", |value| value.as_object().map(Members))
    }
}

/// What a JSON value is, with its article, for a message. Never the value itself: it can be long.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The summaries in the body of a list operation, unread.
///
/// # Errors
/// Why the body cannot be used at all, as a clause for a message.
pub(super) fn summaries(body: &str, member: &str) -> Result<Vec<Value>, String> {
    let mut members = object(body)?;
    match members.as_object_mut().and_then(|members| members.remove(member)) {
        Some(Value::Array(summaries)) => Ok(summaries),
        None | Some(Value::Null) => Err(format!("it has no `{member}`")),
        Some(other) => Err(format!("its `{member}` is {}, not a list", kind(&other))),
    }
}

/// The object that a body is.
///
/// # Errors
/// What it is instead, as a clause for a message.
pub(super) fn object(body: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(body).map_err(|error| format!("it is not JSON ({error})"))?;
    if value.is_object() { Ok(value) } else { Err(format!("it is {}, not an object", kind(&value))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_listing_says_what_it_is() {
        let why = |body: &str| summaries(body, "modelSummaries").expect_err("it is no listing");
        assert_eq!(why("<html>"), "it is not JSON (expected value at line 1 column 1)");
        assert_eq!(why("[]"), "it is a list, not an object");
        assert_eq!(why("{}"), "it has no `modelSummaries`");
        assert_eq!(why(r#"{"modelSummaries":null}"#), "it has no `modelSummaries`");
        assert_eq!(why(r#"{"modelSummaries":"x"}"#), "its `modelSummaries` is a string, not a list");
        // Deep nesting must not exhaust the stack.
        assert!(why(&"[".repeat(100_000)).starts_with("it is not JSON (recursion limit exceeded"));
    }

    #[test]
    fn null_is_absent_and_a_wrong_type_is_named() {
        let value: Value = serde_json::from_str(r#"{"a":null,"b":5,"c":["x",1],"d":{},"e":[{}]}"#).expect("JSON");
        let members = Members::of(&value).expect("an object");
        assert_eq!(members.text("a"), Ok(None));
        assert_eq!(members.text("absent"), Ok(None));
        assert_eq!(members.text("b"), Err("its `b` is a number, not a string".to_owned()));
        assert_eq!(members.texts("absent"), Ok(Vec::new()));
        assert_eq!(members.texts("c"), Err("its `c` contains a value other than strings".to_owned()));
        assert_eq!(members.texts("d"), Err("its `d` is an object, not a list of strings".to_owned()));
        assert!(members.object("d").is_ok_and(|object| object.is_some()));
        assert_eq!(members.objects("e").map(|objects| objects.len()), Ok(1));
    }
}
