//! The contract rules and the version's own cases, as steps of the gate.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::conformance::cases::Case;
use crate::conformance::checks::{self, Check};
use crate::conformance::provider::{Fault, Provider, Providers};
use crate::conformance::rules::{self, Finding};
use crate::conformance::source::{CasesError, Source};
use crate::embedded::{EMBEDDED, EMBEDDED_NAME};

/// The number of failures after which the rest is skipped: the version is refused anyway.
const FAILURES_TOLD: usize = 5;

/// The time limit of all cases. A provider that uses up its deadline in each would take many minutes.
const LONGEST: Duration = Duration::from_secs(120);

const CANCELLED: &str = "it was cancelled";

/// Providers until the gate is cancelled.
struct Until<'a> {
    providers: &'a dyn Providers,
    cancel: &'a CancellationToken,
}

impl Providers for Until<'_> {
    fn name(&self) -> &str {
        self.providers.name()
    }

    fn fresh(&self) -> Result<Box<dyn Provider>, Fault> {
        if self.cancel.is_cancelled() { Err(Fault(CANCELLED.to_owned())) } else { self.providers.fresh() }
    }
}

/// The result of a step: the number of passed checks, and a summary.
type Passed = (usize, Option<String>);

/// The cases of the embedded provider. Every comparison uses them.
///
/// # Errors
/// When they cannot be read.
pub(super) fn of_embedded() -> Result<&'static [Case], CasesError> {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    if let Some(cases) = CASES.get() {
        return Ok(cases);
    }
    let found = Source::Component(EMBEDDED_NAME, EMBEDDED).cases()?;
    Ok(CASES.get_or_init(|| found))
}

/// The own cases of these components, without duplicates and without `known` ones.
///
/// # Errors
/// When they cannot be read.
pub(super) fn of_others(components: &[Vec<u8>], known: &[Case]) -> Result<Vec<Case>, CasesError> {
    let mut seen: HashSet<String> = known.iter().map(|case| case.text.clone()).collect();
    let mut cases = Vec::new();
    for bytes in components {
        let own = Source::Component("a version", bytes).cases()?;
        cases.extend(own.into_iter().filter(|case| seen.insert(case.text.clone())));
    }
    Ok(cases)
}

/// Checks a provider against the contract rules, until `cancel` is cancelled.
///
/// # Errors
/// With the name of the first broken rule, the violation, and the names of further broken rules.
pub(super) fn check_rules(providers: &dyn Providers, cancel: &CancellationToken) -> Result<Passed, String> {
    let providers = &Until { providers, cancel };
    let findings = rules::check(providers)?;
    if cancel.is_cancelled() {
        return Err(CANCELLED.to_owned());
    }
    let mut broken = findings.iter().filter_map(|Finding { rule, broken }| Some((rule.name, broken.as_ref()?)));
    if let Some((name, what)) = broken.next() {
        let others: Vec<&str> = broken.map(|(name, _)| name).collect();
        return Err(format!("rule `{name}`: {what}{}", and_more(&others)));
    }
    Ok((findings.len(), Some(format!("{} rules", findings.len()))))
}

/// Runs the own cases of a component, until `cancel` is cancelled.
///
/// # Errors
/// When they cannot be read; with the name of the first failed case, its failure, and the names of further failed
/// cases.
pub(super) fn run_own(
    name: &str,
    bytes: &[u8],
    providers: &dyn Providers,
    cancel: &CancellationToken,
) -> Result<Passed, String> {
    let own = checks::find(Source::Component(name, bytes), None).map_err(|error| error.to_string())?;
    let began = Instant::now();
    let failures = AtomicUsize::new(0);
    let run = |check: &Check| {
        let is_over = cancel.is_cancelled() || began.elapsed() > LONGEST;
        if is_over || failures.load(Ordering::Relaxed) >= FAILURES_TOLD {
            return None;
        }
        let result = check.run(providers);
        failures.fetch_add(usize::from(result.is_err()), Ordering::Relaxed);
        Some(result)
    };
    let results: Vec<_> = own.par_iter().map(run).collect();
    if cancel.is_cancelled() {
        return Err(CANCELLED.to_owned());
    }
    let passed = results.iter().filter(|result| matches!(result, Some(Ok(())))).count();
    let failed = own.iter().zip(results).filter_map(|(check, result)| Some((check.name(), result?.err()?)));
    let failed: Vec<(String, String)> = failed.collect();
    if failed.is_empty() && passed < own.len() {
        return Err(format!("the cases take more than {} s; {passed} passed until then", LONGEST.as_secs()));
    }
    if let Some(((name, failure), others)) = failed.split_first() {
        let others: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
        return Err(format!("the case {name} failed: {failure}{}", and_more(&others)));
    }
    let told = if passed == 0 { "no cases of its own".to_owned() } else { format!("{passed} cases") };
    Ok((passed, Some(told)))
}

fn and_more(others: &[&str]) -> String {
    if others.is_empty() { String::new() } else { format!("\n(and {} more: {})", others.len(), others.join(", ")) }
}
