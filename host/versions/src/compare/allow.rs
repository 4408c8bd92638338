//! The list of differences that are wanted.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::pattern::covers;
use crate::config::document::{Document, Member, Node, Value};
use crate::contract::config::Position;

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
    /// Something in it is not what it must be.
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
type Wrong = (Position, String);

impl AllowList {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no JSON5, has a member that is not known or twice, or an entry without a kind or a reason.
    pub fn read(path: &Path) -> Result<Self, AllowError> {
        let unreadable = |source| AllowError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        parsed(&text).map(AllowList).map_err(|(Position { line, column }, message)| AllowError::Malformed {
            path: path.to_owned(),
            line,
            column,
            message,
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
    const NEEDED: &str = "expected an object with the member `allow`";
    let document = Document::parse(text).map_err(|fault| (fault.position, fault.message.to_owned()))?;
    let Some(root) = document.root() else { return Err((Position { line: 1, column: 1 }, NEEDED.to_owned())) };
    let [allow] = members(root, ["allow"])?;
    let Some(allow) = allow else { return Err((root.position, "the member `allow` is missing".to_owned())) };
    let Value::List(entries) = &allow.value else {
        return Err((allow.position, "expected a list of entries".to_owned()));
    };
    entries.iter().map(entry).collect()
}

fn entry(node: &Node) -> Result<Allowed, Wrong> {
    let [kind, reason] = members(node, ["kind", "reason"])?;
    let text = |member: Option<&Node>, name: &str| match member.map(|member| (&member.value, member.position)) {
        Some((Value::Text(text), _)) if !text.trim().is_empty() => Ok(text.clone()),
        Some((_, position)) => Err((position, format!("`{name}` must be a text that is not blank"))),
        None => Err((node.position, format!("an entry must have a `{name}`"))),
    };
    Ok(Allowed { kind: text(kind, "kind")?, reason: text(reason, "reason")? })
}

/// The members of an object that may have these and no others.
fn members<'d, const N: usize>(node: &'d Node, known: [&str; N]) -> Result<[Option<&'d Node>; N], Wrong> {
    let Value::Object(members) = &node.value else { return Err((node.position, "expected an object".to_owned())) };
    let mut found = [None; N];
    for Member { name, position, node } in members {
        match known.iter().position(|known| known == name) {
            None => return Err((*position, format!("unknown member `{name}`; expected {}", known.join(", ")))),
            Some(at) if found[at].is_some() => return Err((*position, format!("`{name}` is set twice"))),
            Some(at) => found[at] = Some(node),
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
            Err((Position { line, column }, message)) => {
                format!("{line}:{column}: {message}")
            }
        }
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        assert_eq!(said("{ allow: [{ kind: 'a/*', reason: 'wanted' }, ], } // done"), "1 allowed");
        assert_eq!(said("{\n allow: [], more: 1 }"), "2:13: unknown member `more`; expected allow");
        assert_eq!(
            said("{ allow: [\n  { kind: 'a', why: 'b' }] }"),
            "2:16: unknown member `why`; expected kind, reason"
        );
        assert_eq!(said("{ allow: [{ kind: 'a' }] }"), "1:11: an entry must have a `reason`");
        assert_eq!(said("{ allow: [{ kind: 'a', reason: ' ' }] }"), "1:32: `reason` must be a text that is not blank");
        assert_eq!(said("{ allow: {} }"), "1:10: expected a list of entries");
        assert_eq!(said("[]"), "1:1: expected an object");
        assert_eq!(said("{}"), "1:1: the member `allow` is missing");
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
