//! Holds an answer against what its fault has to come to.

use super::ask::Answer;
use super::expected::{Expected, Kind, MALFORMED_ARGUMENTS, expected, retry_after, when_counting};
use super::read::{Finish, Outcome, Told, Whole, outcome};
use super::ways::{Endpoint, Way};
use super::{Place, Played, TEXT};

/// Letters and digits of the gateway's id of a request, with `req_` before them.
const REQUEST_ID_LENGTH: usize = 4 + 24;

/// Checks the answer to a request whose prompt was to say [`TEXT`].
pub(super) fn check(played: &Played, way: Way, answer: &Answer) -> Result<(), String> {
    judge(played, way, answer).map_err(|wrong| format!("{} at {way:?}: {wrong}\n  {answer:?}", played.model))
}

fn judge(played: &Played, way: Way, answer: &Answer) -> Result<(), String> {
    let outcome = outcome(way, answer)?;
    let own_id = answer.header(way.endpoint.request_id_header()).unwrap_or_default();
    ensure(own_id.len() == REQUEST_ID_LENGTH && own_id.starts_with("req_"), || format!("the request's id {own_id:?}"))?;
    let after = answer.header("retry-after");
    ensure(after == retry_after(played.fault), || format!("retry-after: {after:?}"))?;
    if way.endpoint == Endpoint::CountTokens {
        return match (when_counting(played.fault), outcome) {
            (Some((kind, words)), Outcome::Refused { status, told }) => {
                refused(way, answer, status, &told, (kind, words))
            }
            (None, Outcome::Counted(tokens)) => ensure(tokens > 0, || "nothing was counted".to_owned()),
            (expected, outcome) => Err(format!("{outcome:?} and not {expected:?}")),
        };
    }
    ensure(answer.header("x-amzn-requestid").is_some(), || "AWS's id of the request is not there".to_owned())?;
    match (expected(played.fault), outcome) {
        (Expected::Refusal(kind, words), Outcome::Refused { status, told }) => {
            refused(way, answer, status, &told, (kind, words))
        }
        (Expected::FailureUnlessWhole(..), Outcome::Whole(whole)) if played.place == Place::End => {
            is_whole(&whole, Finish::Stop, TEXT)
        }
        (Expected::Failure(kind, words), Outcome::Refused { status, told })
        | (Expected::FailureUnlessWhole(kind, words), Outcome::Refused { status, told })
            if !way.stream || played.place == Place::Beginning =>
        {
            refused(way, answer, status, &told, (kind, words))
        }
        (Expected::Failure(kind, words), Outcome::BrokenOff { text, told })
        | (Expected::FailureUnlessWhole(kind, words), Outcome::BrokenOff { text, told })
            if way.stream && played.place != Place::Beginning =>
        {
            is_what_came(&text, played.place)?;
            is_told(way, answer, &told, (kind, words))
        }
        (Expected::Answer(finish, text), Outcome::Whole(whole)) => is_whole(&whole, finish, text),
        (Expected::Filtered { text, words }, Outcome::BrokenOff { text: said, told })
            if way.endpoint == Endpoint::PiStream =>
        {
            ensure(said == text, || format!("the text {said:?}"))?;
            is_told(way, answer, &told, (Kind::Invalid, words))
        }
        (Expected::Filtered { text, .. }, Outcome::Whole(whole)) if way.endpoint != Endpoint::PiStream => {
            is_whole(&whole, Finish::Filtered, text)
        }
        (expected, outcome) => Err(format!("{outcome:?} and not {expected:?}")),
    }
}

/// A status that is an error, and the headers beside it.
fn refused(
    way: Way,
    answer: &Answer,
    status: u16,
    told: &Told,
    (kind, words): (Kind, &'static str),
) -> Result<(), String> {
    let wanted = if way.endpoint.is_anthropic() { kind.anthropic_status() } else { kind.status() };
    ensure(status == wanted, || format!("the status {status} and not {wanted}"))?;
    let retry = answer.header("x-should-retry");
    ensure(matches!(retry, Some("true" | "false")), || format!("x-should-retry: {retry:?}"))?;
    ensure(kind.should_retry().is_none_or(|wanted| retry == Some(wanted)), || format!("x-should-retry: {retry:?}"))?;
    is_told(way, answer, told, (kind, words))
}

/// The error object, and the request's id in it, by which support finds the request.
fn is_told(way: Way, answer: &Answer, told: &Told, expected: (Kind, &'static str)) -> Result<(), String> {
    is_in_the_formats_words(way, told, expected)?;
    let Some(aws_id) = answer.header("x-amzn-requestid") else {
        // Nobody at AWS answered.
        return ensure(way.endpoint == Endpoint::CountTokens, || "AWS's id of the request is not there".to_owned());
    };
    let is_named = match &told.request_id {
        Some(id) => id == aws_id || answer.header(way.endpoint.request_id_header()) == Some(id),
        None => told.message.contains(aws_id),
    };
    ensure(is_named, || format!("the request is not named in {told:?}"))
}

/// The error object: the format's word for it, and the message.
pub(super) fn is_in_the_formats_words(
    way: Way,
    told: &Told,
    (kind, words): (Kind, &'static str),
) -> Result<(), String> {
    let wanted = match way.endpoint {
        Endpoint::ChatCompletions | Endpoint::Responses => Some(kind.openai_type()),
        Endpoint::Messages | Endpoint::CountTokens => Some(kind.anthropic_type()),
        Endpoint::PiStream => None,
    };
    ensure(told.kind.as_deref() == wanted, || format!("the type {:?} and not {wanted:?}", told.kind))?;
    ensure(told.message.contains(words), || format!("no {words:?} in {:?}", told.message))
}

/// The text before an error: all that the model said until then and nothing else.
fn is_what_came(text: &str, place: Place) -> Result<(), String> {
    let all = place == Place::End;
    ensure(!text.is_empty() && TEXT.starts_with(text) && (text == TEXT) == all, || format!("the text {text:?}"))
}

fn is_whole(whole: &Whole, finish: Finish, text: &str) -> Result<(), String> {
    ensure(whole.finish == finish && whole.text == text, || format!("not {text:?}"))?;
    // A call with arguments that the model did not write would be carried out.
    let arguments: &[&str] = if finish == Finish::ToolCalls { &[MALFORMED_ARGUMENTS] } else { &[] };
    ensure(whole.arguments == arguments, || format!("the arguments {:?}", whole.arguments))?;
    ensure(whole.output_tokens > 0, || "no usage".to_owned())
}

/// Checks a whole answer without any fault.
pub(super) fn is_good(way: Way, answer: &Answer, text: &str) -> Result<(), String> {
    match outcome(way, answer) {
        Ok(Outcome::Whole(whole)) => is_whole(&whole, Finish::Stop, text),
        other => Err(format!("{other:?}")),
    }
    .map_err(|wrong| format!("a good answer at {way:?}: {wrong}\n  {answer:?}"))
}

fn ensure(holds: bool, or: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(or()) }
}
