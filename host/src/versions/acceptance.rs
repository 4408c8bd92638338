//! Which differences between two versions somebody accepts, and who accepted which.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;
use super::compare::{Allowed, covers};
use super::event::Event;
use crate::provider::Digest;

/// How a kind of difference was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptedBy {
    /// It was named where the version was asked for: `--accept`, `--accept-all`.
    Flag,
    /// An entry of an allow file covers it.
    File,
    /// `quarry.provider.accept` covers it.
    Configuration,
    /// It was on the list that a person was shown, on a page or a terminal.
    List,
}

impl AcceptedBy {
    /// For a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            AcceptedBy::Flag => "by flag",
            AcceptedBy::File => "by file",
            AcceptedBy::Configuration => "by configuration",
            AcceptedBy::List => "from the list shown",
        }
    }
}

/// A kind of difference that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedKind {
    /// The kind.
    pub kind: String,
    /// How it was accepted.
    pub by: AcceptedBy,
    /// The pattern that covers it, where that is not the kind itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Why, where an allow file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The kinds of differences that are accepted with a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// Kinds that were named, as patterns. Each has to cover a difference, so that a misspelt one is told.
    pub flags: Vec<String>,
    /// Entries of an allow file.
    pub file: Vec<Allowed>,
    /// Kinds that the configuration accepts, as patterns.
    pub configuration: Vec<String>,
    /// The list of differences that was shown and accepted as a whole: [`Behaviour::list`].
    pub list: Option<Digest>,
}

/// Why a version is not activated that passed everything else: what it does differently was not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unaccepted {
    /// Nobody accepted some of the differences.
    #[error("refused at `behaviour`: {}", .0.refusal())]
    Kinds(Box<Behaviour>),
    /// A kind was accepted that is none of the differences.
    #[error("--accept {kind}: {}", there_are(.behaviour))]
    Unknown {
        /// What was accepted.
        kind: String,
        /// What differs.
        behaviour: Box<Behaviour>,
    },
}

fn there_are(behaviour: &Behaviour) -> String {
    if behaviour.kinds.is_empty() {
        return "the versions do not differ, so there is nothing to accept".to_owned();
    }
    let kinds: Vec<&str> = behaviour.kinds.iter().map(|kind| kind.report.kind.as_str()).collect();
    format!("no difference is of this kind; there are: {}", kinds.join(", "))
}

/// The pattern that covers every kind, and those that are not listed.
pub const EVERYTHING: &str = "*";

impl Acceptance {
    /// Accepts what the configuration accepts.
    #[must_use]
    pub fn of_configuration(kinds: &[String]) -> Self {
        Acceptance { configuration: kinds.to_vec(), ..Acceptance::default() }
    }

    /// How a kind is accepted, if it is: by who named it most closely.
    fn of_kind(&self, kind: &str, is_listed: bool) -> Option<AcceptedKind> {
        let accepted = |by, pattern: Option<&str>, reason: Option<&str>| AcceptedKind {
            kind: kind.to_owned(),
            by,
            pattern: pattern.filter(|pattern| *pattern != kind).map(str::to_owned),
            reason: reason.map(str::to_owned),
        };
        let flag = || self.flags.iter().find(|pattern| covers(pattern, kind));
        let entry = || self.file.iter().find(|allowed| covers(&allowed.kind, kind));
        let configured = || self.configuration.iter().find(|pattern| covers(pattern, kind));
        if let Some(pattern) = flag() {
            return Some(accepted(AcceptedBy::Flag, Some(pattern), None));
        }
        if let Some(Allowed { kind: pattern, reason }) = entry() {
            return Some(accepted(AcceptedBy::File, Some(pattern), Some(reason)));
        }
        if is_listed {
            return Some(accepted(AcceptedBy::List, None, None));
        }
        configured().map(|pattern| accepted(AcceptedBy::Configuration, Some(pattern), None))
    }

    /// Marks the differences that are accepted, now or `before` for the same two versions, and gives those that are accepted now.
    ///
    /// # Errors
    /// With the differences, when some are not accepted, or when a kind was named that is not among them.
    pub fn decide(
        &self,
        mut behaviour: Behaviour,
        before: Option<&BTreeMap<String, AcceptedKind>>,
    ) -> Result<(Behaviour, Vec<AcceptedKind>), Unaccepted> {
        let unknown = self.flags.iter().find(|pattern| {
            pattern.as_str() != EVERYTHING && !behaviour.kinds.iter().any(|kind| covers(pattern, &kind.report.kind))
        });
        if let Some(kind) = unknown.cloned() {
            return Err(Unaccepted::Unknown { kind, behaviour: Box::new(behaviour) });
        }
        let is_listed = self.list.is_some_and(|list| list == behaviour.list());
        let mut now = Vec::new();
        for kind in &mut behaviour.kinds {
            let known = before.and_then(|before| before.get(&kind.report.kind)).cloned();
            kind.accepted = known.or_else(|| {
                let accepted = self.of_kind(&kind.report.kind, is_listed);
                now.extend(accepted.clone());
                accepted
            });
        }
        if behaviour.unaccepted().next().is_none() {
            Ok((behaviour, now))
        } else {
            Err(Unaccepted::Kinds(Box::new(behaviour)))
        }
    }
}

/// What was accepted, by the version that served and the candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptedKinds(HashMap<(Digest, Digest), BTreeMap<String, AcceptedKind>>);

impl AcceptedKinds {
    /// Adds what happened next.
    pub(super) fn add(&mut self, event: &Event) {
        if let Event::Accepted { digest, against, kinds, .. } = event {
            let known = self.0.entry((*against, *digest)).or_default();
            known.extend(kinds.iter().map(|kind| (kind.kind.clone(), kind.clone())));
        }
    }

    /// What was accepted of a candidate in place of a version.
    #[must_use]
    pub fn of(&self, against: &Digest, candidate: &Digest) -> Option<&BTreeMap<String, AcceptedKind>> {
        self.0.get(&(*against, *candidate))
    }
}
