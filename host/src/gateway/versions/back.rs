//! Going back to a version that served before. It waits for no candidate that is held against the gate: that may take minutes, and
//! whoever goes back has requests that fail.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Activated, ChangeError, Versions, Wanted, Written};
use crate::provider::{Digest, embedded_digest};
use crate::versions::Event;

impl Versions {
    /// Puts the version to work again that served before.
    ///
    /// # Errors
    /// When none did, the one that serves is pinned, or the other cannot be loaded any more.
    pub async fn roll_back(self: &Arc<Self>, by: &str) -> Result<Activated, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        if let Some(digest) = self.store().history().pinned {
            return Err(ChangeError::Pinned { digest });
        }
        let to = self.ways_back().first().copied().ok_or(ChangeError::NothingBefore)?;
        // A version that is looked at now is not put to work after this.
        self.rollbacks.fetch_add(1, Ordering::SeqCst);
        self.go_back_to(to, by, Written::First).await
    }

    /// The versions to go back to, one after the other; the one in this binary is the last.
    pub(super) fn ways_back(&self) -> Vec<Digest> {
        let (from, embedded) = (self.serving(), embedded_digest());
        let mut ways: Vec<Digest> = self.store().history().further_back().collect();
        if !ways.contains(&embedded) {
            ways.push(embedded);
        }
        ways.retain(|to| *to != from);
        ways
    }

    /// Goes back to a version, while changes are held.
    pub(super) async fn go_back_to(
        self: &Arc<Self>,
        to: Digest,
        by: &str,
        written: Written,
    ) -> Result<Activated, ChangeError> {
        let from = self.serving();
        let version = match self.in_memory(&to) {
            Some(version) => version,
            None if to == embedded_digest() => {
                // Requests fail meanwhile: it need not prove again what it proved before there was a gateway.
                let gate = self.gate.clone();
                self.version(tokio::task::spawn_blocking(move || gate.embedded()).await??)
            }
            None => self.version(self.verified(Wanted::Known(to), by).await?.0),
        };
        let name = version.name.clone();
        self.put_to_work(version, Event::RolledBack { from, to, by: by.to_owned() }, written).await?;
        tracing::warn!(%from, %to, name, by, "the version of the provider before serves again");
        Ok(Activated { digest: to, name, steps: Vec::new(), unchanged: false })
    }
}
