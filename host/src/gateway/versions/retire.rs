//! Putting a version away: its requests finish on it, within the drain deadline.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Versions;
use crate::gateway::lineup::{Lineup, Version};
use crate::provider::Digest;

/// How often it is looked whether the requests of versions that were put away have ended.
const LOOK: Duration = Duration::from_millis(200);

impl Versions {
    /// Puts away what was replaced. The one before stays in memory, for whoever goes back; others go when their last request
    /// ends.
    pub(super) fn retire(self: &Arc<Self>, replaced: Arc<Version>, by: &Arc<Version>) {
        self.take_back(&by.digest());
        self.put_away(Arc::clone(&replaced));
        self.loaded().before = Some(replaced);
    }

    /// Lets a version finish its requests.
    pub(super) fn put_away(self: &Arc<Self>, version: Arc<Version>) {
        let mut loaded = self.loaded();
        let idle = loaded.retiring.is_empty();
        loaded.retiring.insert(version.digest(), (version, Instant::now()));
        if idle {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// A version that was put away gets requests again.
    pub(super) fn take_back(&self, digest: &Digest) {
        self.loaded().retiring.remove(digest);
    }

    /// A version that is in memory besides the one that serves. One whose requests were ended takes no new ones: they would be
    /// ended too.
    pub(super) fn in_memory(&self, digest: &Digest) -> Option<Arc<Version>> {
        let loaded = self.loaded();
        let retiring = loaded.retiring.get(digest).map(|(version, _)| version);
        let canary = loaded.canary.as_ref().map(|(version, _)| version);
        let all = [loaded.before.as_ref(), canary, retiring];
        let usable = |version: &&Arc<Version>| version.digest() == *digest && !version.cut_off.is_cancelled();
        all.into_iter().flatten().find(usable).map(Arc::clone)
    }

    /// Lets go of versions whose requests have ended, and ends requests that last too long. Whether any are left.
    fn sweep(&self) -> bool {
        let drain = self.gateway.effective().configuration.gateway.provider.drain;
        let mut gone = Vec::new();
        let mut loaded = self.loaded();
        loaded.retiring.retain(|digest, (version, since)| {
            if version.under_way() == 0 {
                gone.push(Arc::clone(version));
                return false;
            }
            if since.elapsed() > drain && !version.cut_off.is_cancelled() {
                tracing::warn!(%digest, requests = version.under_way(), "a version that was put away ends its requests");
                version.cut_off.cancel();
            }
            true
        });
        // One whose requests were ended is of no use to whoever goes back: it is loaded anew then, from the cache.
        let of_no_use = |before: &mut Arc<Version>| before.cut_off.is_cancelled() && before.under_way() == 0;
        gone.extend(loaded.before.take_if(of_no_use));
        let left = !loaded.retiring.is_empty();
        drop(loaded);
        self.gateway.lineup.rcu(|lineup| {
            let reference = lineup.reference.clone().filter(|seat| !seat.version.cut_off.is_cancelled());
            Arc::new(Lineup { reference, ..Lineup::clone(lineup) })
        });
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
