//! Differences by kind, with the smallest specimen of each. Bounded, whatever the versions do.

use std::time::SystemTime;

use super::comparison::Comparison;
use super::difference::Difference;
use super::minimise::{Effort, difference_of, minimised};
use super::reach::Reach;
use super::redact::redacted;
use super::specimen::Specimen;

/// How much is kept, and what may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Kinds. Those beyond are counted together.
    pub kinds: usize,
    /// Bytes of one specimen's JSON form. A larger one is not kept.
    pub specimen_bytes: usize,
    /// Bytes of all specimens' JSON forms together.
    pub bytes: usize,
    /// Work to make a specimen smaller.
    pub effort: Effort,
    /// How many specimens of a kind are made smaller in vain before that is seldom tried: each input of a kind that never fits would
    /// cost all of the effort.
    pub vain: u32,
    /// Whether what was said may be kept. Else texts are replaced by filler, and a difference that does not show then is kept
    /// without its specimen and its values.
    pub prompts: bool,
}

impl Default for Bounds {
    /// 64 kinds, 256 KiB a specimen, 4 MiB in all, 8 in vain, no prompts.
    fn default() -> Self {
        let effort = Effort::default();
        Bounds { kinds: 64, specimen_bytes: 256 << 10, bytes: 4 << 20, effort, vain: 8, prompts: false }
    }
}

/// The differences of one kind.
#[derive(Debug, Clone)]
pub struct Group {
    /// The kind.
    pub kind: String,
    /// Specimens in which it was seen.
    pub count: u64,
    /// When it was seen first.
    pub first_seen: SystemTime,
    /// The specimen that it was seen in first, by name.
    pub first_in: String,
    /// The difference as the kept specimen shows it; as it was seen first, without its values, where none is kept.
    pub difference: Difference,
    /// The smallest specimen that shows it.
    pub specimen: Option<Specimen>,
    /// Why there is no specimen; empty where there is one.
    pub withheld: &'static str,
    /// Size of the specimen's JSON form.
    bytes: usize,
    /// How often one was made smaller and could not be kept.
    vain: u32,
}

/// Why a specimen is not kept: what is said of one that was too large, and of one that shows nothing without its texts.
const TOO_LARGE: &str = "the specimen is larger than the limit";
const ONLY_WITH_TEXTS: &str = "it depends on the original text, which is not kept, or it could not be reproduced";

/// Differences by kind.
#[derive(Debug, Default)]
pub struct Differences {
    bounds: Bounds,
    groups: Vec<Group>,
    bytes: usize,
    specimens: u64,
    differing: u64,
    beyond: u64,
    reach: Reach,
}

impl Differences {
    /// None so far.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Differences { bounds, ..Differences::default() }
    }

    /// Whether what was said may be kept of the specimens from now on.
    pub(crate) fn keep_texts(&mut self, keep: bool) {
        self.bounds.prompts = keep;
    }

    /// Makes no specimen smaller from now on.
    pub(crate) fn make_no_smaller(&mut self) {
        self.bounds.effort.runs = 0;
    }

    /// Compares a specimen, and keeps what differs. Gives the differences. Blocks: a specimen of a kind that is new, or smaller
    /// than the one that is kept, is made smaller first.
    pub fn add(&mut self, comparison: &Comparison, specimen: &Specimen) -> Vec<Difference> {
        let found = comparison.compare(specimen);
        self.add_found(comparison, specimen, &found);
        found
    }

    /// Keeps what was found in a specimen. Blocks as [`Self::add`] does.
    pub(crate) fn add_found(&mut self, comparison: &Comparison, specimen: &Specimen, found: &[Difference]) {
        self.specimens += 1;
        self.reach.add(specimen);
        if found.is_empty() {
            return;
        }
        self.differing += 1;
        let bytes = specimen.bytes();
        let mut told: Vec<&str> = Vec::new();
        for difference in found {
            if told.contains(&difference.kind.as_str()) {
                continue;
            }
            told.push(&difference.kind);
            self.add_kind(comparison, specimen, bytes, difference);
        }
    }

    fn add_kind(&mut self, comparison: &Comparison, specimen: &Specimen, bytes: usize, difference: &Difference) {
        match self.groups.iter().position(|group| group.kind == difference.kind) {
            Some(at) => {
                self.groups[at].count += 1;
                // What is larger than the kept one already is hardly worth the work, nor, but now and then, one of a kind that never
                // could be kept.
                let group = &self.groups[at];
                let is_wanted = group.specimen.is_none() || bytes < group.bytes;
                if is_wanted && (group.vain < self.bounds.vain || group.count.is_power_of_two()) {
                    self.keep(at, comparison, specimen);
                }
            }
            None if self.groups.len() >= self.bounds.kinds => self.beyond += 1,
            None => {
                self.groups.push(Group {
                    kind: difference.kind.clone(),
                    count: 1,
                    first_seen: SystemTime::now(),
                    first_in: specimen.name.clone(),
                    difference: Difference { old: None, new: None, ..difference.clone() },
                    specimen: None,
                    withheld: TOO_LARGE,
                    bytes: 0,
                    vain: 0,
                });
                self.keep(self.groups.len() - 1, comparison, specimen);
            }
        }
    }

    /// Keeps the specimen for a group, as small as it can be made, if it may be kept.
    fn keep(&mut self, at: usize, comparison: &Comparison, specimen: &Specimen) {
        let kind = self.groups[at].kind.clone();
        let mut smallest = minimised(comparison, specimen.clone(), &kind, self.bounds.effort);
        if !self.bounds.prompts {
            smallest = redacted(&smallest);
        }
        let group = &mut self.groups[at];
        let Some(difference) = difference_of(comparison, &smallest, &kind) else {
            group.vain += 1;
            if group.specimen.is_none() {
                group.withheld = ONLY_WITH_TEXTS;
            }
            return;
        };
        let bytes = smallest.bytes();
        let others = self.bytes - group.bytes;
        let fits = bytes <= self.bounds.specimen_bytes && others + bytes <= self.bounds.bytes;
        if !fits || (group.specimen.is_some() && bytes >= group.bytes) {
            group.vain += 1;
            return;
        }
        self.bytes = others + bytes;
        *group = Group { difference, specimen: Some(smallest), withheld: "", bytes, ..group.clone() };
    }

    /// The kinds, in the order in which they were seen first.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What the specimens reach.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// How many specimens were compared.
    #[must_use]
    pub fn specimens(&self) -> u64 {
        self.specimens
    }

    /// How many of them differ in anything.
    #[must_use]
    pub fn differing(&self) -> u64 {
        self.differing
    }

    /// How often a kind was seen that is not among the groups, because there are too many.
    #[must_use]
    pub fn beyond(&self) -> u64 {
        self.beyond
    }
}
