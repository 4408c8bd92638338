//! What a version shows of itself before it serves: that it keeps the rules of the contract, and passes its own cases.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::conformance::cases::{Case, CasesError, Source};
use crate::conformance::checks;
use crate::conformance::provider::{Fault, Provider, Providers};
use crate::conformance::rules::{self, Finding};

/// After so many failures the rest is not run: the version is refused anyway.
const FAILURES_TOLD: usize = 5;

/// How long all cases may take. A provider that uses up its deadline in each of them would otherwise take many minutes.
const LONGEST: Duration = Duration::from_secs(120);

const CANCELLED: &str = "it was cancelled";

/// Providers for as long as nobody cancels.
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

/// What a step gives: how many passed, and that in words.
type Passed = (usize, Option<String>);

/// The cases of the embedded provider, which every version is compared on.
///
/// # Errors
/// When they cannot be read.
pub(super) fn of_embedded() -> Result<&'static [Case], CasesError> {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    if let Some(cases) = CASES.get() {
        return Ok(cases);
    }
    let found = Source::EMBEDDED.cases()?;
    Ok(CASES.get_or_init(|| found))
}

/// The cases that these components bring along, each once, without those that are known.
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

/// Holds a provider against the rules of the contract, until `cancel` is cancelled.
///
/// # Errors
/// With the first rule that is broken by its name, what breaks it, and the names of the others.
pub(super) fn check_rules(providers: &dyn Providers, cancel: &CancellationToken) -> Result<Passed, String> {
    let providers = &Until { providers, cancel };
    let findings: Vec<Finding> = rules::check(providers)?.collect();
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

/// Runs the cases that a component brings along, until `cancel` is cancelled.
///
/// # Errors
/// When they cannot be read; with the first that fails by its name, how it fails, and the names of the others.
pub(super) fn run_own(
    name: &str,
    bytes: &[u8],
    providers: &dyn Providers,
    cancel: &CancellationToken,
) -> Result<Passed, String> {
    let own = checks::find(Source::Component(name, bytes), None).map_err(|error| error.to_string())?;
    let began = Instant::now();
    let (mut passed, mut failed) = (0, Vec::new());
    for check in &own {
        if cancel.is_cancelled() {
            return Err(CANCELLED.to_owned());
        }
        if began.elapsed() > LONGEST {
            return Err(format!("the cases take more than {} s; {passed} passed until then", LONGEST.as_secs()));
        }
        match check.run(providers) {
            Ok(()) => passed += 1,
            Err(failure) => failed.push((check.name(), failure)),
        }
        if failed.len() == FAILURES_TOLD {
            break;
        }
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
