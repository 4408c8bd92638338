//! The differences between two versions that an operator accepts, and how each was accepted.

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
    /// A flag of the command named it: `--accept`, `--accept-all`.
    Flag,
    /// An entry of an allow file covers it.
    File,
    /// `quarry.provider.accept` covers it.
    Configuration,
    /// It was in the list that a person was shown and accepted, on the page or at a terminal.
    List,
}

impl AcceptedBy {
    /// A label for people.
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
    /// The pattern that covers it, unless the pattern is the kind itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The reason that an allow file states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The kinds of differences that are accepted with a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// Patterns from flags. Each must cover a difference, so that a misspelt one is reported.
    pub flags: Vec<String>,
    /// Entries of an allow file.
    pub file: Vec<Allowed>,
    /// Kinds that the configuration accepts, as patterns.
    pub configuration: Vec<String>,
    /// The digest of the list that was shown and accepted as a whole: [`Behaviour::list`].
    pub list: Option<Digest>,
}

/// Why a version that passed the other steps is not activated: its differences are not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unaccepted {
    /// Some differences are not accepted.
    #[error("refused at `behaviour`: {}", .0.refusal())]
    Kinds(Box<Behaviour>),
    /// A flag accepts a kind that is not among the differences.
    #[error("--accept {kind}: {}", there_are(.behaviour))]
    Unknown {
        /// The accepted kind.
        kind: String,
        /// The differences.
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

/// The pattern that covers every kind, including unlisted ones.
pub const EVERYTHING: &str = "*";

impl Acceptance {
    /// Accepts what the configuration accepts.
    #[must_use]
    pub fn of_configuration(kinds: &[String]) -> Self {
        Acceptance { configuration: kinds.to_vec(), ..Acceptance::default() }
    }

    /// How a kind is accepted, if it is: by the most specific pattern.
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

    /// Marks the accepted differences, and returns those that are accepted now rather than `before` for the same two
    /// versions.
    ///
    /// # Errors
    /// When a flag names a kind that is not among the differences.
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
        Ok((behaviour, now))
    }
}

/// Accepted kinds, by active version and candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptedKinds(HashMap<(Digest, Digest), BTreeMap<String, AcceptedKind>>);

impl AcceptedKinds {
    /// Applies the next event.
    pub(super) fn add(&mut self, event: &Event) {
        if let Event::Accepted { digest, against, kinds, .. } = event {
            let known = self.0.entry((*against, *digest)).or_default();
            known.extend(kinds.iter().map(|kind| (kind.kind.clone(), kind.clone())));
        }
    }

    /// The kinds that were accepted for a candidate in place of a version.
    #[must_use]
    pub fn of(&self, against: &Digest, candidate: &Digest) -> Option<&BTreeMap<String, AcceptedKind>> {
        self.0.get(&(*against, *candidate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::DifferentKind;
    use crate::compare::KindReport;

    fn behaviour(kinds: &[&str]) -> Behaviour {
        let kind = |kind: &&str| {
            let report = KindReport { kind: (*kind).to_owned(), ..KindReport::beyond(1) };
            DifferentKind { report, accepted: None }
        };
        let (against, digest) = (Digest::of(b"active"), Digest::of(b"candidate"));
        Behaviour { kinds: kinds.iter().map(kind).collect(), ..Behaviour::same(against, digest) }
    }

    fn flags(kinds: &[&str]) -> Acceptance {
        Acceptance { flags: kinds.iter().map(|kind| (*kind).to_owned()).collect(), ..Acceptance::default() }
    }

    /// How each kind was accepted, and those that nobody accepted.
    fn decided(acceptance: &Acceptance, kinds: &[&str]) -> (Vec<(String, AcceptedBy)>, Vec<String>) {
        let (behaviour, now) = acceptance.decide(behaviour(kinds), None).expect("each kind is one of them");
        let left = behaviour.unaccepted().map(str::to_owned).collect();
        (now.into_iter().map(|accepted| (accepted.kind, accepted.by)).collect(), left)
    }

    #[test]
    fn each_kind_has_to_be_accepted_by_somebody() {
        let kinds = ["request/modelId", "wording/failure/hint", "delta/done/usage.total"];
        let allowed = Allowed { kind: "delta/*".to_owned(), reason: "wanted".to_owned() };
        let acceptance = Acceptance {
            file: vec![allowed],
            configuration: vec!["wording".to_owned(), "delta".to_owned()],
            ..Acceptance::default()
        };
        let (now, left) = decided(&acceptance, &kinds);
        let expected = [(kinds[1], AcceptedBy::Configuration), (kinds[2], AcceptedBy::File)];
        assert_eq!(now, expected.map(|(kind, by)| (kind.to_owned(), by)));
        assert_eq!(left, ["request/modelId"]);
        let (now, left) = decided(&flags(&["request", "wording/*", "delta/done/usage"]), &kinds);
        assert!(left.is_empty() && now.iter().all(|(_, by)| *by == AcceptedBy::Flag), "{now:?} {left:?}");
        assert_eq!(decided(&flags(&[EVERYTHING]), &kinds).1, [""; 0]);
    }

    #[test]
    fn a_kind_that_is_none_is_told_with_those_that_there_are() {
        let told =
            |kinds: &[&str]| flags(&["reqeust"]).decide(behaviour(kinds), None).expect_err("there is none").to_string();
        let there_are = "--accept reqeust: no difference is of this kind; there are: request/modelId, delta/done";
        assert_eq!(told(&["request/modelId", "delta/done"]), there_are);
        assert_eq!(told(&[]), "--accept reqeust: the versions do not differ, so there is nothing to accept");
        assert!(flags(&[EVERYTHING]).decide(behaviour(&[]), None).is_ok(), "all of nothing");
    }

    #[test]
    fn a_list_accepts_what_was_shown_and_nothing_else() {
        let shown = behaviour(&["request/modelId", "delta/done"]).list();
        let acceptance = Acceptance { list: Some(shown), ..Acceptance::default() };
        let (now, left) = decided(&acceptance, &["delta/done", "request/modelId"]);
        assert!(left.is_empty() && now.iter().all(|(_, by)| *by == AcceptedBy::List), "{now:?} {left:?}");
        assert_eq!(decided(&acceptance, &["delta/done", "request/modelId", "request/x"]).1.len(), 3, "another kind");
        assert_eq!(decided(&acceptance, &["delta/done"]).1.len(), 1, "a kind less");
    }

    #[test]
    fn what_was_accepted_before_is_not_asked_for_again() {
        let (against, digest) = (Digest::of(b"active"), Digest::of(b"candidate"));
        let (_, kinds) = flags(&["request"]).decide(behaviour(&["request/modelId"]), None).expect("it is one of them");
        let mut accepted = AcceptedKinds::default();
        accepted.add(&Event::Accepted { digest, against, kinds, by: String::new() });
        let decide = |kinds: &[&str]| {
            let before = accepted.of(&against, &digest);
            let (behaviour, now) = Acceptance::default().decide(behaviour(kinds), before).expect("nothing is named");
            (behaviour.unaccepted().count(), now.len())
        };
        assert_eq!(decide(&["request/modelId"]), (0, 0));
        assert_eq!(decide(&["request/modelId", "request/x"]), (1, 0), "but for what is new");
        assert!(accepted.of(&digest, &against).is_none(), "the other way round is another change");
    }
}
