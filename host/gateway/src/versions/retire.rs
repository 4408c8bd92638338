//! Retiring a version: its requests finish on it, within the drain deadline.

use std::sync::Arc;
use std::time::Instant;

use super::changes::Changes;
use crate::lineup::{Lineup, Seat, Version};
use crate::provider::Digest;

impl Changes {
    /// Retires what was replaced. The previous one stays in memory, for whoever goes back; others go when their last request
    /// ends.
    pub(super) fn retire(&mut self, replaced: Arc<Version>, by: &Arc<Version>) {
        self.take_back(&by.digest());
        self.put_away(Arc::clone(&replaced));
        self.before = Some(replaced);
    }

    /// Lets a version finish its requests.
    pub(super) fn put_away(&mut self, version: Arc<Version>) {
        self.retiring.insert(version.digest(), (version, Instant::now()));
    }

    /// A version that was retired gets requests again.
    pub(super) fn take_back(&mut self, digest: &Digest) {
        self.retiring.remove(digest);
    }

    /// A version that is in memory besides the active version. One whose requests were ended takes no new ones: they would be
    /// ended too.
    pub(super) fn in_memory(&self, digest: &Digest) -> Option<Arc<Version>> {
        let retiring = self.retiring.get(digest).map(|(version, _)| Arc::clone(version));
        let canary = self.canary().map(|canary| canary.seat.version);
        let usable = |version: &Arc<Version>| version.digest() == *digest && !version.cut_off.is_cancelled();
        [self.before.clone(), canary, retiring].into_iter().flatten().find(usable)
    }

    /// Lets go of versions whose requests have ended, and ends requests that last too long.
    pub(super) fn sweep(&mut self) {
        let drain = self.gateway.effective().configuration.gateway.provider.drain;
        self.retiring.retain(|digest, (version, since)| {
            if version.under_way() == 0 {
                return false;
            }
            if since.elapsed() > drain && !version.cut_off.is_cancelled() {
                tracing::warn!(%digest, requests = version.under_way(), "the drain deadline of a retired version has passed; its requests end with an error");
                version.cut_off.cancel();
            }
            true
        });
        // One whose requests were ended is of no use to whoever goes back: it is loaded again then, from the cache.
        self.before.take_if(|before| before.cut_off.is_cancelled() && before.under_way() == 0);
        let is_cut_off = |seat: &Seat| seat.version.cut_off.is_cancelled();
        if self.gateway.lineup.load().reference.as_ref().is_some_and(is_cut_off) {
            self.swap(|lineup| Lineup { reference: None, ..lineup });
        }
    }
}
