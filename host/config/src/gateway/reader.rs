//! Reading the gateway's own settings: every name is known, and nothing is there twice.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::super::path::Segment;
use super::super::reader::{Item, Reader};
use crate::contract::config::Severity;
use crate::similar;

/// The members of an object, by name.
pub(super) type Members<'d> = BTreeMap<&'d str, Item<'d>>;

impl Reader {
    /// The members of an object of settings; names that are not known, and those that are there twice, are wrong.
    pub(super) fn settings<'d>(&mut self, item: &Item<'d>, known: &[&str]) -> Members<'d> {
        let mut members = Members::new();
        for member in self.members(item, "an object") {
            let name = member.name.as_str();
            if !known.contains(&name) {
                let path: Vec<_> = item.path.iter().cloned().chain([Segment::Member(name.to_owned())]).collect();
                let expected = similar::did_you_mean(name, known);
                self.note(Severity::Error, member.position, &path, "this setting does not exist", expected);
            } else if members.contains_key(name) {
                self.repeated(item, member);
            } else {
                members.insert(name, item.of(member));
            }
        }
        members
    }

    /// Sets a target where the member is there and is true or false.
    pub(super) fn flag(&mut self, members: &Members<'_>, name: &str, target: &mut bool) {
        if let Some(value) = members.get(name).and_then(|item| self.boolean(item)) {
            *target = value;
        }
    }

    /// A whole number within a range, where the member is there and is one.
    pub(super) fn whole<N>(&mut self, members: &Members<'_>, name: &str, range: RangeInclusive<N>) -> Option<N>
    where
        N: TryFrom<u64> + PartialOrd + std::fmt::Display,
    {
        let item = members.get(name)?;
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.number(item, &expected)?;
        // Whole numbers up to here are exact, and no setting goes beyond.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && (0.0..=MOST).contains(&number) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in the range")]
            let whole = N::try_from(number as u64).ok().filter(|whole| range.contains(whole));
            if whole.is_some() {
                return whole;
            }
        }
        self.wrong(item, format!("{} is {number}", item.name()), expected);
        None
    }

    /// Sets a target where the member is a number of seconds within a range.
    pub(super) fn seconds(
        &mut self,
        members: &Members<'_>,
        name: &str,
        range: RangeInclusive<f64>,
        target: &mut Duration,
    ) {
        let Some(item) = members.get(name) else { return };
        let expected = format!("seconds, from {} to {}", range.start(), range.end());
        let Some(number) = self.number(item, &expected) else { return };
        match Duration::try_from_secs_f64(number) {
            Ok(duration) if range.contains(&number) => *target = duration,
            _ => self.wrong(item, format!("{} is {number}", item.name()), expected),
        }
    }
}
