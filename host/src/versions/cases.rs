//! The cases that a version has to pass before it serves.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::conformance::cases::{self, Case, Source};
use crate::conformance::checks::{self, Check};
use crate::conformance::provider::Providers;
use crate::provider::Digest;

/// After so many failures the rest is not run: the version is refused anyway.
const FAILURES_TOLD: usize = 5;

/// How long all cases may take. A provider that uses up its deadline in each of them would otherwise take many minutes.
const LONGEST: Duration = Duration::from_secs(120);

/// What the cases came to.
#[derive(Debug)]
pub(super) struct Verdict {
    /// How many passed.
    pub(super) passed: usize,
    /// What failed: name and what does not hold.
    pub(super) failed: Vec<(String, String)>,
    /// Whether the time was up, or it was cancelled, before all were run.
    pub(super) ended_early: bool,
}

/// The digest of all cases.
pub(super) fn digest() -> Digest {
    static DIGEST: OnceLock<Digest> = OnceLock::new();
    *DIGEST.get_or_init(cases::built_in_digest)
}

/// All cases.
///
/// # Errors
/// When the cases that the binary was built with cannot be read.
pub(super) fn all() -> Result<&'static [Case], cases::CaseError> {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    if let Some(cases) = CASES.get() {
        return Ok(cases);
    }
    let found = Source::BuiltIn.cases()?;
    Ok(CASES.get_or_init(|| found))
}

/// Runs the cases against a provider, until `cancel` is cancelled.
///
/// # Errors
/// When the cases that the binary was built with cannot be read.
pub(super) fn run(providers: &dyn Providers, cancel: &CancellationToken) -> Result<Verdict, cases::CaseError> {
    static CHECKS: OnceLock<Vec<Check>> = OnceLock::new();
    let checks = match CHECKS.get() {
        Some(checks) => checks,
        None => {
            let found = checks::find(Source::BuiltIn, None)?;
            CHECKS.get_or_init(|| found)
        }
    };
    let began = Instant::now();
    let mut verdict = Verdict { passed: 0, failed: Vec::new(), ended_early: false };
    for check in checks.iter().filter(|check| check.needs_provider()) {
        if began.elapsed() > LONGEST || cancel.is_cancelled() {
            verdict.ended_early = true;
            break;
        }
        match check.run(providers) {
            Ok(()) => verdict.passed += 1,
            Err(failure) => verdict.failed.push((check.name(), failure)),
        }
        if verdict.failed.len() == FAILURES_TOLD {
            break;
        }
    }
    Ok(verdict)
}
