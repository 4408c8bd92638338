//! Ways to break a rule of the contract, each alone. The rule is named in a layer of configuration: `unruly-breach:RULE`.

use std::cell::RefCell;

use quarry_guest::contract::config::{Merged, Place, Problem, Severity};
use quarry_guest::contract::conversation::{
    Batch, BodyPart, Context, Delta, Fragment, Outcome, Prepared, StopReason, TurnFailure,
};
use quarry_guest::contract::models::{Catalog, CatalogSource, Resolution, Source};
use quarry_guest::contract::types::{Adjustment, ApiError, Failure, FailureKind, NamedJson, Notice, Usage};

use crate::always::{Always, always};

/// What stands before the rule's name.
const MARK: &str = "unruly-breach:";

thread_local! {
    static RULE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the rule that a text names, for as long as this instance lives.
pub fn tell(text: &str) {
    if let Some((_, rule)) = text.split_once(MARK) {
        RULE.set(rule.split_whitespace().next().unwrap_or_default().to_owned());
    }
}

/// Whether this rule is to be broken.
#[must_use]
pub fn breaks(rule: &str) -> bool {
    RULE.with_borrow(|told| told == rule) || rule == "one-end-last" && always() == Always::TwoEnds
}

/// What `merge` gives.
pub fn merged(result: Result<Merged, Vec<Problem>>, says_nothing: bool) -> Result<Merged, Vec<Problem>> {
    let mut merged = result?;
    let settings = &mut merged.settings;
    let place = Place { layer: "nowhere".to_owned(), source: String::new(), line: 1, column: 1 };
    let (path, message, expected) = (String::new(), "it is told to".to_owned(), String::new());
    let problem = Problem {
        severity: Severity::Error,
        place: Place { layer: "defaults".to_owned(), line: 0, column: 0, ..place.clone() },
        path,
        message,
        expected,
    };
    if breaks("defaults-merge") && says_nothing {
        return Err(vec![problem]);
    }
    if breaks("problems-have-their-severity") {
        merged.warnings.push(problem);
    } else if breaks("places-are-in-the-layers") {
        settings.origins.iter_mut().for_each(|origin| origin.place = place.clone());
    } else if breaks("settings-are-json") {
        settings.extras.push(broken_json());
    } else if breaks("settings-are-usable") {
        settings.default_model = Some(MARK.to_owned());
    }
    Ok(merged)
}

fn broken_json() -> NamedJson {
    NamedJson { name: "told".to_owned(), value: "{".to_owned() }
}

/// Whether settings are those of [`merged`] that nobody can use.
#[must_use]
pub fn is_unusable(default_model: Option<&str>) -> bool {
    breaks("settings-are-usable") && default_model == Some(MARK)
}

/// What `prepare` gives.
pub fn prepared(prepared: &mut Prepared) {
    let body = &mut prepared.body;
    if breaks("attachments-are-placed-once") {
        body.push(BodyPart::Blob(7));
    } else if breaks("bodies-are-json") {
        body.push(BodyPart::Json(b"}".to_vec()));
    } else if breaks("text-goes-out") {
        let other = br#"{"messages":[{"role":"user","content":[{"text":"?"}]}]}"#;
        *body = vec![BodyPart::Json(other.to_vec())];
    } else if breaks("model-ids-are-labels") {
        prepared.model_id.push_str("/../x");
    } else if breaks("operations-are-allowed") {
        prepared.operation = "InvokeModel".to_owned();
    } else if breaks("tool-names-come-back") {
        prepared.carry.clear();
    } else if breaks("notices-have-kinds") {
        prepared.notices.push(Notice { kind: "two words".to_owned(), message: String::new() });
    } else if breaks("bodies-fit-the-service")
        && let Some(BodyPart::Json(first)) = body.first_mut()
    {
        first.splice(..1, *br#"{"unheardOf":1,"#);
    }
}

/// Compares each message with all before it.
pub fn compare(context: &Context) {
    let messages = &context.messages;
    let is_new = |index: usize| !messages[..index].contains(&messages[index]);
    core::hint::black_box((0..messages.len()).filter(|index| is_new(*index)).count());
}

/// What is to be listed.
pub fn sources(sources: &mut Vec<Source>) {
    if breaks("listings-are-bounded") {
        let source = Source { operation: "ListFoundationModels".to_owned(), parameters: Vec::new() };
        sources.extend(std::iter::repeat_n(source, 17));
    }
}

/// A catalog.
pub fn catalog(catalog: &mut Catalog) {
    let Catalog { models, left_out, source, failures, notices: _ } = catalog;
    if breaks("catalog-rows-are-whole") {
        models.iter_mut().for_each(|model| model.cost.input = f64::NAN);
    } else if breaks("left-out-says-why") {
        left_out.iter_mut().for_each(|left_out| left_out.reason.clear());
    } else if breaks("listing-failures-are-told") {
        failures.clear();
    } else if breaks("configured-models-replace-discovery") && *source == CatalogSource::Config
        || breaks("discovery-can-be-off") && *source == CatalogSource::Disabled
    {
        *source = CatalogSource::Live;
    } else if breaks("caching-changes-nothing") && *source == CatalogSource::Cache {
        models.pop();
    }
}

/// What names mean.
pub fn resolved(resolved: &mut [Option<Resolution>]) {
    if breaks("rows-resolve-to-themselves") {
        resolved.iter_mut().flatten().for_each(|found| found.model.id = "another.model".to_owned());
    }
}

/// An explanation.
pub fn explained(error: &ApiError, failure: &mut Failure) {
    assert!(!(breaks("calls-return") && error.status == Some(418)), "it was told to");
    if breaks("explanations-have-their-kind") && failure.kind == FailureKind::Transport {
        failure.kind = FailureKind::Service;
    } else if breaks("retryable-agrees-with-kind") {
        failure.retryable = !failure.retryable;
    } else if breaks("explanations-quote-the-service") {
        failure.message = "It failed.".to_owned();
    } else if breaks("explanations-keep-facts") {
        failure.code = None;
    } else if breaks("retry-after-is-read") {
        failure.retry_after_ms = None;
    } else if breaks("repairs-are-obeyed")
        && let Some(repair) = &mut failure.repair
    {
        repair.adjustments = vec![Adjustment::Omit("unheard.of".to_owned())];
    }
}

/// What a turn remembers to break rules.
#[derive(Debug, Default)]
pub struct Blocks {
    begun: u32,
    open: u32,
}

/// Whether frames are such that a push traps.
#[must_use]
pub fn traps(batch: &Batch) -> bool {
    let mut at = 0;
    breaks("damage-never-traps")
        && batch.frames.iter().any(|frame| {
            let payload = at + frame.name_length as usize;
            at = payload + frame.payload_length as usize;
            batch.bytes.get(payload..at) == Some(b"[]".as_slice())
        })
}

/// The deltas of a push (with the number of its frames) or of the end.
pub fn deltas(deltas: &mut Vec<Delta>, frames: Option<usize>, blocks: &mut Blocks) {
    let given = std::mem::take(deltas);
    for delta in given {
        match &delta {
            Delta::TextStart(_) | Delta::ThinkingStart(_) | Delta::ToolcallStart(_) => {
                blocks.begun += 1;
                blocks.open += 1;
            }
            Delta::TextEnd(_) | Delta::ThinkingEnd(_) | Delta::ToolcallEnd(_) => blocks.open -= 1,
            _ => {}
        }
        one(delta, deltas, blocks);
    }
    if breaks("batching-changes-nothing") && frames == Some(1) {
        deltas.insert(0, Delta::Notice(Notice { kind: "one".to_owned(), message: "One frame.".to_owned() }));
    }
    // Each turn tells that there was one before it.
    if breaks("no-call-leaks-into-another") && frames.is_some() {
        RULE.set("no-call-leaks-into-another!".to_owned());
    } else if breaks("no-call-leaks-into-another!") && frames.is_some() {
        deltas.insert(0, Delta::Notice(Notice { kind: "before".to_owned(), message: "It was used.".to_owned() }));
    }
}

/// A delta, and what takes its place.
fn one(mut delta: Delta, out: &mut Vec<Delta>, blocks: &mut Blocks) {
    let mut behind = None;
    match &mut delta {
        Delta::Start if breaks("start-comes-first") => behind = Some(Delta::Start),
        Delta::TextStart(index) if breaks("blocks-count-from-zero") => *index += 1,
        Delta::TextDelta(fragment) if breaks("text-comes-through") => drop(fragment.delta.pop()),
        Delta::TextEnd(_) if breaks("blocks-end-before-done") => return,
        Delta::TextEnd(index) if breaks("pieces-belong-to-open-blocks") => {
            behind = Some(Delta::TextDelta(Fragment { content_index: *index, delta: String::new() }));
        }
        Delta::ThinkingDelta(fragment) if breaks("thinking-comes-through") => fragment.delta.make_ascii_uppercase(),
        Delta::ToolcallStart(call) if breaks("tool-call-ids-are-unique") => call.id = "same".to_owned(),
        Delta::ToolcallEnd(call) if breaks("arguments-are-objects") => call.arguments = "[]".to_owned(),
        Delta::ToolcallEnd(call) if breaks("arguments-come-through") => call.arguments = "{}".to_owned(),
        Delta::Attachment(attachment) if breaks("attachments-are-json") => attachment.value = "{".to_owned(),
        Delta::Attachment(attachment) if breaks("attachments-belong-to-blocks") => attachment.content_index = Some(99),
        Delta::Done(outcome) if breaks("whole-streams-end-well") => {
            let (usage, details) = (outcome.usage, outcome.details.clone());
            let failure = Failure {
                kind: FailureKind::Service,
                message: "It was told to.".to_owned(),
                hint: None,
                retryable: false,
                retry_after_ms: None,
                code: None,
                status: None,
                request_id: None,
                suggestions: Vec::new(),
                repair: None,
            };
            delta = Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage, details });
        }
        Delta::Done(outcome) if breaks("stop-reason-comes-through") => outcome.reason = StopReason::Length,
        Delta::Done(outcome) if breaks("turn-details-are-json") => outcome.details.trace = Some(broken_json().value),
        Delta::Done(Outcome { usage, .. }) => spoil(usage),
        Delta::Error(failed) => {
            let failure = &mut failed.failure;
            if breaks("prefix-ends-in-error") && failure.kind == FailureKind::Truncated && blocks.open == 0 {
                let usage = failed.usage;
                let (reason, raw_stop_reason) = (StopReason::Stop, "end_turn".to_owned());
                delta = Delta::Done(Outcome { reason, raw_stop_reason, usage, details: failed.details.clone() });
            } else if breaks("prefix-keeps-content") {
                let content_index = blocks.begun;
                out.push(Delta::TextStart(content_index));
                out.push(Delta::TextDelta(Fragment { content_index, delta: "It failed.".to_owned() }));
                out.push(Delta::TextEnd(content_index));
            } else if breaks("exceptions-are-errors") && failure.kind == FailureKind::Throttled {
                failure.kind = FailureKind::Validation;
            } else if breaks("endings-have-their-kind") && failure.kind == FailureKind::Timeout {
                failure.kind = FailureKind::Service;
            } else if breaks("turn-failures-are-told") {
                failure.message.clear();
            }
        }
        _ => {}
    }
    if breaks("one-end-last") && matches!(delta, Delta::Done(_) | Delta::Error(_)) {
        behind = Some(delta.clone());
    }
    out.push(delta);
    out.extend(behind);
}

fn spoil(usage: &mut Usage) {
    if breaks("usage-comes-through") {
        usage.output += 1;
    } else if breaks("usage-is-sane") {
        usage.cost.total = -1.0;
    } else if breaks("cost-follows-prices") {
        usage.cost.input *= 2.0;
        usage.cost.total += usage.cost.input / 2.0;
    }
}
