//! The requests under way on one connection, so that an idle connection can be closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// The requests of one connection of HTTP/2. Connections of HTTP/1.1 need none: hyper bounds the time until the next head.
#[derive(Debug, Clone, Default)]
pub(super) struct Activity(Arc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    came: AtomicUsize,
    under_way: AtomicUsize,
    changed: Notify,
}

/// A request that is under way on a connection until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Activity {
    /// A request came.
    pub(super) fn enter(&self) -> UnderWay {
        self.0.came.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        self.0.changed.notify_one();
        UnderWay(self.clone())
    }

    /// Ready when the last request ended `longest` ago. For one waiter.
    pub(super) async fn idle(&self, longest: Duration) {
        loop {
            let is_idle = self.0.came.load(Ordering::Relaxed) > 0 && self.0.under_way.load(Ordering::Relaxed) == 0;
            if !is_idle {
                self.0.changed.notified().await;
            } else if tokio::time::timeout(longest, self.0.changed.notified()).await.is_err() {
                return;
            }
        }
    }
}

impl Clone for UnderWay {
    fn clone(&self) -> Self {
        self.0.enter()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.under_way.fetch_sub(1, Ordering::Relaxed);
        self.0.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Activity;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_when_nothing_has_been_under_way_for_so_long() {
        let (activity, longest) = (Activity::default(), Duration::from_secs(10));
        let began = tokio::time::Instant::now();
        let other = activity.clone();
        let requests = tokio::spawn(async move {
            // Before the first request the connection is not idle: `headerSeconds` bounds that wait.
            tokio::time::sleep(Duration::from_secs(30)).await;
            let first = other.enter();
            tokio::time::sleep(Duration::from_secs(30)).await;
            drop(first.clone());
            drop(first);
            tokio::time::sleep(Duration::from_secs(9)).await;
            drop(other.enter());
        });
        activity.idle(longest).await;
        assert_eq!(began.elapsed(), Duration::from_secs(79));
        requests.await.expect("the requests do not fail");
    }
}
