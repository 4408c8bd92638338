//! The report of a conformance run, for a person, a program or a build server.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::checks::{Check, Part};
use super::provider::Providers;
use super::rules;
use crate::printable::one_line;

/// The results of all checks.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The number of passed checks.
    pub passed: usize,
    /// The number of failed checks.
    pub failed: usize,
    /// The results, in order.
    pub results: Vec<CheckResult>,
}

/// The result of one check.
#[derive(Debug, Serialize)]
pub struct CheckResult {
    /// The part that it belongs to.
    pub part: Part,
    /// The check's name and the executor's: `translate/tool-use::component`.
    pub name: String,
    /// The failure; `None` if the check passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its duration.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Duration,
}

fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64())
}

/// Runs all checks on all executors. A check that calls no provider runs once.
#[must_use]
pub fn run(checks: &[Check], executors: &[&dyn Providers]) -> Report {
    let mut report = Report::default();
    for (nth, providers) in executors.iter().enumerate() {
        let (of_contract, others): (Vec<&Check>, Vec<&Check>) =
            checks.iter().partition(|check| matches!(check, Check::Rule(_)));
        report.of_contract(&of_contract, *providers);
        for check in others.into_iter().filter(|check| check.needs_provider() || nth == 0) {
            let name = match check.needs_provider() {
                true => format!("{}::{}", check.name(), providers.name()),
                false => check.name(),
            };
            let began = Instant::now();
            let failure = check.run(*providers).err();
            report.add(CheckResult { part: check.part(), name, failure, took: began.elapsed() });
        }
    }
    report
}

impl Report {
    /// Adds what rules came to. All look at the same answers, so these are had once, and their time is the first rule's.
    fn of_contract(&mut self, checks: &[&Check], providers: &dyn Providers) {
        if checks.is_empty() {
            return;
        }
        let began = Instant::now();
        let found = rules::check(providers);
        let mut took = began.elapsed();
        for check in checks {
            let failure = match &found {
                Ok(findings) => findings.iter().find(|finding| check.is(finding.rule)).and_then(|of| of.broken.clone()),
                Err(reason) => Some(reason.clone()),
            };
            let name = format!("{}::{}", check.name(), providers.name());
            self.add(CheckResult { part: check.part(), name, failure, took: std::mem::take(&mut took) });
        }
    }

    /// The parts with a failed check.
    #[must_use]
    pub fn failed_parts(&self) -> Vec<Part> {
        let failed = self.results.iter().filter(|result| result.failure.is_some()).map(|result| result.part);
        let mut parts: Vec<Part> = failed.collect();
        parts.sort();
        parts.dedup();
        parts
    }

    /// Adds the results of another report.
    pub fn extend(&mut self, other: Report) {
        other.results.into_iter().for_each(|result| self.add(result));
    }

    /// Adds a result.
    pub fn add(&mut self, result: CheckResult) {
        match result.failure {
            None => self.passed += 1,
            Some(_) => self.failed += 1,
        }
        self.results.push(result);
    }

    /// Lines for a person: a line for each failed check with its failure below, with `verbose` for each passed one too, then a line
    /// for each group and executor, and the totals last.
    #[must_use]
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        for CheckResult { part: _, name, failure, took: _ } in &self.results {
            let _ = match failure {
                None if !verbose => continue,
                None => writeln!(text, "ok      {}", one_line(name)),
                Some(failure) => writeln!(text, "FAILED  {}\n{}", one_line(name), indented(failure)),
            };
        }
        if !text.is_empty() {
            text.push('\n');
        }
        for (group, passed, all) in self.groups() {
            let _ = writeln!(text, "{}: {passed} of {all}", one_line(group));
        }
        for part in [Part::Contract, Part::Cases, Part::Recordings] {
            let of_part = || self.results.iter().filter(|result| result.part == part);
            let passed = of_part().filter(|result| result.failure.is_none()).count();
            if let all @ 1.. = of_part().count() {
                let _ = writeln!(text, "{part}: {passed} of {all}");
            }
        }
        let _ = writeln!(text, "{} passed, {} failed", self.passed, self.failed);
        text
    }

    /// Passed and all of each group and executor, in the order in which they came.
    fn groups(&self) -> Vec<(String, usize, usize)> {
        let mut groups: Vec<(String, usize, usize)> = Vec::new();
        for result in &self.results {
            let (check, executor) = result.name.split_once("::").unwrap_or((&result.name, ""));
            let group = check.rsplit_once('/').map_or(check, |(group, _)| group);
            let group = if executor.is_empty() { group.to_owned() } else { format!("{group} ({executor})") };
            let passed = usize::from(result.failure.is_none());
            match groups.iter_mut().find(|(known, ..)| *known == group) {
                Some((_, sum, all)) => (*sum, *all) = (*sum + passed, *all + 1),
                None => groups.push((group, passed, 1)),
            }
        }
        groups
    }

    /// The report as one JSON document.
    #[must_use]
    pub fn json(&self) -> String {
        // Strings and numbers only: there is nothing that has no JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The report as JUnit XML, one suite.
    #[must_use]
    pub fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let (all, failed) = (self.results.len(), self.failed);
        let time: f64 = self.results.iter().map(|result| result.took.as_secs_f64()).sum();
        let _ = writeln!(
            xml,
            "<testsuites>\n  <testsuite name=\"conformance\" tests=\"{all}\" failures=\"{failed}\" time=\"{time:.3}\">"
        );
        for CheckResult { part: _, name, failure, took } in &self.results {
            let (group, short) = name.rsplit_once('/').unwrap_or(("conformance", name));
            let (group, short, time) = (escaped(group), escaped(short), took.as_secs_f64());
            let _ = write!(xml, "    <testcase classname=\"{group}\" name=\"{short}\" time=\"{time:.3}\"");
            let _ = match failure {
                None => writeln!(xml, "/>"),
                Some(failure) => {
                    let failure = escaped(failure);
                    writeln!(xml, ">\n      <failure message=\"does not hold\">{failure}</failure>\n    </testcase>")
                }
            };
        }
        xml.push_str("  </testsuite>\n</testsuites>\n");
        xml
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("        {line}")).collect::<Vec<_>>().join("\n")
}

/// Text as XML has it. Characters that XML 1.0 does not allow become U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\u{0}'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::default();
        let result = |name: &str, failure: Option<&str>| CheckResult {
            part: Part::Cases,
            name: name.to_owned(),
            failure: failure.map(str::to_owned),
            took: Duration::from_millis(2),
        };
        report.add(result("translate/a::native", None));
        report.add(result("translate/b::native", Some("x <1>\ny\u{1}")));
        report
    }

    #[test]
    fn the_totals_stand_alone_on_the_last_line() {
        let text = report().text(true);
        assert!(text.contains("FAILED  translate/b::native\n        x <1>\n"), "{text}");
        assert!(text.ends_with("\ntranslate (native): 1 of 2\ncases: 1 of 2\n1 passed, 1 failed\n"), "{text}");
        assert!(text.contains("ok      translate/a") && !report().text(false).contains("translate/a"), "{text}");
    }

    #[test]
    fn programs_can_read_it() {
        let report = report();
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap_or_default();
        assert_eq!(json.pointer("/results/1/name").and_then(|name| name.as_str()), Some("translate/b::native"));
        let junit = report.junit();
        assert!(junit.contains("x &lt;1&gt;\ny\u{fffd}</failure>"), "{junit}");
        assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    }
}
