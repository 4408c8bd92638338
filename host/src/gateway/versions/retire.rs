//! Putting a version away: its requests finish on it, within the drain deadline.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Versions;
use crate::gateway::lineup::Version;
use crate::provider::Digest;

/// How often it is looked whether the requests of versions that were put away have ended.
const LOOK: Duration = Duration::from_millis(200);

impl Versions {
    /// Puts away what was replaced. The one before stays in memory, for whoever goes back; others go when their last request
    /// ends.
    pub(super) fn retire(self: &Arc<Self>, replaced: Arc<Version>, by: &Arc<Version>) {
        let mut loaded = self.loaded();
        let idle = loaded.retiring.is_empty();
        loaded.retiring.remove(&by.digest());
        loaded.retiring.insert(replaced.digest(), (Arc::clone(&replaced), Instant::now()));
        loaded.before = Some(replaced);
        if idle {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// A version that was put away and still has requests.
    pub(super) fn retiring(&self, digest: &Digest) -> Option<Arc<Version>> {
        self.loaded().retiring.get(digest).map(|(version, _)| Arc::clone(version))
    }

    /// Lets go of versions whose requests have ended, and ends requests that last too long. Whether any are left.
    fn sweep(&self) -> bool {
        let mut gone = Vec::new();
        let mut loaded = self.loaded();
        loaded.retiring.retain(|digest, (version, since)| {
            if version.under_way() == 0 {
                gone.push(Arc::clone(version));
                return false;
            }
            if since.elapsed() > self.rules.drain && !version.cut_off.is_cancelled() {
                tracing::warn!(%digest, requests = version.under_way(), "a version that was put away ends its requests");
                version.cut_off.cancel();
            }
            true
        });
        let left = !loaded.retiring.is_empty();
        drop(loaded);
        // Letting go of compiled code takes a moment, and nobody has to wait for the lock meanwhile.
        drop(gone);
        left
    }
}

async fn sweep(versions: Weak<Versions>) {
    loop {
        tokio::time::sleep(LOOK).await;
        match versions.upgrade() {
            Some(versions) if versions.sweep() => {}
            _ => return,
        }
    }
}
