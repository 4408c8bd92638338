//! The list of differences that are wanted.

use std::path::{Path, PathBuf};

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged as _;
use serde::{Deserialize, Serialize};

use super::pattern::covers;
use crate::config::{json5, position};

/// Why a list of allowed differences cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word for it.
        source: std::io::Error,
    },
    /// Something in it is not what it has to be.
    #[error("{path}:{line}:{column}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
}

/// Kinds of differences that are wanted, each with a reason.
///
/// The file is JSON5: `{ allow: [{ kind: "delta/done/usage.*", reason: "…" }] }`. An entry covers the kinds that [`covers`] says.
#[derive(Debug, Default)]
pub struct AllowList(Vec<Allowed>);

/// An entry of such a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// The kinds, as a pattern.
    pub kind: String,
    /// Why they are wanted.
    pub reason: String,
}

/// What is wrong, and at which byte.
type Wrong = (usize, String);

impl AllowList {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no JSON5, has a member that is not known or twice, or an entry without a kind or a reason.
    pub fn read(path: &Path) -> Result<Self, AllowError> {
        let unreadable = |source| AllowError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        parsed(&text).map(AllowList).map_err(|(offset, message)| {
            let (line, column) = position::locate(&text, offset);
            AllowError::Malformed { path: path.to_owned(), line, column, message }
        })
    }

    /// The entries, in their order.
    #[must_use]
    pub fn entries(&self) -> &[Allowed] {
        &self.0
    }

    /// The reason for which a kind is allowed, if it is.
    #[must_use]
    pub fn reason(&self, kind: &str) -> Option<&str> {
        self.0.iter().find(|allowed| covers(&allowed.kind, kind)).map(|allowed| allowed.reason.as_str())
    }

    /// Entries that none of these kinds match: they allow something that does not differ any more.
    #[must_use]
    pub fn stale(&self, kinds: &[&str]) -> Vec<&str> {
        let unused = |allowed: &&Allowed| !kinds.iter().any(|kind| covers(&allowed.kind, kind));
        self.0.iter().filter(unused).map(|allowed| allowed.kind.as_str()).collect()
    }
}

fn parsed(text: &str) -> Result<Vec<Allowed>, Wrong> {
    if let Some(offset) = json5::too_deep(text) {
        return Err((offset, "this lies too deep".to_owned()));
    }
    let document = json5::parse(text).map_err(|error| (error.range().start, error.kind().to_string()))?;
    let Some(document) = document else { return Err((0, "expected an object with the member `allow`".to_owned())) };
    let [allow] = members(&document, ["allow"])?;
    let Some(allow) = allow else { return Err((document.start(), "there is no member `allow`".to_owned())) };
    let Value::Array(entries) = allow else { return Err((allow.start(), "expected a list of entries".to_owned())) };
    entries.elements.iter().map(entry).collect()
}

fn entry(value: &Value<'_>) -> Result<Allowed, Wrong> {
    let [kind, reason] = members(value, ["kind", "reason"])?;
    let text = |member: Option<&Value<'_>>, name: &str| match member {
        Some(Value::StringLit(text)) if !text.value.trim().is_empty() => Ok(text.value.clone().into_owned()),
        Some(other) => Err((other.start(), format!("`{name}` has to be a text that is not blank"))),
        None => Err((value.start(), format!("an entry needs a `{name}`"))),
    };
    Ok(Allowed { kind: text(kind, "kind")?, reason: text(reason, "reason")? })
}

/// The members of an object that may have these and no others.
fn members<'v, 't, const N: usize>(
    value: &'v Value<'t>,
    known: [&str; N],
) -> Result<[Option<&'v Value<'t>>; N], Wrong> {
    let Value::Object(object) = value else { return Err((value.start(), "expected an object".to_owned())) };
    let mut found = [None; N];
    for ObjectProp { range, name, value } in &object.properties {
        let name = name.as_str();
        match known.iter().position(|known| *known == name) {
            None => return Err((range.start, format!("there is no member `{name}`; expected {}", known.join(", ")))),
            Some(at) if found[at].is_some() => return Err((range.start, format!("`{name}` is there twice"))),
            Some(at) => found[at] = Some(value),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match parsed(text) {
            Ok(list) => format!("{} allowed", list.len()),
            Err((offset, message)) => {
                let (line, column) = position::locate(text, offset);
                format!("{line}:{column}: {message}")
            }
        }
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        assert_eq!(said("{ allow: [{ kind: 'a/*', reason: 'wanted' }, ], } // done"), "1 allowed");
        assert_eq!(said("{\n allow: [], more: 1 }"), "2:13: there is no member `more`; expected allow");
        assert_eq!(
            said("{ allow: [\n  { kind: 'a', why: 'b' }] }"),
            "2:16: there is no member `why`; expected kind, reason"
        );
        assert_eq!(said("{ allow: [{ kind: 'a' }] }"), "1:11: an entry needs a `reason`");
        assert_eq!(
            said("{ allow: [{ kind: 'a', reason: ' ' }] }"),
            "1:32: `reason` has to be a text that is not blank"
        );
        assert_eq!(said("{ allow: {} }"), "1:10: expected a list of entries");
        assert_eq!(said("[]"), "1:1: expected an object");
        assert_eq!(said("{}"), "1:1: there is no member `allow`");
        assert!(said("{ allow: [ }").starts_with("1:"), "{}", said("{ allow: [ }"));
    }

    #[test]
    fn entries_that_nothing_matches_are_stale() {
        let list = AllowList(
            parsed("{ allow: [{ kind: 'a/*', reason: 'x' }, { kind: 'b', reason: 'y' }] }").unwrap_or_default(),
        );
        assert_eq!((list.reason("a/c"), list.reason("c")), (Some("x"), None));
        assert_eq!(list.stale(&["a/c"]), ["b"]);
    }
}
