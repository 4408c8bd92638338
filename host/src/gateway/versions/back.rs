//! Going back to a version that served before: because somebody asks for it, or because the active one fails. It waits for no candidate
//! that is in the gate, which may take minutes: requests fail meanwhile. Where the version is not in memory any more it is loaded beside
//! the owner, as all jobs are.

use std::sync::Arc;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Activated, Change, Job, Wanted, WayBack, Written};
use super::proof::Subject;
use crate::gateway::lineup::Version;
use crate::provider::{Digest, embedded_digest};
use crate::versions::{Event, Passed, Step};

impl Changes {
    /// Activates the previous version again.
    pub(super) async fn roll_back(&mut self, mut job: Job) {
        if let Some(digest) = self.store.history().pinned {
            return self.finish(job, Err(ChangeError::Pinned { digest }));
        }
        let Some(to) = self.ways_back().first().copied() else {
            return self.finish(job, Err(ChangeError::NothingBefore));
        };
        // A version that is in the gate now is not activated after this.
        self.went_back();
        job.change = Change::Back(WayBack { from: self.serving(), to: [to].into(), written: Written::First });
        self.go_back(job, ChangeError::NothingBefore).await;
    }

    /// The versions to go back to, one after the other; the one in this binary is the last.
    pub(super) fn ways_back(&self) -> Vec<Digest> {
        let (from, embedded) = (self.serving(), embedded_digest());
        let mut ways: Vec<Digest> = self.store.history().further_back().collect();
        if !ways.contains(&embedded) {
            ways.push(embedded);
        }
        ways.retain(|to| *to != from);
        ways
    }

    /// Goes back to the first version that can be: in memory, or loaded. What served before may not pass any more, as when the key that
    /// signed it is trusted no longer. `failed` is why the last one could not be.
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

    /// A version to go back to was loaded, or could not be.
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

    /// Goes back to a version that is loaded, if it is left what was to be left.
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
        tracing::warn!(%from, %to, name, by, "the version of the provider before serves again");
        Ok(Activated { digest: to, name, steps: Vec::new(), unchanged: false, behaviour: None })
    }
}

fn not_gone_back(to: Digest, error: ChangeError) -> ChangeError {
    tracing::error!(version = %to, %error, "the version before cannot be put to work");
    error
}
