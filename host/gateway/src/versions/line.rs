//! The way of a job: fetched, in line, proved, made. See [`Changes`].

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinError;

use super::ChangeError;
use super::behaviour::Compared;
use super::changes::Changes;
use super::job::{Activated, Change, Job, JobId, Wanted};
use super::proof::{Beside, Proof, Proved, Report, Subject};
use quarry_versions::source::{FetchError, Fetched};
use quarry_versions::{Candidate, Event, Passed, Refused, Step, StepReceipt};

/// The number of comparisons that are remembered.
const COMPARISONS: usize = 256;

impl Changes {
    /// Fetches the version of a job, or puts the job in line.
    pub(super) async fn begin(&mut self, mut job: Job) {
        if matches!(job.change, Change::RollBack) {
            return self.roll_back(job).await;
        }
        job.rollbacks = self.rollbacks;
        if let Err(error) = self.check_begun(&job) {
            return self.finish(job, Err(error));
        }
        let id = job.id;
        if let Some(Wanted::Named(source)) = &job.wanted {
            let (source, cancel, fetcher) = (source.clone(), job.cancel.clone(), Arc::clone(&self.fetcher));
            let components = Arc::clone(self.store.components());
            let reports = self.reports.clone();
            tokio::spawn(async move {
                let began = Instant::now();
                let fetching = tokio::spawn(async move { fetcher.fetch(&source, &*components).await });
                let ended = fetching.abort_handle();
                let fetched = cancel.run_until_cancelled(fetching).await;
                ended.abort();
                let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                let _ = reports.send(Report::Fetched { id, fetched, milliseconds });
            });
            self.jobs.insert(id, job);
        } else {
            self.jobs.insert(id, job);
            self.line.push_back(id);
            self.next();
        }
    }

    /// Handles the report of a job.
    pub(super) async fn report(&mut self, report: Report) {
        match report {
            Report::Fetched { id, fetched, milliseconds } => self.fetched(id, fetched, milliseconds).await,
            Report::Step { id, step } => self.step(id, step),
            Report::Verified { id, event, lifted } => self.verified(id, event, lifted),
            Report::Proved { id, proved } => self.proved(id, *proved).await,
            Report::Embedded(embedded) => self.embedded(embedded).await,
        }
    }

    async fn fetched(
        &mut self,
        id: JobId,
        fetched: Option<Result<Result<Fetched, FetchError>, JoinError>>,
        milliseconds: u64,
    ) {
        let Some(mut job) = self.jobs.remove(&id) else { return };
        let taken = match fetched {
            None => Err(ChangeError::Cancelled { step: Some(Step::Fetch) }),
            Some(Err(stopped)) => Err(stopped.into()),
            Some(Ok(fetched)) => self.take(&mut job, fetched, milliseconds),
        };
        match taken {
            Err(error) => self.finish(job, Err(error)),
            Ok(()) => {
                self.jobs.insert(id, job);
                self.line.push_back(id);
            }
        }
        self.next();
    }

    /// Continues a job whose version was fetched.
    fn take(
        &mut self,
        job: &mut Job,
        fetched: Result<Fetched, FetchError>,
        milliseconds: u64,
    ) -> Result<(), ChangeError> {
        let signers = self.gateway.effective().configuration.gateway.provider.signers.clone();
        let fetched = fetched.and_then(|fetched| fetched.check_owner(&signers).map(|()| fetched));
        let (step, failure, detail) = match &fetched {
            Ok(fetched) => (Step::Fetch, None, Some(fetched.resolved.to_string())),
            // The bytes arrived, and do not have the pinned digest.
            Err(error) if error.is_of_a_digest() => (Step::Digest, Some(error.to_string()), None),
            Err(error) => (Step::Fetch, Some(error.to_string()), None),
        };
        job.digest = fetched.as_ref().ok().map(|fetched| fetched.digest);
        let receipt = StepReceipt { step, failure, detail, milliseconds };
        let (digest, source, by) = (job.digest, job.source.clone(), job.by.clone());
        self.record(Event::Step { digest, source, by, receipt: receipt.clone() })?;
        job.steps.push(receipt);
        let fetched = fetched.map_err(|error| Refused { step, reason: error.to_string() })?;
        let candidate = Candidate::from(fetched);
        job.source.clone_from(&candidate.source);
        job.wanted = Some(Wanted::Given(candidate));
        Ok(())
    }

    /// Starts the gate for the next job, if the gate is free.
    fn next(&mut self) {
        while self.proving.is_none()
            && let Some(id) = self.line.pop_front()
        {
            let Some(mut job) = self.jobs.remove(&id) else { continue };
            let wanted = job.wanted.take().filter(|_| !job.cancel.is_cancelled());
            let wanted = wanted.ok_or(ChangeError::Cancelled { step: None });
            match self.check_begun(&job).and(wanted) {
                Err(error) => self.finish(job, Err(error)),
                Ok(wanted) => {
                    self.proving = Some(id);
                    self.prove(job, Subject::Wanted(wanted));
                }
            }
        }
    }

    /// Runs the gate for a job on a blocking thread.
    pub(super) fn prove(&mut self, job: Job, subject: Subject) {
        let provider = self.gateway.effective().configuration.gateway.provider.clone();
        let beside = (!matches!(job.change, Change::Back(_))).then(|| Beside {
            seat: self.gateway.lineup.load().primary.clone(),
            compared: self.compared.clone(),
            downgrades: job.change.downgrades(provider.allow_downgrade),
            differences: self.differences(&job.change),
        });
        let proof = Proof {
            id: job.id,
            gate: self.gate.clone(),
            components: Arc::clone(self.store.components()),
            history: self.store.history().clone(),
            signers: provider.signers,
            by: job.by.clone(),
            cancel: job.cancel.clone(),
            beside,
            reports: self.reports.clone(),
        };
        let (id, reports) = (job.id, self.reports.clone());
        self.jobs.insert(id, job);
        tokio::spawn(async move {
            let proved = tokio::task::spawn_blocking(move || proof.run(subject)).await;
            let proved = proved.unwrap_or_else(|stopped| Err(stopped.into()));
            let _ = reports.send(Report::Proved { id, proved: Box::new(proved) });
        });
    }

    /// Records a step of a job.
    fn step(&mut self, id: JobId, step: Event) {
        if let Event::Step { receipt, .. } = &step
            && let Some(job) = self.jobs.get_mut(&id)
        {
            job.steps.push(receipt.clone());
        }
        let recorded = self.record(step);
        self.go_on_if(id, recorded);
    }

    /// Records that a version passed. `lifted`: whether this lifts an earlier quarantine.
    fn verified(&mut self, id: JobId, event: Event, lifted: bool) {
        let Event::Verified { digest, .. } = &event else { return };
        let digest = *digest;
        // The version was quarantined while it was in the gate: the result does not lift that newer quarantine.
        let allowed = if lifted { Ok(()) } else { self.check_not_quarantined(digest) };
        let recorded = allowed.and_then(|()| self.record(event));
        if recorded.is_ok() && lifted {
            self.forgive(&digest);
        }
        self.go_on_if(id, recorded);
    }

    /// Fails the job if a step towards it failed.
    fn go_on_if(&mut self, id: JobId, done: Result<(), ChangeError>) {
        if let Err(error) = done
            && let Some(job) = self.jobs.get_mut(&id)
        {
            job.broken.get_or_insert(error);
            job.cancel.cancel();
        }
    }

    /// Makes the change of a job that passed the gate, after checking it against the present state.
    async fn proved(&mut self, id: JobId, proved: Result<Proved, ChangeError>) {
        let Some(mut job) = self.jobs.remove(&id) else { return };
        let proved = match job.broken.take() {
            Some(error) => Err(error),
            None => proved,
        };
        if matches!(job.change, Change::Back(_)) {
            return self.loaded(job, proved.map(|proved| proved.passed)).await;
        }
        let done = match proved {
            Err(error) => Err(error),
            Ok(Proved { passed, against, comparison, behaviour }) => {
                if let Some(compared) = &behaviour {
                    self.behaviours.keep(&compared.found);
                }
                if let Some(comparison) = comparison {
                    if self.compared.len() == COMPARISONS {
                        self.compared.clear();
                    }
                    self.compared.insert(comparison);
                }
                if against.is_some_and(|against| !Arc::ptr_eq(&against, &self.gateway.effective())) {
                    return self.prove(job, Subject::Passed(passed));
                }
                self.make(&mut job, passed, behaviour).await
            }
        };
        self.proving = None;
        self.finish(job, done);
        self.next();
    }

    /// Makes the change of a job.
    async fn make(
        &mut self,
        job: &mut Job,
        passed: Passed,
        compared: Option<Compared>,
    ) -> Result<Activated, ChangeError> {
        // Meanwhile another one may have been pinned, this one retired, or the key taken out of the configuration.
        self.check_begun(job)?;
        let behaviour = compared.map(|compared| self.decide(job, &passed, compared)).transpose()?;
        let job = &*job;
        let (digest, name) = (passed.generation.digest(), passed.name.clone());
        let unchanged = match &job.change {
            // A version that was quarantined while it was in the gate stays quarantined.
            Change::Verify => self.check_not_quarantined(digest).map(|()| true)?,
            Change::Activate(_) => self.activate(job, passed).await?,
            Change::Canary { rule, promote_after, .. } => {
                self.begin_canary(job, passed, rule.clone(), *promote_after).await?;
                false
            }
            Change::CanaryAgain(terms) => {
                self.begin_canary(job, passed, terms.into(), terms.promote_after).await?;
                false
            }
            Change::Shadow { share, prompts } => {
                self.begin_shadow(job, passed, *share, *prompts).await?;
                false
            }
            Change::ShadowAgain(terms) => {
                self.begin_shadow(job, passed, terms.share, terms.prompts).await?;
                false
            }
            Change::RollBack | Change::Back(_) => false,
        };
        Ok(Activated { digest, name, steps: job.steps.clone(), unchanged, behaviour })
    }

    /// Checks that a job may start, or that its change may be made.
    fn check_begun(&self, job: &Job) -> Result<(), ChangeError> {
        match &job.change {
            Change::Verify | Change::RollBack | Change::Back(_) => Ok(()),
            Change::Activate(_) => {
                self.check_allowed(job.digest)?;
                if job.rollbacks == self.rollbacks {
                    return Ok(());
                }
                // The reason of the rollback may be this very version.
                Err(ChangeError::WentBack { serving: self.serving() })
            }
            Change::Canary { rule, .. } => self.check_rule(rule).and_then(|()| self.check_allowed(job.digest)),
            Change::Shadow { share, .. } => self.check_shadow(*share, job.digest),
            Change::CanaryAgain(terms) => self.check_canary_again(terms),
            Change::ShadowAgain(terms) => self.check_shadow_again(terms),
        }
    }

    /// Ends a job: replies to the client, and records a cancellation.
    pub(super) fn finish(&mut self, job: Job, done: Result<Activated, ChangeError>) {
        if let Err(ChangeError::Cancelled { step }) = done {
            let reason = if self.ending { "the gateway stopped" } else { "the client disconnected" };
            let (change, digest) = (&job.change, job.digest.map(|digest| digest.to_string()));
            tracing::info!(?change, digest, source = job.source, by = job.by, reason, "a change was cancelled");
            if let Err(error) = self.record(job.cancelled(step, reason)) {
                tracing::error!(%error, "the cancellation of a change could not be recorded in the journal");
            }
        } else if let Err(error) = &done {
            self.not_resumed(&job.change, error);
        }
        job.answer(done);
    }

    /// Cancels a job whose client disconnected. Its fetch or its gate reports the cancellation.
    pub(super) fn left(&mut self, id: JobId) {
        let waited = self.line.len();
        self.line.retain(|waiting| *waiting != id);
        if self.line.len() < waited
            && let Some(job) = self.jobs.remove(&id)
        {
            self.finish(job, Err(ChangeError::Cancelled { step: None }));
        }
    }
}
