//! Everything that a provider is checked against, as a list of checks with names.

use std::fmt::Write as _;
use std::path::Path;

use super::cases::{Case, Given};
use super::cost;
use super::cost::inputs::{self, Kind};
use super::properties::{self, Stream};
use super::provider::{Fault, Providers};
use super::recordings::{self, Recording};
use super::rules::{self, Rule};
use super::source::{CasesError, Source};
use super::vectors::{self, Vector};

/// One check.
#[derive(Debug)]
pub enum Check {
    /// A rule of the contract.
    Rule(&'static Rule),
    /// A case.
    Case(Case),
    /// The properties of streams, for the stream of a case.
    CaseProperties(Case),
    /// A recording.
    Recording(Recording),
    /// The properties of streams, for a recording.
    RecordingProperties(Recording),
    /// A frame; the provider takes no part in it.
    Vector(Vector),
    /// What calls with much of something cost. The provider must run in a host that counts steps.
    Cost(Kind),
}

impl Check {
    /// Its name: `checks/prefix-ends-in-error`, `translate/tool-use`, `recordings/NAME`, `properties/translate/NAME`,
    /// `vectors/NAME`, or `cost/prepare-tools`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Check::Rule(rule) => format!("checks/{}", rule.name),
            Check::Case(case) => case.name.clone(),
            Check::CaseProperties(case) => format!("properties/{}", case.name),
            Check::Recording(recording) => format!("recordings/{}", recording.name),
            Check::RecordingProperties(recording) => format!("properties/recordings/{}", recording.name),
            Check::Vector(vector) => format!("vectors/{}", vector.name),
            // Without a second slash: whoever asks for `translate/` wants cases.
            Check::Cost(kind) => format!("cost/{}", kind.name.replace('/', "-")),
        }
    }

    /// Whether it is this rule.
    pub(super) fn is(&self, rule: &Rule) -> bool {
        matches!(self, Check::Rule(own) if own.name == rule.name)
    }

    /// The part that it belongs to.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Check::Rule(_) | Check::Cost(_) => Part::Contract,
            Check::Case(_) | Check::CaseProperties(_) => Part::Cases,
            Check::Recording(_) | Check::RecordingProperties(_) | Check::Vector(_) => Part::Recordings,
        }
    }

    /// The stream of a check of properties.
    #[must_use]
    pub fn stream(&self) -> Option<Stream<'_>> {
        match self {
            Check::CaseProperties(case) => case_stream(case),
            Check::RecordingProperties(recording) => Some(recording.stream()),
            Check::Rule(_) | Check::Case(_) | Check::Recording(_) | Check::Vector(_) | Check::Cost(_) => None,
        }
    }

    /// Whether it calls a provider, so that it runs once per executor.
    #[must_use]
    pub fn needs_provider(&self) -> bool {
        !matches!(self, Check::Vector(_))
    }

    /// Runs the check.
    ///
    /// # Errors
    /// With a description of the violation.
    pub fn run(&self, providers: &dyn Providers) -> Result<(), String> {
        let told = |fault: Fault| fault.to_string();
        let differences = match self {
            Check::Rule(rule) => return rules::check_one(rule, providers),
            Check::Case(case) => case.actual(providers).and_then(|actual| case.compare(&actual)).map_err(told)?,
            Check::Recording(recording) => recording.run(providers).map_err(told)?,
            Check::CaseProperties(_) | Check::RecordingProperties(_) => {
                return self.stream().map_or(Ok(()), |stream| properties::check(&stream, providers));
            }
            Check::Vector(vector) => return vector.check(),
            Check::Cost(kind) => return cost::check(kind, providers),
        };
        if differences.is_empty() { Ok(()) } else { Err(listed(&differences)) }
    }
}

/// The parts of a conformance run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What holds for any provider: the rules of the contract, and what calls cost.
    Contract,
    /// Cases: the provider's own, or those of a folder.
    Cases,
    /// Recorded streams.
    Recordings,
}

impl std::fmt::Display for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Part::Contract => "contract checks",
            Part::Cases => "cases",
            Part::Recordings => "recordings",
        })
    }
}

/// The stream of a case of `translate`.
fn case_stream(case: &Case) -> Option<Stream<'static>> {
    match &case.given {
        Given::Translate(given) => {
            Some(Stream { opening: given.opening(), frames: given.frames(), ending: given.ending(), body: None })
        }
        _ => None,
    }
}

/// Most differences that are shown.
const SHOWN: usize = 12;

fn listed(differences: &[super::diff::Difference]) -> String {
    let mut text = String::new();
    for difference in differences.iter().take(SHOWN) {
        let _ = writeln!(text, "{difference}");
    }
    if let Some(more) = differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "… and {more} more differences");
    }
    text
}

/// All checks: the cases, and a folder of recordings if there is one.
///
/// # Errors
/// When an entry of the folders is invalid.
pub fn find(cases: Source<'_>, recordings: Option<&Path>) -> Result<Vec<Check>, CasesError> {
    let mut checks = Vec::new();
    for case in cases.cases()? {
        let properties = match case_stream(&case) {
            Some(_) => Some(Check::CaseProperties(Case::read(&case.path, case.text.clone())?)),
            None => None,
        };
        checks.push(Check::Case(case));
        checks.extend(properties);
    }
    if let Some(folder) = recordings {
        checks.extend(recordings::find(folder)?.into_iter().map(Check::Recording));
        checks.extend(recordings::find(folder)?.into_iter().map(Check::RecordingProperties));
        checks.extend(vectors::find(&folder.join("vectors"))?.into_iter().map(Check::Vector));
    }
    Ok(checks)
}

/// The contract rules. They apply to any provider, whatever its cases.
pub fn of_contract() -> impl Iterator<Item = Check> {
    rules::rules().map(Check::Rule)
}

/// The cost checks, by counted steps. They apply to any provider.
pub fn of_cost() -> impl Iterator<Item = Check> {
    inputs::kinds().map(Check::Cost)
}

/// The checks whose names contain any of these texts; all checks if there is no text.
///
/// # Errors
/// When no name contains a text: running none must not pass for running some.
pub fn only(checks: Vec<Check>, texts: &[String]) -> Result<Vec<Check>, NoSuchCheck> {
    let names: Vec<String> = checks.iter().map(Check::name).collect();
    if let Some(text) = texts.iter().find(|text| !names.iter().any(|name| name.contains(*text))) {
        return Err(NoSuchCheck { text: text.clone() });
    }
    let wanted = |name: &str| texts.is_empty() || texts.iter().any(|text| name.contains(text));
    Ok(checks.into_iter().zip(names).filter(|(_, name)| wanted(name)).map(|(check, _)| check).collect())
}

/// No name of a check contains the text.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("no name of a check contains {text:?}; names look like `translate/text` and `properties/translate/text`")]
pub struct NoSuchCheck {
    /// The text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::{Check, NoSuchCheck, find, only};
    use crate::embedded::{EMBEDDED, EMBEDDED_NAME};
    use crate::source::Source;

    fn named(texts: &[&str]) -> Result<Vec<String>, NoSuchCheck> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let checks = find(Source::Component(EMBEDDED_NAME, EMBEDDED), None).unwrap();
        only(checks, &texts).map(|checks| checks.iter().map(Check::name).collect())
    }

    #[test]
    fn checks_are_found_by_their_names() {
        let all = named(&[]).unwrap();
        let streams = named(&["translate/"]).unwrap();
        assert!(streams.len() > 100 && streams.len() < all.len(), "{} of {}", streams.len(), all.len());
        assert!(streams.iter().all(|name| name.contains("translate/")), "{streams:?}");
        assert_eq!(
            named(&["translate/tool-call-after-text", "explain/payment-instrument"]).unwrap(),
            [
                "explain/payment-instrument",
                "translate/tool-call-after-text",
                "properties/translate/tool-call-after-text"
            ]
        );
    }

    #[test]
    fn a_text_in_no_name_is_an_error() {
        assert_eq!(named(&["explain/", "no-such"]), Err(NoSuchCheck { text: "no-such".to_owned() }));
    }
}
