//! A specimen on two versions.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::difference::{Difference, Found, cut, document};
use super::observed::{DEADLINE, Fault, Observed, observe};
use super::specimen::{Input, Side, Specimen};
use super::{catalog, deltas};
use crate::contract::config::{self, Merged};
use crate::contract::conversation::{BodyPart, Prepared, Problem};
use crate::json::failure::{FailureForm, NoticeForm};
use crate::json::problem::{ConfigProblemForm, RequestProblemForm, origins};
use crate::json::settings::SettingsForm;
use crate::provider::Generation;

/// Two versions of a provider.
#[derive(Debug, Clone)]
pub struct Comparison {
    old: Arc<Generation>,
    new: Arc<Generation>,
}

impl Comparison {
    /// The active version, and the candidate.
    #[must_use]
    pub fn new(old: Arc<Generation>, new: Arc<Generation>) -> Self {
        Comparison { old, new }
    }

    /// The active version.
    #[must_use]
    pub fn old(&self) -> &Arc<Generation> {
        &self.old
    }

    /// Runs a specimen on both versions, each in a fresh session, and gives every difference in the order of what happened, at
    /// most 64. A trap or a deadline of one version is a difference too; a deadline counts where it comes twice. Blocks for as long as the calls take.
    #[must_use]
    pub fn compare(&self, specimen: &Specimen) -> Vec<Difference> {
        self.observed(&specimen.input).1
    }

    /// The differences, and behind how many batches the first difference of a stream's deltas was there.
    pub(super) fn observed(&self, input: &Input) -> (Option<usize>, Vec<Difference>) {
        let both = || (observe(&self.old, input, Side::Old), observe(&self.new, input, Side::New));
        let (mut old, mut new) = both();
        // Time is the one thing that is not a function of the input: on a machine that is busy, a call that was too slow once
        // is asked again before it counts.
        let was_slow = |side: &Observed| side.fault.as_ref().is_some_and(|fault| fault.kind == DEADLINE);
        if was_slow(&old) || was_slow(&new) {
            (old, new) = both();
        }
        let same_deltas = old.deltas.iter().zip(&new.deltas).take_while(|(old, new)| old == new).count();
        let after = |observed: &Observed| observed.after_batch.iter().position(|count| *count > same_deltas);
        let batches = [after(&old), after(&new)].into_iter().flatten().min().map(|index| index + 1);
        // Nothing is turned into JSON where nothing differs, which is nearly always.
        let differences = if old == new { Vec::new() } else { differences(&old, &new) };
        (batches, differences)
    }
}

fn differences(old: &Observed, new: &Observed) -> Vec<Difference> {
    let mut found = Found::default();
    if let (Some(old), Some(new)) = (&old.merged, &new.merged) {
        settings(&mut found, old, new);
    }
    if let (Some(old), Some(new)) = (&old.prepared, &new.prepared) {
        request(&mut found, old, new);
    }
    // What did not come because of a fault is not missing: the fault is the difference.
    let faulted = old.fault.is_some() || new.fault.is_some();
    let both = |old: usize, new: usize| if faulted { (old.min(new), old.min(new)) } else { (old, new) };
    if !faulted {
        catalog::sources(&mut found, &old.sources, &new.sources);
    }
    catalog::resolved(&mut found, &old.resolved, &new.resolved);
    if let (Some(old), Some(new)) = (&old.catalog, &new.catalog) {
        catalog::catalog(&mut found, old, new);
    }
    let refused = |side: &Observed| matches!(side.prepared, Some(Err(_))) || matches!(side.merged, Some(Err(_)));
    if !refused(old) && !refused(new) {
        let (old_deltas, new_deltas) = both(old.deltas.len(), new.deltas.len());
        deltas::deltas(&mut found, &old.deltas[..old_deltas], &new.deltas[..new_deltas]);
    }
    if let (Some(old), Some(new)) = (&old.explained, &new.explained) {
        found.values("failure", "", &form(FailureForm::from(old.clone())), &form(FailureForm::from(new.clone())));
    }
    faults(&mut found, old.fault.as_ref(), new.fault.as_ref());
    found.into_list()
}

/// The JSON value of a form.
pub(super) fn form<T: Serialize>(form: T) -> Value {
    // The forms have string keys only, and numbers that JSON has: an error cannot come.
    serde_json::to_value(form).unwrap_or_default()
}

fn forms<T: Clone, F: Serialize + From<T>>(list: &[T]) -> Value {
    form(list.iter().cloned().map(F::from).collect::<Vec<F>>())
}

type MergedOrNot = Result<Merged, Vec<config::Problem>>;

fn settings(found: &mut Found, old: &MergedOrNot, new: &MergedOrNot) {
    let problems = |problems: &Vec<config::Problem>| forms::<_, ConfigProblemForm>(problems);
    match (old, new) {
        (Ok(old), Ok(new)) => {
            let whole = |merged: &Merged| form(SettingsForm::from(merged.settings.clone()));
            found.values("settings", "settings", &whole(old), &whole(new));
            let from = |merged: &Merged| form(origins(&merged.settings.origins));
            found.values("settings/origins", "origins", &from(old), &from(new));
            found.values("settings/warnings", "warnings", &problems(&old.warnings), &problems(&new.warnings));
        }
        (Err(old), Err(new)) => found.values("settings/problems", "problems", &problems(old), &problems(new)),
        (Ok(_), Err(new)) => {
            found.add("settings/refused".to_owned(), "problems".to_owned(), None, Some(&problems(new)))
        }
        (Err(old), Ok(_)) => {
            found.add("settings/accepted".to_owned(), "problems".to_owned(), Some(&problems(old)), None)
        }
    }
}

type PreparedOrNot = Result<Prepared, Vec<Problem>>;

fn request(found: &mut Found, old: &PreparedOrNot, new: &PreparedOrNot) {
    let problems = |problems: &Vec<Problem>| forms::<_, RequestProblemForm>(problems);
    match (old, new) {
        (Ok(old), Ok(new)) => {
            let word = |text: &String| Value::from(text.as_str());
            found.values("request/modelId", "modelId", &word(&old.model_id), &word(&new.model_id));
            found.values("request", "", &body(&old.body), &body(&new.body));
            let notices = |prepared: &Prepared| forms::<_, NoticeForm>(&prepared.notices);
            found.values("request/notices", "notices", &notices(old), &notices(new));
            // `carry` is a version's letter to itself: what it does is seen in the deltas.
        }
        (Err(old), Err(new)) => found.values("request/problems", "problems", &problems(old), &problems(new)),
        (Ok(_), Err(new)) => found.add("request/refused".to_owned(), "problems".to_owned(), None, Some(&problems(new))),
        (Err(old), Ok(_)) => {
            found.add("request/accepted".to_owned(), "problems".to_owned(), Some(&problems(old)), None)
        }
    }
}

/// The body as a value, with the places of attachments named: their bytes are the same on both sides.
fn body(parts: &[BodyPart]) -> Value {
    let mut joined = Vec::new();
    for part in parts {
        match part {
            BodyPart::Json(bytes) => joined.extend_from_slice(bytes),
            BodyPart::Blob(index) => joined.extend_from_slice(format!("(attachment {index})").as_bytes()),
        }
    }
    document(&String::from_utf8_lossy(&joined))
}

fn faults(found: &mut Found, old: Option<&Fault>, new: Option<&Fault>) {
    if old == new {
        return;
    }
    for (fault, is_old) in [(old, true), (new, false)] {
        let Some(Fault { kind, call, reason }) = fault else { continue };
        let reason = Some(cut(reason));
        let (old, new) = if is_old { (reason, None) } else { (None, reason) };
        // The place tells the sides apart where both fail, each in its own way.
        found.told(Difference { kind: format!("fault/{kind}"), place: (*call).to_owned(), old, new });
    }
}
