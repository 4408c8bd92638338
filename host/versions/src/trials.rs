//! The canary and the shadow that the journal describes, and that a start resumes.

use super::event::Event;
use crate::provider::Digest;

/// The trials that were started and have not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trials {
    /// The canary.
    pub canary: Option<CanaryTerms>,
    /// The shadow.
    pub shadow: Option<ShadowTerms>,
}

/// The terms of a canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryTerms {
    /// The candidate.
    pub digest: Digest,
    /// The requests that it serves.
    pub part: CanaryPart,
    /// The number of requests after which it is promoted automatically.
    pub promote_after: Option<u64>,
}

/// The requests that a canary serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CanaryPart {
    /// Each request with this probability, in per cent.
    Share(u8),
    /// Those of the client key with this name.
    Key(String),
}

/// The terms of a shadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowTerms {
    /// The candidate.
    pub digest: Digest,
    /// The share of requests whose inputs it gets, in per cent.
    pub share: u8,
    /// Whether its differences may contain original text.
    pub prompts: bool,
}

impl Trials {
    /// Applies the next event.
    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::CanaryBegun { digest, share, key, promote_after, .. } => {
                let part = match (share, key) {
                    (Some(share), _) => Some(CanaryPart::Share(*share)),
                    (None, Some(name)) => Some(CanaryPart::Key(name.clone())),
                    // An older release recorded only a description, and its trials ended with it.
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
            // Both are compared with the active version, so another active version ends them.
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
    use crate::Event;
    use crate::provider::Digest;

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
