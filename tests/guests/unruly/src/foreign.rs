//! Every sentence for a person in another language: all that the provider tells goes through here.

use quarry_guest::contract::config::{Merged, Problem};
use quarry_guest::contract::conversation::{self, Delta, Prepared};
use quarry_guest::contract::models::{Catalog, LeftOut};
use quarry_guest::contract::types::{Failure, Notice};

use crate::always::{Always, always};

const TOLD: &str = "Поставщик сообщает кое-что.";
const EXPECTED: &str = "другое значение";
const HINT: &str = "попробуйте ещё раз позже";

fn is_foreign() -> bool {
    always() == Always::Foreign
}

/// What `merge` gives.
pub fn merged(result: Result<Merged, Vec<Problem>>) -> Result<Merged, Vec<Problem>> {
    let problem = |mut problem: Problem| {
        if is_foreign() {
            problem.message = TOLD.to_owned();
            problem.expected = EXPECTED.to_owned();
        }
        problem
    };
    match result {
        Ok(merged) => Ok(Merged { warnings: merged.warnings.into_iter().map(problem).collect(), ..merged }),
        Err(problems) => Err(problems.into_iter().map(problem).collect()),
    }
}

/// What `prepare` gives.
pub fn prepared(result: Result<Prepared, Vec<conversation::Problem>>) -> Result<Prepared, Vec<conversation::Problem>> {
    if !is_foreign() {
        return result;
    }
    let problem = |problem: conversation::Problem| conversation::Problem {
        message: TOLD.to_owned(),
        expected: EXPECTED.to_owned(),
        ..problem
    };
    let mut prepared = result.map_err(|problems| problems.into_iter().map(problem).collect::<Vec<_>>())?;
    prepared.notices.iter_mut().for_each(notice);
    Ok(prepared)
}

/// A catalog.
pub fn catalog(catalog: &mut Catalog) {
    if is_foreign() {
        let Catalog { left_out, failures, notices, .. } = catalog;
        left_out.iter_mut().for_each(|LeftOut { message, .. }| *message = TOLD.to_owned());
        failures.iter_mut().for_each(|failure| self::failure(failure, None));
        notices.iter_mut().for_each(notice);
    }
}

/// The deltas of a call.
pub fn deltas(deltas: &mut [Delta]) {
    for delta in deltas.iter_mut().filter(|_| is_foreign()) {
        match delta {
            Delta::Notice(told) => notice(told),
            Delta::ToolcallEnd(end) => end.problem = end.problem.as_ref().map(|_| TOLD.to_owned()),
            Delta::Error(failed) => failure(&mut failed.failure, None),
            _ => {}
        }
    }
}

/// A failure, with what AWS said of it.
pub fn failure(failure: &mut Failure, said: Option<&str>) {
    if is_foreign() {
        failure.message = format!("Запрос не удался: {}", said.unwrap_or("причина неизвестна"));
        failure.hint = failure.hint.as_ref().map(|_| HINT.to_owned());
    }
}

fn notice(notice: &mut Notice) {
    notice.message = TOLD.to_owned();
}
