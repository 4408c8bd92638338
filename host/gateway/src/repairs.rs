//! Repairs of refused requests: what the provider says that a request has to leave out or change, and the memory of it.
//!
//! The host does not interpret an adjustment. It sends a request again only if the provider makes another body with it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::chain::Target;
use crate::contract::conversation::Options;
use crate::contract::types::{Adjustment, Failure, PartForm, PartLimit};
use crate::provider::Digest;

/// The most repairs of one request to one model.
pub const MOST_REPAIRS: usize = 10;

/// The most adjustments that a request has: what is remembered, and its own.
const MOST_ADJUSTMENTS: usize = 64;

/// How many models' repairs are remembered.
pub const MOST_REPAIRED_MODELS: usize = 1000;

/// For how long they are remembered.
pub const REMEMBERED: Duration = Duration::from_secs(3600);

/// The adjustments of a request, as its refusals add to them.
#[derive(Debug, Default)]
pub struct Repairs {
    adjustments: Vec<Adjustment>,
    /// Those that hold for every request to the model.
    lasting: Vec<Adjustment>,
    /// All that were made, so that none is made twice.
    made: Vec<Adjustment>,
    count: usize,
}

impl Repairs {
    /// Repairs of a request that has these adjustments from the start.
    fn beginning_with(adjustments: Vec<Adjustment>) -> Self {
        let (lasting, made) = (adjustments.clone(), adjustments.clone());
        Repairs { adjustments, lasting, made, count: 0 }
    }

    /// Adds the repair of a refusal. Gives the adjustments that are new; none where there is nothing new to try.
    pub fn add(&mut self, failure: &Failure) -> Vec<Adjustment> {
        let Some(repair) = failure.repair.as_ref().filter(|_| self.count < MOST_REPAIRS) else { return Vec::new() };
        let room = MOST_ADJUSTMENTS.saturating_sub(self.made.len());
        let is_new = |adjustment: &&Adjustment| !self.made.contains(adjustment);
        let new: Vec<Adjustment> = repair.adjustments.iter().filter(is_new).take(room).cloned().collect();
        self.count += usize::from(!new.is_empty());
        for adjustment in &new {
            put(&mut self.adjustments, adjustment);
            if repair.lasting {
                put(&mut self.lasting, adjustment);
            }
        }
        self.made.extend(new.iter().cloned());
        new
    }

    /// The options of a request with its adjustments.
    #[must_use]
    pub fn options<'o>(&self, options: &'o Options) -> Cow<'o, Options> {
        if self.adjustments.is_empty() {
            return Cow::Borrowed(options);
        }
        let mut options = options.clone();
        options.adjustments.extend(self.adjustments.iter().cloned());
        Cow::Owned(options)
    }
}

/// Adds an adjustment, in place of an earlier one that says something else of the same part.
fn put(adjustments: &mut Vec<Adjustment>, adjustment: &Adjustment) {
    adjustments.retain(|earlier| match (earlier, adjustment) {
        (Adjustment::Limit(PartLimit { part: earlier, .. }), Adjustment::Limit(PartLimit { part, .. }))
        | (Adjustment::Replace(PartForm { part: earlier, .. }), Adjustment::Replace(PartForm { part, .. })) => {
            earlier != part
        }
        (earlier, adjustment) => earlier != adjustment,
    });
    adjustments.push(adjustment.clone());
}

/// The word of an adjustment's kind, for metrics.
pub(crate) fn kind(adjustment: &Adjustment) -> &'static str {
    match adjustment {
        Adjustment::Omit(_) => "omit",
        Adjustment::Limit(_) => "limit",
        Adjustment::Replace(_) => "replace",
        Adjustment::Other(_) => "other",
    }
}

/// The repairs of models that answered a repaired request. A provider version has its own: another may read refusals otherwise.
#[derive(Debug, Default)]
pub(crate) struct RepairMemory(Mutex<HashMap<Key, Remembered>>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    version: Digest,
    model: String,
    region: String,
}

#[derive(Debug)]
struct Remembered {
    adjustments: Vec<Adjustment>,
    since: Instant,
}

impl Key {
    fn new(version: Digest, Target { model, destination }: &Target) -> Self {
        Key { version, model: model.id.clone(), region: destination.region().to_string() }
    }
}

impl RepairMemory {
    /// The repairs of a new request.
    pub(crate) fn of(&self, version: Digest, target: &Target) -> Repairs {
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if models.is_empty() {
            return Repairs::default();
        }
        let key = Key::new(version, target);
        match models.get(&key) {
            Some(found) if found.since.elapsed() < REMEMBERED => Repairs::beginning_with(found.adjustments.clone()),
            Some(_) => {
                models.remove(&key);
                Repairs::default()
            }
            None => Repairs::default(),
        }
    }

    /// Remembers the repairs of a request that was answered. Of too many models the oldest is forgotten.
    pub(crate) fn answered(&self, version: Digest, target: &Target, repairs: Repairs) {
        if repairs.count == 0 || repairs.lasting.is_empty() {
            return;
        }
        let key = Key::new(version, target);
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if models.len() >= MOST_REPAIRED_MODELS && !models.contains_key(&key) {
            let oldest = models.iter().min_by_key(|(_, remembered)| remembered.since);
            if let Some((Key { version, model, region }, _)) = oldest {
                let oldest = Key { version: *version, model: model.clone(), region: region.clone() };
                models.remove(&oldest);
            }
        }
        models.insert(key, Remembered { adjustments: repairs.lasting, since: Instant::now() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::no_options;
    use crate::contract::types::{FailureKind, Repair};
    use crate::failures::failure;

    fn refused(adjustments: Vec<Adjustment>, lasting: bool) -> Failure {
        let repair = Some(Repair { adjustments, lasting });
        Failure { repair, ..failure(FailureKind::Validation, "no".to_owned(), None, None) }
    }

    fn omit(part: &str) -> Adjustment {
        Adjustment::Omit(part.to_owned())
    }

    fn choice(form: &str) -> Adjustment {
        Adjustment::Replace(PartForm { part: "toolConfig.toolChoice".to_owned(), form: form.to_owned() })
    }

    #[test]
    fn the_same_is_never_tried_twice_and_not_without_end() {
        let mut repairs = Repairs::default();
        assert_eq!(repairs.add(&refused(vec![choice("any")], true)).len(), 1);
        assert_eq!(repairs.add(&refused(vec![choice("auto"), omit("a")], false)).len(), 2);
        assert_eq!(repairs.options(&no_options()).adjustments, [choice("auto"), omit("a")]);
        assert_eq!(repairs.lasting, [choice("any")]);
        assert!(repairs.add(&refused(vec![choice("any")], true)).is_empty(), "a form that was tried before");
        assert!(repairs.add(&refused(Vec::new(), true)).is_empty());
        assert!(repairs.add(&failure(FailureKind::Validation, "no".to_owned(), None, None)).is_empty());
        let more = (0..100).filter(|number| !repairs.add(&refused(vec![omit(&number.to_string())], true)).is_empty());
        assert_eq!(more.count(), MOST_REPAIRS - 2);
        let many = (0..1000).map(|number| omit(&format!("many{number}"))).collect();
        assert_eq!(Repairs::default().add(&refused(many, true)).len(), MOST_ADJUSTMENTS);
    }

    #[test]
    fn a_request_without_repairs_borrows_its_options() {
        assert!(matches!(Repairs::default().options(&no_options()), Cow::Borrowed(_)));
    }
}
