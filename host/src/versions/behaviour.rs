//! What a candidate does differently from the version that serves: the last part of the gate. Differences refuse nothing; somebody has
//! to accept them: see [`Acceptance`](super::Acceptance).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::acceptance::AcceptedKind;
use super::cases;
use super::compare::{
    Bounds, Comparison, Differences, Effort, KindReport, ReachReport, Specimen, of_cases, of_generated, of_recordings,
};
use crate::conformance::{generated, recordings};
use crate::contract::types::Model;
use crate::provider::{Digest, Generation};

/// Most kinds that are listed. Those beyond are one kind.
const KINDS: usize = 256;

/// Bytes of all specimens' JSON forms together, and of one.
const BYTES: usize = 512 << 10;
const SPECIMEN_BYTES: usize = 64 << 10;

/// Work to make the specimen of a kind smaller, and for how long all of it may go on: they are run from the smallest one on, so there
/// is little to gain.
const EFFORT: Effort = Effort { runs: 40, time: Duration::from_millis(50) };
const EFFORT_IN_ALL: Duration = Duration::from_millis(300);

/// How long the inputs may take that are the same for everybody. A candidate that uses up its deadline in each would take many minutes.
const LONGEST: Duration = Duration::from_secs(60);

/// How long recordings may be run then: a version that nobody has seen has two seconds until it serves.
const RECORDINGS: Duration = Duration::from_millis(300);

/// Most recordings that are run, and bytes of one.
const MOST_RECORDINGS: usize = 200;
const RECORDED_BYTES: u64 = 1 << 20;

/// What versions are compared on, besides the cases of the embedded provider and what the host generates.
#[derive(Debug, Default)]
pub struct Inputs<'a> {
    /// The components of the versions, whose own cases count too.
    pub components: &'a [Vec<u8>],
    /// Models of this machine's configuration, which generated inputs use besides the public ones.
    pub models: &'a [Model],
    /// A folder of recordings.
    pub recorded: Option<&'a Path>,
}

/// A candidate beside the version that serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behaviour {
    /// The candidate.
    pub digest: Digest,
    /// The version that it is compared with.
    pub against: Digest,
    /// Inputs that both ran on.
    pub compared: u64,
    /// Those of them that differ in anything.
    pub differing: u64,
    /// What differs, by kind.
    pub kinds: Vec<DifferentKind>,
    /// What the inputs reach.
    #[serde(default)]
    pub reach: ReachReport,
}

/// The differences of one kind, and who accepted it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferentKind {
    /// What differs.
    #[serde(flatten)]
    pub report: KindReport,
    /// How it was accepted, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedKind>,
}

impl Behaviour {
    /// Two versions with the same code.
    #[must_use]
    pub fn same(against: Digest, digest: Digest) -> Self {
        let (kinds, reach) = (Vec::new(), ReachReport::default());
        Behaviour { digest, against, compared: 0, differing: 0, kinds, reach }
    }

    /// Runs both versions on the inputs that there are: cases and generated inputs, then recordings as far as there is time. Blocks.
    ///
    /// # Errors
    /// When the inputs cannot be read, the versions take too long, or it is cancelled.
    pub fn of(
        active: &Arc<Generation>,
        candidate: &Arc<Generation>,
        inputs: &Inputs<'_>,
        cancel: &CancellationToken,
    ) -> Result<Self, String> {
        let began = Instant::now();
        // What they do here is not held against them where they serve.
        let (active, candidate) = (active.apart(), candidate.apart());
        let embedded = cases::of_embedded().map_err(|error| error.to_string())?;
        let own = cases::of_others(inputs.components, embedded).map_err(|error| error.to_string())?;
        let mut models = generated::models::of_cases(embedded);
        models.extend(generated::models::of_cases(&own));
        models.extend_from_slice(inputs.models);
        let mut specimens = of_cases(embedded, &active);
        specimens.extend(of_cases(&own, &active));
        specimens.extend(of_generated(generated::inputs(&models), &active));
        specimens.sort_by_cached_key(Specimen::bytes);
        let comparison = Comparison::new(Arc::clone(&active), Arc::clone(&candidate));
        let mut run = Run::new(comparison);
        for (number, specimen) in specimens.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err("it was cancelled".to_owned());
            }
            if began.elapsed() > LONGEST {
                let count = specimens.len();
                return Err(format!("the comparison took too long: {number} of {count} inputs in {LONGEST:?}"));
            }
            run.add(specimen);
        }
        // What was said in them is not kept, whatever was recorded.
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

    /// The same with what was seen elsewhere too, such as in a shadow.
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

    /// What names this list of differences: the two versions and the kinds. Whoever accepts it accepts these, whatever is found later.
    #[must_use]
    pub fn list(&self) -> Digest {
        let mut kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.report.kind.as_str()).collect();
        kinds.sort_unstable();
        let (against, digest) = (self.against.to_string(), self.digest.to_string());
        let parts = [against.as_str(), digest.as_str()].into_iter().chain(kinds);
        Digest::of(parts.collect::<Vec<_>>().join("\0").as_bytes())
    }

    /// The kinds that nobody accepted.
    pub fn unaccepted(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().filter(|kind| kind.accepted.is_none()).map(|kind| kind.report.kind.as_str())
    }

    /// What it came to, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        match (self.compared, self.kinds.len()) {
            (0, 0) => "the code is the same".to_owned(),
            (_, 0) => format!("none differs of {}", self.reach.reach.summary()),
            (_, kinds) => format!(
                "{} differ, in {}, of {}",
                self.differing,
                if kinds == 1 { "1 kind".to_owned() } else { format!("{kinds} kinds") },
                self.reach.reach.summary()
            ),
        }
    }

    /// What to write into the configuration so that it accepts these kinds too, in a line.
    #[must_use]
    pub fn configuration(&self, accepted: &[String]) -> String {
        let kinds: Vec<&str> = accepted.iter().map(String::as_str).chain(self.unaccepted()).collect();
        // A list of texts has a JSON form.
        format!("quarry.provider.accept: {}", serde_json::to_string(&kinds).unwrap_or_default())
    }

    /// Why the candidate is refused, in a line.
    pub(crate) fn refusal(&self) -> String {
        let kinds: Vec<&str> = self.unaccepted().collect();
        format!("{}; nobody accepted what differs from {:?}: {}", self.summary(), self.against, kinds.join(", "))
    }
}

/// A comparison that goes on.
struct Run {
    comparison: Comparison,
    differences: Differences,
    /// How long specimens may still be made smaller.
    left: Duration,
}

impl Run {
    fn new(comparison: Comparison) -> Self {
        let bounds = Bounds {
            kinds: KINDS,
            specimen_bytes: SPECIMEN_BYTES,
            bytes: BYTES,
            effort: EFFORT,
            // Those of cases are nobody's.
            prompts: true,
            ..Bounds::default()
        };
        Run { comparison, differences: Differences::new(bounds), left: EFFORT_IN_ALL }
    }

    /// Runs the recordings with the last names, as far as there is time. One that cannot be read is being written.
    fn add_recordings(&mut self, folder: &Path) {
        let began = Instant::now();
        let files = recordings::files(folder).unwrap_or_default();
        for file in files.iter().rev().take(MOST_RECORDINGS) {
            if began.elapsed() > RECORDINGS {
                return;
            }
            let is_small = std::fs::metadata(file).is_ok_and(|metadata| metadata.len() <= RECORDED_BYTES);
            if let Some(recording) = Some(file).filter(|_| is_small).and_then(|file| recordings::read(file).ok()) {
                of_recordings(&[recording]).iter().for_each(|specimen| self.add(specimen));
            }
        }
    }

    fn add(&mut self, specimen: &Specimen) {
        let began = Instant::now();
        if !self.differences.add(&self.comparison, specimen).is_empty() && !self.left.is_zero() {
            self.left = self.left.saturating_sub(began.elapsed());
            if self.left.is_zero() {
                self.differences.make_no_smaller();
            }
        }
    }
}
