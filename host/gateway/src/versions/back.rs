//! Rollback to an earlier version, on request or because the active version fails.
//!
//! A rollback does not wait for a candidate in the gate, which may take minutes while requests fail. If the version is
//! no longer in memory, a job loads it.

use std::sync::Arc;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Activated, Change, Job, Wanted, WayBack, Written};
use super::proof::Subject;
use crate::embedded::embedded_digest;
use crate::lineup::Version;
use crate::provider::Digest;
use quarry_versions::{Event, Passed, Step};

impl Changes {
    /// Activates the previous version again.
    pub(super) async fn roll_back(&mut self, mut job: Job) {
        if let Some(digest) = self.store.history().pinned {
            return self.finish(job, Err(ChangeError::Pinned { digest }));
        }
        let Some(to) = self.ways_back().first().copied() else {
            return self.finish(job, Err(ChangeError::NothingBefore));
        };
        // After this, a version that is in the gate now is not activated any more.
        self.went_back();
        job.change = Change::Back(WayBack { from: self.serving(), to: [to].into(), written: Written::First });
        self.go_back(job, ChangeError::NothingBefore).await;
    }

    /// The candidates for a rollback, in order; the embedded version is the last.
    pub(super) fn ways_back(&self) -> Vec<Digest> {
        let (from, embedded) = (self.serving(), embedded_digest());
        let mut ways: Vec<Digest> = self.store.history().further_back().collect();
        if !ways.contains(&embedded) {
            ways.push(embedded);
        }
        ways.retain(|to| *to != from);
        ways
    }

    /// Rolls back to the first version that is in memory or can be loaded. An earlier version may no longer pass, for
    /// example because its signer is no longer trusted. `failed` is the reason why the last attempt failed.
    pub(super) async fn go_back(&mut self, mut job: Job, mut failed: ChangeError) {
        loop {
            let Change::Back(way) = &mut job.change else { return };
            let Some(to) = way.to.pop_front() else { return self.finish(job, Err(failed)) };
            (job.digest, job.source) = (Some(to), format!("{to:?}"));
            match self.in_memory(&to) {
                Some(version) => match self.gone_back(&job, version).await {
                    Ok(done) => return self.finish(job, Ok(done)),
                    Err(error) => failed = not_gone_back(to, error),
                },
                None => {
                    let wanted = if to == embedded_digest() { Wanted::Embedded } else { Wanted::Known(to) };
                    return self.prove(job, Subject::Wanted(wanted));
                }
            }
        }
    }

    /// Continues a rollback when its version was loaded, or could not be.
    pub(super) async fn loaded(&mut self, job: Job, loaded: Result<Passed, ChangeError>) {
        let gone_back = match loaded {
            Ok(passed) => {
                let version = self.version(passed);
                self.gone_back(&job, version).await
            }
            Err(error) => Err(error),
        };
        match gone_back {
            Ok(done) => self.finish(job, Ok(done)),
            Err(error @ ChangeError::Cancelled { .. }) => self.finish(job, Err(error)),
            Err(error) => {
                let failed = not_gone_back(job.digest.unwrap_or_else(embedded_digest), error);
                self.go_back(job, failed).await;
            }
        }
    }

    /// Activates the loaded version, unless another version than the expected one is active meanwhile.
    async fn gone_back(&mut self, job: &Job, version: Arc<Version>) -> Result<Activated, ChangeError> {
        let Change::Back(WayBack { from, written, .. }) = &job.change else { return Err(ChangeError::NothingBefore) };
        let (from, to, name, by) = (*from, version.digest(), version.name.clone(), job.by.clone());
        if let Some(digest) = self.store.history().pinned {
            return Err(ChangeError::Pinned { digest });
        }
        if self.serving() != from {
            return Err(ChangeError::Overtaken { serving: self.serving() });
        }
        let effective = self.understood(&version).await?;
        job.check_wanted(Step::Swap)?;
        self.put_to_work(&version, effective, Event::RolledBack { from, to, by: by.clone() }, *written)?;
        tracing::warn!(%from, %to, name, by, "rolled back to the previous provider version");
        Ok(Activated { digest: to, name, steps: Vec::new(), unchanged: false, behaviour: None })
    }
}

fn not_gone_back(to: Digest, error: ChangeError) -> ChangeError {
    tracing::error!(version = %to, %error, "the rollback to the previous provider version failed");
    error
}
