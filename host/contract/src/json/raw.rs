//! The pieces that the forms share: a JSON document inside another, lists of named values, numbers.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::types::NamedJson;

/// A JSON document that stands inside another as the value that it is, its members in the order in which they came.
/// Text that is not JSON (a provider may hand over anything) stands there as a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub String);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match RawValue::from_string(compact(&self.0).into_owned()) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Json(compact(raw.get()).into_owned()))
    }
}

/// The document without the white space between its tokens: no line break is left, so it fits into one line of output.
#[must_use]
pub fn compact(document: &str) -> Cow<'_, str> {
    let mut in_string = false;
    let mut escaped = false;
    let mut is_space = |character: char| {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            return false;
        }
        in_string = character == '"';
        matches!(character, ' ' | '\t' | '\n' | '\r')
    };
    match document.char_indices().find(|(_, character)| is_space(*character)) {
        None => Cow::Borrowed(document),
        Some((first, _)) => {
            let mut kept = String::with_capacity(document.len());
            kept.push_str(&document[..first]);
            kept.extend(document[first..].chars().skip(1).filter(|character| !is_space(*character)));
            Cow::Owned(kept)
        }
    }
}

/// A list of named values, as an object. A name that comes twice is refused when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members<T>(pub Vec<(String, T)>);

impl<T> Members<T> {
    /// Whether there are none, so that the member can be left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Members(Vec::new())
    }
}

impl From<Vec<NamedJson>> for Members<Json> {
    fn from(list: Vec<NamedJson>) -> Self {
        Members(list.into_iter().map(|NamedJson { name, value }| (name, Json(value))).collect())
    }
}

impl From<Members<Json>> for Vec<NamedJson> {
    fn from(members: Members<Json>) -> Self {
        members.0.into_iter().map(|(name, value)| NamedJson { name, value: value.0 }).collect()
    }
}

impl<T: Serialize> Serialize for Members<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Members<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members: Vec<(String, T)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, T>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format_args!("the member `{name}` is set twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// Writes a whole number as one, as JavaScript does: `20`, not `20.0`.
///
/// # Errors
/// Those of the serializer.
pub fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Up to here every whole number has an exact form in both types.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        // Whole and within the exact range, so the cast loses nothing.
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_between_tokens_goes_and_white_space_in_strings_stays() {
        let document = "{ \"a b\\\" \" :\n[1, \"\\\\\" , 2] }";
        assert_eq!(compact(document), "{\"a b\\\" \":[1,\"\\\\\",2]}");
        assert!(matches!(compact("{\"a\":1}"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_document_that_is_not_json_becomes_a_string() {
        let written = serde_json::to_string(&[Json("{\"b\": 1, \"a\": 2}".into()), Json("{oops".into())]);
        assert_eq!(written.ok().as_deref(), Some(r#"[{"b":1,"a":2},"{oops"]"#));
    }

    #[test]
    fn members_keep_their_order_and_refuse_repetition() {
        let read: Result<Members<u8>, _> = serde_json::from_str(r#"{"z":1,"a":2}"#);
        assert_eq!(read.ok(), Some(Members(vec![("z".to_owned(), 1), ("a".to_owned(), 2)])));
        assert!(serde_json::from_str::<Members<u8>>(r#"{"z":1,"z":2}"#).is_err());
    }

    #[test]
    fn whole_numbers_have_no_point() {
        #[derive(Serialize)]
        struct Price(#[serde(serialize_with = "number")] f64);
        let written = serde_json::to_string(&[Price(20.0), Price(0.5), Price(-0.0), Price(-3.75e-5)]);
        let read: Option<Vec<f64>> = written.as_deref().ok().and_then(|text| serde_json::from_str(text).ok());
        assert!(written.is_ok_and(|text| text.starts_with("[20,0.5,0,-")));
        assert_eq!(read, Some(vec![20.0, 0.5, 0.0, -3.75e-5]));
    }
}
