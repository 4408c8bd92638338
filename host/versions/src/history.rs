//! The state that the journal describes: active and earlier versions, their proofs, and their trials.

use std::collections::HashMap;

use semver::Version;

use super::acceptance::AcceptedKinds;
use super::event::Event;
use super::lines::Line;
use super::trials::Trials;
use crate::crash::Signal;
use crate::provider::Digest;

/// The proof of a version: that it passed the gate, and under which rules and engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The source of its bytes.
    pub source: String,
    /// The name and version that its component states.
    pub name: String,
    /// The digest of all contract rules that it was checked against. The version's own digest covers its own cases.
    pub cases: Digest,
    /// How many rules and cases it passed.
    pub passed: usize,
    /// The compatibility hash of the engine.
    pub engine: String,
    /// The key that signed it, if a signature was required.
    pub signer: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// The journal, folded.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The version that was activated last.
    pub active: Option<Digest>,
    /// Earlier versions, the latest last, each once.
    pub before: Vec<Digest>,
    /// The highest version that was ever active under each name.
    pub highest: HashMap<String, Version>,
    /// The last proof of each version.
    pub proofs: HashMap<Digest, Proof>,
    /// Quarantined versions, with the reason.
    pub quarantined: HashMap<Digest, String>,
    /// The crashes of the process with each version since it last passed the gate: the time in milliseconds since 1970,
    /// and the signal.
    pub crashes: HashMap<Digest, Vec<(u64, Signal)>>,
    /// The pinned version.
    pub pinned: Option<Digest>,
    /// The last decided component of the watched folder, as a digest of component and signature.
    pub offered: Option<Digest>,
    /// The canary and the shadow of the last active version.
    pub trials: Trials,
    /// The accepted differences.
    pub accepted: AcceptedKinds,
}

impl History {
    /// The state after these lines.
    #[must_use]
    pub fn of(lines: &[Line]) -> Self {
        let mut history = History::default();
        for line in lines {
            history.add(line);
        }
        history
    }

    /// Applies the next event.
    pub fn add(&mut self, line: &Line) {
        self.trials.add(&line.event);
        self.accepted.add(&line.event);
        match &line.event {
            Event::Step { .. }
            | Event::Accepted { .. }
            | Event::Cancelled { .. }
            | Event::CanaryBegun { .. }
            | Event::CanaryEnded { .. }
            | Event::ShadowBegun { .. }
            | Event::ShadowEnded { .. }
            | Event::Died { signal: None, .. }
            | Event::Unknown => {}
            Event::Died { digest, signal: Some(signal) } => {
                self.crashes.entry(*digest).or_default().push((line.at, *signal));
            }
            Event::Verified { digest, source, name, cases, passed, engine, signer } => {
                self.quarantined.remove(digest);
                self.crashes.remove(digest);
                let proof = Proof {
                    source: source.clone(),
                    name: name.clone(),
                    cases: *cases,
                    passed: *passed,
                    engine: engine.clone(),
                    signer: signer.clone(),
                    at: line.at,
                };
                self.proofs.insert(*digest, proof);
            }
            Event::Activated { digest, .. } => {
                if let Some((name, version)) = self.proofs.get(digest).and_then(|proof| name_and_version(&proof.name)) {
                    let highest = self.highest.entry(name.to_owned()).or_insert_with(|| version.clone());
                    *highest = version.max(highest.clone());
                }
                let replaced = self.active.replace(*digest);
                self.before.retain(|before| before != digest);
                if let Some(replaced) = replaced.filter(|replaced| replaced != digest) {
                    self.before.retain(|before| *before != replaced);
                    self.before.push(replaced);
                }
            }
            Event::RolledBack { to, .. } => {
                // A second rollback does not return to the version that the first one left.
                self.active = Some(*to);
                self.before.retain(|before| before != to);
            }
            Event::Quarantined { digest, reason } => {
                self.quarantined.insert(*digest, reason.clone());
            }
            Event::Offered { settled, .. } => self.offered = settled.or(self.offered),
            Event::Pinned { digest, .. } => self.pinned = Some(*digest),
            Event::Unpinned { .. } => self.pinned = None,
            Event::Pruned { digest, .. } => {
                self.proofs.remove(digest);
                self.before.retain(|before| before != digest);
            }
        }
    }

    /// The proof of a version, unless it is quarantined.
    #[must_use]
    pub fn proof_that_counts(&self, digest: &Digest) -> Option<&Proof> {
        self.proofs.get(digest).filter(|_| !self.quarantined.contains_key(digest))
    }

    /// The version for a rollback: the latest earlier version that is not quarantined.
    #[must_use]
    pub fn previous(&self) -> Option<Digest> {
        self.further_back().next()
    }

    /// The versions for a rollback, in order: earlier versions that are not quarantined, the latest first.
    pub fn further_back(&self) -> impl Iterator<Item = Digest> {
        self.before.iter().rev().filter(|digest| !self.quarantined.contains_key(digest)).copied()
    }
}

/// Splits the statement of a component into name and version. `None` if the version is not a semantic version.
pub(super) fn name_and_version(told: &str) -> Option<(&str, Version)> {
    let (name, version) = told.rsplit_once(' ')?;
    Some((name, version.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::History;
    use crate::Event;
    use crate::lines::Line;
    use crate::provider::Digest;

    fn of(events: Vec<Event>) -> History {
        let lines: Vec<Line> = events.into_iter().zip(1..).map(|(event, seq)| Line { seq, at: seq, event }).collect();
        History::of(&lines)
    }

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn activated(name: &str) -> Event {
        Event::Activated { digest: digest(name), by: String::new() }
    }

    #[test]
    fn a_rollback_goes_to_the_version_before_and_a_second_one_further_back() {
        let mut events = vec![activated("a"), activated("b"), activated("c"), activated("c")];
        assert_eq!(of(events.clone()).previous(), Some(digest("b")));
        events.push(Event::RolledBack { from: digest("c"), to: digest("b"), by: String::new() });
        let history = of(events);
        assert_eq!((history.active, history.previous()), (Some(digest("b")), Some(digest("a"))));
    }

    #[test]
    fn a_quarantined_version_is_not_gone_back_to() {
        let quarantined = Event::Quarantined { digest: digest("b"), reason: String::new() };
        let history = of(vec![activated("a"), activated("b"), quarantined, activated("c")]);
        assert_eq!(history.previous(), Some(digest("a")));
    }

    #[test]
    fn the_highest_version_that_served_is_known_by_name() {
        let passed = |name: &str| Event::Verified {
            digest: digest(name),
            source: String::new(),
            name: name.to_owned(),
            cases: digest("cases"),
            passed: 1,
            engine: String::new(),
            signer: None,
        };
        let names = ["a 1.9.0", "a 1.10.0", "a 1.2.0", "b b 0.1.0", "a nightly", "a 3.0.0"];
        let mut events: Vec<Event> = names.map(passed).into();
        // The last one passed, and never served.
        events.extend(names[..5].iter().map(|name| activated(name)));
        events.push(Event::Pruned { digest: digest("a 1.10.0"), by: String::new() });
        let highest = of(events).highest;
        let of_name = |name: &str| highest.get(name).map(ToString::to_string);
        assert_eq!((of_name("a").as_deref(), of_name("b b").as_deref()), (Some("1.10.0"), Some("0.1.0")));
        assert_eq!(highest.len(), 2);
    }
}
