//! Differences of behaviour between a candidate and the active version: the last part of the gate. Differences do not
//! refuse a version; an operator must accept them: see [`Acceptance`](super::Acceptance).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::acceptance::AcceptedKind;
use super::cases;
use super::compare::{
    Bounds, Comparison, Difference, Differences, Effort, KindReport, ReachReport, Specimen, of_cases, of_generated,
    of_recordings,
};
use crate::conformance::{generated, recordings};
use crate::contract::types::Model;
use crate::provider::{Digest, Generation};

/// The number of kinds that are listed. Further ones are counted as one kind.
const KINDS: usize = 256;

/// The limits of all specimens' JSON forms together, and of one, in bytes.
const BYTES: usize = 512 << 10;
const SPECIMEN_BYTES: usize = 64 << 10;

/// The work to minimise a specimen, and the time for all of them. Inputs run from the smallest one on, so there is
/// little to gain.
const EFFORT: Effort = Effort { runs: 40, time: Duration::from_millis(50) };
const EFFORT_IN_ALL: Duration = Duration::from_millis(300);

/// The time limit for cases and generated inputs. A candidate that uses up its deadline in each would take many
/// minutes.
const LONGEST: Duration = Duration::from_secs(60);

/// The time limit for recordings after that: the activation of a new version may take two seconds in all.
const RECORDINGS: Duration = Duration::from_millis(300);

/// The number of recordings that are run, and the size limit of one in bytes.
const MOST_RECORDINGS: usize = 200;
const RECORDED_BYTES: u64 = 1 << 20;

/// The inputs of a comparison, besides the cases of the embedded provider and the generated inputs.
#[derive(Debug, Default)]
pub struct Inputs<'a> {
    /// The components of both versions, whose own cases are inputs too.
    pub components: &'a [Vec<u8>],
    /// Models of this machine's configuration, which generated inputs use besides the public ones.
    pub models: &'a [Model],
    /// A folder of recordings.
    pub recorded: Option<&'a Path>,
}

/// The comparison of a candidate with the active version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behaviour {
    /// The candidate.
    pub digest: Digest,
    /// The version that it is compared with.
    pub against: Digest,
    /// The number of inputs.
    pub compared: u64,
    /// The number of inputs with a difference.
    pub differing: u64,
    /// The differences, by kind.
    pub kinds: Vec<DifferentKind>,
    /// The models, options and events that the inputs cover.
    #[serde(default)]
    pub reach: ReachReport,
}

/// The differences of one kind, and how it was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferentKind {
    /// What differs.
    #[serde(flatten)]
    pub report: KindReport,
    /// How it was accepted, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedKind>,
}

impl Behaviour {
    /// The comparison of two versions with the same code.
    #[must_use]
    pub fn same(against: Digest, digest: Digest) -> Self {
        let (kinds, reach) = (Vec::new(), ReachReport::default());
        Behaviour { digest, against, compared: 0, differing: 0, kinds, reach }
    }

    /// Runs both versions on cases and generated inputs, then on recordings as far as time allows. Blocks.
    ///
    /// # Errors
    /// When the inputs cannot be read, the versions take too long, or the comparison is cancelled.
    pub fn of(
        active: &Arc<Generation>,
        candidate: &Arc<Generation>,
        inputs: &Inputs<'_>,
        cancel: &CancellationToken,
    ) -> Result<Self, String> {
        let began = Instant::now();
        // Faults in a comparison do not count in production.
        let (active, candidate) = (active.apart(), candidate.apart());
        let embedded = cases::of_embedded().map_err(|error| error.to_string())?;
        let own = cases::of_others(inputs.components, embedded).map_err(|error| error.to_string())?;
        let mut models = generated::models::of_cases(embedded);
        models.extend(generated::models::of_cases(&own));
        models.extend_from_slice(inputs.models);
        let mut specimens = of_cases(embedded, &active);
        specimens.extend(of_cases(&own, &active));
        specimens.extend(of_generated(generated::inputs(&models)));
        specimens.par_sort_by_cached_key(Specimen::bytes);
        let comparison = Comparison::new(Arc::clone(&active), Arc::clone(&candidate));
        let compare = |specimen| {
            let is_over = cancel.is_cancelled() || began.elapsed() > LONGEST;
            (!is_over).then(|| comparison.compare(specimen))
        };
        let found: Vec<_> = specimens.par_iter().map(compare).collect();
        if cancel.is_cancelled() {
            return Err("it was cancelled".to_owned());
        }
        let (compared, count) = (found.iter().flatten().count(), specimens.len());
        if compared < count {
            return Err(format!("the comparison took too long: {compared} of {count} inputs in {LONGEST:?}"));
        }
        let mut run = Run::new(comparison);
        specimens.iter().zip(found.iter().flatten()).for_each(|(specimen, found)| run.add(specimen, found));
        // Original text of recordings is not kept, even if it was recorded.
        run.differences.keep_texts(false);
        if let Some(folder) = inputs.recorded {
            run.add_recordings(folder);
        }
        let differences = run.differences;
        let behaviour = Behaviour {
            compared: differences.specimens(),
            differing: differences.differing(),
            ..Behaviour::same(active.digest(), candidate.digest())
        };
        Ok(behaviour.with(&differences))
    }

    /// The same, with differences from elsewhere, such as a shadow.
    #[must_use]
    pub fn with(mut self, seen: &Differences) -> Self {
        self.reach.reach.merge(seen.reach());
        self.reach = ReachReport::from(&self.reach.reach);
        for group in seen.groups() {
            let report = KindReport::from(group);
            if self.kinds.len() < KINDS || self.has(&report.kind) {
                self.add(report);
            } else {
                self.add(KindReport::beyond(report.count));
            }
        }
        if seen.beyond() > 0 {
            self.add(KindReport::beyond(seen.beyond()));
        }
        self
    }

    fn has(&self, kind: &str) -> bool {
        self.kinds.iter().any(|known| known.report.kind == kind)
    }

    fn add(&mut self, report: KindReport) {
        match self.kinds.iter_mut().find(|known| known.report.kind == report.kind) {
            Some(known) => known.report.count += report.count,
            None => self.kinds.push(DifferentKind { report, accepted: None }),
        }
    }

    /// The digest of this list: the two versions and the kinds. An acceptance of the list covers these kinds only, even
    /// if more are found later.
    #[must_use]
    pub fn list(&self) -> Digest {
        let mut kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.report.kind.as_str()).collect();
        kinds.sort_unstable();
        let (against, digest) = (self.against.to_string(), self.digest.to_string());
        let parts = [against.as_str(), digest.as_str()].into_iter().chain(kinds);
        Digest::of(parts.collect::<Vec<_>>().join("\0").as_bytes())
    }

    /// The kinds that are not accepted.
    pub fn unaccepted(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().filter(|kind| kind.accepted.is_none()).map(|kind| kind.report.kind.as_str())
    }

    /// A summary in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        match (self.compared, self.kinds.len()) {
            (0, 0) => "the code is the same".to_owned(),
            (_, 0) => format!("no differences in {}", self.reach.reach.summary()),
            (_, kinds) => format!(
                "{} differ, in {}, of {}",
                self.differing,
                if kinds == 1 { "1 kind".to_owned() } else { format!("{kinds} kinds") },
                self.reach.reach.summary()
            ),
        }
    }

    /// The line for the configuration that accepts these kinds too.
    #[must_use]
    pub fn configuration(&self, accepted: &[String]) -> String {
        let kinds: Vec<&str> = accepted.iter().map(String::as_str).chain(self.unaccepted()).collect();
        // A list of texts has a JSON form.
        format!("quarry.provider.accept: {}", serde_json::to_string(&kinds).unwrap_or_default())
    }

    /// The reason for the refusal, in one line.
    pub fn refusal(&self) -> String {
        let kinds: Vec<&str> = self.unaccepted().collect();
        format!("{}; the differences from {:?} are not accepted: {}", self.summary(), self.against, kinds.join(", "))
    }
}

/// A comparison under way.
struct Run {
    comparison: Comparison,
    differences: Differences,
    /// The time that is left to minimise specimens.
    left: Duration,
}

impl Run {
    fn new(comparison: Comparison) -> Self {
        let bounds = Bounds {
            kinds: KINDS,
            specimen_bytes: SPECIMEN_BYTES,
            bytes: BYTES,
            effort: EFFORT,
            // The texts of cases belong to no user.
            prompts: true,
            ..Bounds::default()
        };
        Run { comparison, differences: Differences::new(bounds), left: EFFORT_IN_ALL }
    }

    /// Runs the recordings with the last names, as far as time allows. An unreadable one is being written.
    fn add_recordings(&mut self, folder: &Path) {
        let began = Instant::now();
        let files = recordings::files(folder).unwrap_or_default();
        for file in files.iter().rev().take(MOST_RECORDINGS) {
            if began.elapsed() > RECORDINGS {
                return;
            }
            let is_small = std::fs::metadata(file).is_ok_and(|metadata| metadata.len() <= RECORDED_BYTES);
            if let Some(recording) = Some(file).filter(|_| is_small).and_then(|file| recordings::read(file).ok()) {
                of_recordings(&[recording])
                    .iter()
                    .for_each(|specimen| self.add(specimen, &self.comparison.compare(specimen)));
            }
        }
    }

    fn add(&mut self, specimen: &Specimen, found: &[Difference]) {
        let began = Instant::now();
        self.differences.add_found(&self.comparison, specimen, found);
        if !found.is_empty() && !self.left.is_zero() {
            self.left = self.left.saturating_sub(began.elapsed());
            if self.left.is_zero() {
                self.differences.make_no_smaller();
            }
        }
    }
}
