//! Limits of values that a provider returns and the host passes on. A number or text that no service returns is a fault
//! of the provider, and must not affect a client or a metric.

use std::collections::BTreeSet;
use std::time::Duration;

use quarry_contract::conversation::{Delta, Outcome, Prepared, Problem, TurnFailure};
use quarry_contract::models::Catalog;
use quarry_contract::types::{
    Adjustment, Failure, Model, NamedJson, Notice, PartForm, PartLimit, Repair, Usage, UsageCost,
};

/// The most tokens of one kind in one answer: the largest contexts have some ten million.
const MOST_TOKENS: u64 = 1_000_000_000;

/// Most US dollars of one answer.
const MOST_DOLLARS: f64 = 1e9;

/// The longest wait that is passed on: no AWS quota takes longer to refill.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Longest sentence for a person, in bytes. AWS's have some hundred.
const LONGEST_MESSAGE: usize = 16 << 10;

/// Longest code, id of a request or kind of a notice, in bytes.
const LONGEST_NAME: usize = 256;

/// Longest id of a model, in bytes: Bedrock takes 2,048 characters.
const LONGEST_ID: usize = 2048;

/// Most ids that are suggested, and most notices of one request.
const MOST_SUGGESTIONS: usize = 32;
const MOST_NOTICES: usize = 100;

/// Most adjustments of one repair.
const MOST_ADJUSTMENTS: usize = 16;

/// Most rows of a catalog. All of Bedrock's regions together list some hundred models and profiles.
const MOST_ROWS: usize = 10_000;

/// Clamps the deltas of a turn.
pub fn deltas(deltas: &mut [Delta]) {
    for delta in deltas {
        match delta {
            Delta::Done(Outcome { reason: _, raw_stop_reason, usage, details: _ }) => {
                shorten(raw_stop_reason, LONGEST_NAME);
                clamp_usage(usage);
            }
            Delta::Error(TurnFailure { failure: failed, raw_stop_reason, usage, details: _ }) => {
                raw_stop_reason.iter_mut().for_each(|reason| shorten(reason, LONGEST_NAME));
                clamp_usage(usage);
                failure(failed);
            }
            Delta::Notice(told) => notice(told),
            _ => {}
        }
    }
}

/// Clamps an explained failure.
pub fn failure(failure: &mut Failure) {
    let Failure { kind: _, message, hint, retryable: _, retry_after_ms, code, status, request_id, suggestions, repair } =
        failure;
    shorten(message, LONGEST_MESSAGE);
    hint.iter_mut().for_each(|hint| shorten(hint, LONGEST_MESSAGE));
    let longest = u64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(u64::MAX);
    *retry_after_ms = retry_after_ms.map(|after| after.min(longest));
    *code = code.take().filter(|code| is_name(code));
    *status = status.filter(|status| (100..600).contains(status));
    *request_id = request_id.take().filter(|id| is_name(id));
    suggestions.retain(|id| is_id(id));
    suggestions.truncate(MOST_SUGGESTIONS);
    if let Some(Repair { adjustments, lasting: _ }) = repair {
        adjustments.retain(is_adjustment);
        adjustments.truncate(MOST_ADJUSTMENTS);
    }
}

/// Clamps the notices or problems of a request.
pub fn prepared(prepared: &mut Result<Prepared, Vec<Problem>>) {
    match prepared {
        Ok(Prepared { notices, .. }) => {
            notices.truncate(MOST_NOTICES);
            notices.iter_mut().for_each(notice);
        }
        Err(problems) => {
            problems.truncate(MOST_NOTICES);
            for Problem { path, message, expected } in problems {
                [path, message, expected].into_iter().for_each(|text| shorten(text, LONGEST_MESSAGE));
            }
        }
    }
}

/// Clamps a catalog. Drops rows with an unusable id, and repeated ids.
pub fn catalog(catalog: &mut Catalog) {
    let Catalog { models, left_out, source: _, failures, notices } = catalog;
    let mut ids = BTreeSet::new();
    models.retain(|Model { id, .. }| ids.len() < MOST_ROWS && is_id(id) && ids.insert(id.clone()));
    left_out.truncate(MOST_ROWS);
    failures.truncate(MOST_NOTICES);
    failures.iter_mut().for_each(failure);
    notices.truncate(MOST_NOTICES);
    notices.iter_mut().for_each(notice);
}

fn notice(Notice { kind, message }: &mut Notice) {
    shorten(kind, LONGEST_NAME);
    shorten(message, LONGEST_MESSAGE);
}

fn clamp_usage(usage: &mut Usage) {
    let Usage { input, output, cache_read, cache_write, cache_write_long, total, cost } = usage;
    for tokens in [input, output, cache_read, cache_write, cache_write_long, total] {
        *tokens = (*tokens).min(MOST_TOKENS);
    }
    let UsageCost { input, output, cache_read, cache_write, total } = cost;
    for dollars in [input, output, cache_read, cache_write, total] {
        // A price that is not a finite number is dropped.
        *dollars = if dollars.is_finite() { dollars.clamp(0.0, MOST_DOLLARS) } else { 0.0 };
    }
}

/// Whether a text can be a code or an id of AWS's.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// Whether an adjustment is small enough to be kept and passed back.
fn is_adjustment(adjustment: &Adjustment) -> bool {
    let fits = |texts: &[&String]| texts.iter().map(|text| text.len()).sum::<usize>() <= LONGEST_ID;
    match adjustment {
        Adjustment::Omit(part) | Adjustment::Limit(PartLimit { part, most: _ }) => fits(&[part]),
        Adjustment::Replace(PartForm { part, form }) => fits(&[part, form]),
        Adjustment::Other(NamedJson { name, value }) => fits(&[name, value]),
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn shorten(text: &mut String, longest: usize) {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::model::default_model;
    use quarry_contract::models::CatalogSource;
    use quarry_contract::types::FailureKind;

    fn used(count: u64, price: f64) -> Usage {
        let cost = UsageCost { input: price, output: price, cache_read: price, cache_write: price, total: price };
        let (input, output, cache_read, cache_write, cache_write_long, total) =
            (count, count, count, count, count, count);
        Usage { input, output, cache_read, cache_write, cache_write_long, total, cost }
    }

    #[test]
    fn counts_and_prices_are_what_they_can_be() {
        let clamped = |count, price| {
            let mut usage = used(count, price);
            clamp_usage(&mut usage);
            usage
        };
        assert_eq!(clamped(7, 0.25), used(7, 0.25));
        assert_eq!(clamped(u64::MAX, f64::NAN), used(MOST_TOKENS, 0.0));
        assert_eq!(clamped(u64::MAX - 16, f64::INFINITY), used(MOST_TOKENS, 0.0));
        assert_eq!(clamped(MOST_TOKENS, -1.0), used(MOST_TOKENS, 0.0));
        assert_eq!(clamped(0, 1e300), used(0, MOST_DOLLARS));
    }

    #[test]
    fn a_failure_is_one_that_can_be_shown() {
        let mut hostile = Failure {
            kind: FailureKind::Throttled,
            message: "é".repeat(1 << 20),
            hint: Some("h".repeat(1 << 20)),
            retryable: true,
            retry_after_ms: Some(u64::MAX),
            code: Some("Throttled\r\nset-cookie: a".to_owned()),
            status: Some(u16::MAX),
            request_id: Some("\u{1b}[31m".to_owned()),
            suggestions: vec![String::new(), "a".repeat(5000), "b\u{7}".to_owned(), "c".to_owned()],
            repair: Some(Repair { adjustments: vec![Adjustment::Omit("x".repeat(5000))], lasting: true }),
        };
        let adjustment = Adjustment::Omit("x".to_owned());
        hostile.repair.iter_mut().for_each(|repair| repair.adjustments.extend(vec![adjustment.clone(); 1000]));
        hostile.suggestions.extend(vec!["d".to_owned(); 1000]);
        failure(&mut hostile);
        assert!(hostile.message.len() <= LONGEST_MESSAGE + 3 && hostile.message.ends_with('…'));
        assert!(hostile.hint.is_some_and(|hint| hint.len() <= LONGEST_MESSAGE + 3));
        assert_eq!(hostile.retry_after_ms, Some(86_400_000));
        assert_eq!((hostile.code, hostile.status, hostile.request_id), (None, None, None));
        assert_eq!(hostile.repair.expect("a repair").adjustments, vec![adjustment; MOST_ADJUSTMENTS]);
        assert_eq!(hostile.suggestions.len(), MOST_SUGGESTIONS);
        assert_eq!(hostile.suggestions[..2], ["c", "d"]);
    }

    #[test]
    fn rows_have_ids_of_their_own() {
        let row = |id: &str| Model { id: id.to_owned(), ..default_model() };
        let mut listed = Catalog {
            models: ["a", "", "b", "a", "c\n"].map(row).to_vec(),
            left_out: Vec::new(),
            source: CatalogSource::Live,
            failures: Vec::new(),
            notices: vec![Notice { kind: "k".to_owned(), message: "m".repeat(1 << 20) }; 1000],
        };
        catalog(&mut listed);
        assert_eq!(listed.models.iter().map(|model| &*model.id).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(listed.notices.len(), MOST_NOTICES);
        assert!(listed.notices[0].message.len() <= LONGEST_MESSAGE + 3);
    }
}
