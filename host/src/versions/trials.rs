//! The candidates beside the version that serves, as the journal tells of them: what a gateway that starts goes on with.

use super::event::Event;
use crate::provider::Digest;

/// The candidates that were begun and have not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trials {
    /// The one that gets a part of the requests.
    pub canary: Option<CanaryTerms>,
    /// The one that runs beside the requests.
    pub shadow: Option<ShadowTerms>,
}

/// The terms of a candidate that gets a part of the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryTerms {
    /// The candidate.
    pub digest: Digest,
    /// Which requests it gets.
    pub part: CanaryPart,
    /// After how many of them it is promoted by itself.
    pub promote_after: Option<u64>,
}

/// Which requests a candidate gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CanaryPart {
    /// Each with this chance, in per cent.
    Share(u8),
    /// Those of the client key with this name.
    Key(String),
}

/// The terms of a candidate that runs beside the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowTerms {
    /// The candidate.
    pub digest: Digest,
    /// Of how many requests it gets the input, in per cent.
    pub share: u8,
    /// Whether what was said may be kept in its differences.
    pub prompts: bool,
}

impl Trials {
    /// Adds what happened next.
    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::CanaryBegun { digest, share, key, promote_after, .. } => {
                let part = match (share, key) {
                    (Some(share), _) => Some(CanaryPart::Share(*share)),
                    (None, Some(name)) => Some(CanaryPart::Key(name.clone())),
                    // A Quarry that had the part in words only: its trials ended with it.
                    (None, None) => None,
                };
                let terms = |part| CanaryTerms { digest: *digest, part, promote_after: *promote_after };
                self.canary = part.map(terms);
            }
            Event::CanaryEnded { digest, .. } => drop(self.canary.take_if(|canary| canary.digest == *digest)),
            Event::ShadowBegun { digest, share, prompts, .. } => {
                self.shadow = Some(ShadowTerms { digest: *digest, share: *share, prompts: *prompts });
            }
            Event::ShadowEnded { digest, .. } => drop(self.shadow.take_if(|shadow| shadow.digest == *digest)),
            // Both are held against the version that serves: beside another one they would be other trials.
            Event::Activated { .. } | Event::RolledBack { .. } => *self = Trials::default(),
            _ => {}
        }
    }

    /// Whether one of them is this version.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.canary.as_ref().is_some_and(|canary| canary.digest == *digest)
            || self.shadow.as_ref().is_some_and(|shadow| shadow.digest == *digest)
    }
}

#[cfg(test)]
mod tests {
    use super::{CanaryPart, Trials};
    use crate::provider::Digest;
    use crate::versions::Event;

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn begun(name: &str, share: Option<u8>, key: Option<&str>) -> Event {
        let (key, part, by) = (key.map(str::to_owned), String::new(), String::new());
        Event::CanaryBegun { digest: digest(name), part, share, key, promote_after: Some(7), by }
    }

    fn ended(name: &str) -> Event {
        Event::CanaryEnded { digest: digest(name), reason: String::new(), by: String::new() }
    }

    fn shadow(name: &str) -> Event {
        Event::ShadowBegun { digest: digest(name), share: 10, prompts: true, by: String::new() }
    }

    fn of(events: &[Event]) -> Trials {
        let mut trials = Trials::default();
        events.iter().for_each(|event| trials.add(event));
        trials
    }

    #[test]
    fn a_trial_goes_on_until_it_ends_or_another_version_serves() {
        let trials = of(&[begun("a", Some(5), None), begun("b", None, Some("first")), ended("a"), shadow("c")]);
        let canary = trials.canary.as_ref().expect("the one of b goes on");
        assert_eq!((canary.digest, &canary.part), (digest("b"), &CanaryPart::Key("first".to_owned())));
        assert_eq!(canary.promote_after, Some(7));
        assert!(trials.has(&digest("c")) && trials.has(&digest("b")) && !trials.has(&digest("a")));
        assert_eq!(of(&[begun("b", Some(5), None), ended("b")]), Trials::default());
        let activated = Event::Activated { digest: digest("d"), by: String::new() };
        assert_eq!(of(&[begun("b", Some(5), None), shadow("c"), activated]), Trials::default());
    }

    #[test]
    fn a_line_of_before_terms_were_written_down_is_no_trial() {
        let line = format!(r#"{{"event":"canary-begun","digest":"{}","part":"5 %","by":"x"}}"#, digest("a"));
        let event: Event = serde_json::from_str(&line).expect("it is read");
        assert_eq!(of(&[event]), Trials::default());
    }
}
