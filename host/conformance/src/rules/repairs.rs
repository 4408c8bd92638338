//! Rules of repairs: what `explain` says to change, `prepare` changes.

use super::Rule;
use super::evidence::{Answer, Evidence, Request};
use super::requests::body;
use crate::contract::conversation::Options;

pub(super) const RULES: &[Rule] = &[Rule {
    name: "repairs-are-obeyed",
    holds: "if the refusal of a field has a repair, a request with its adjustments does not have this field",
    source: "`failure.repair`, `options.adjustments`",
    holds_for: |evidence, _| FIELDS.iter().try_for_each(|field| is_obeyed(evidence, field)),
}];

/// A member of the body, and its refusal in the service's words.
pub(super) struct RefusedField {
    pointer: &'static str,
    pub(super) message: &'static str,
}

pub(super) const FIELDS: &[RefusedField] = &[
    RefusedField {
        pointer: "/inferenceConfig/temperature",
        message: "This model doesn't support the temperature field. Remove temperature and try again.",
    },
    RefusedField {
        pointer: "/inferenceConfig/stopSequences",
        message: "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
    },
];

fn is_obeyed(evidence: &Evidence<'_>, RefusedField { pointer, message }: &RefusedField) -> Result<(), String> {
    let refusal = evidence.failures.iter().find(|failure| failure.input.message.as_deref() == Some(message));
    let failure = refusal.and_then(|refusal| refusal.answer.as_ref());
    let Some(repair) = failure.and_then(|failure| failure.repair.as_ref()) else { return Ok(()) };
    for Answer { name, input, answer } in &evidence.requests {
        let Some(Ok(prepared)) = answer else { continue };
        let has_it = body(input, prepared).is_ok_and(|body| body.is_some_and(|body| body.pointer(pointer).is_some()));
        if !has_it {
            continue;
        }
        let adjusted = Options { adjustments: repair.adjustments.clone(), ..input.options.clone() };
        let given = (&input.settings, &*input.region, &input.model, &input.context, &adjusted);
        let prepare = || Request::prepare_with(input.kind, given, &mut *evidence.providers.fresh()?);
        let prepared = prepare().map_err(|fault| format!("{name}: {}", fault.0))?;
        let Ok(prepared) = prepared else { return Err(format!("{name}: `prepare` refuses it with {repair:?}")) };
        if body(input, &prepared)?.is_none_or(|body| body.pointer(pointer).is_some()) {
            return Err(format!("{name}: the body has {pointer} in spite of {repair:?}"));
        }
    }
    Ok(())
}
