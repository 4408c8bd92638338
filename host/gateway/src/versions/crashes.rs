//! How a start handles the end of the previous process.
//!
//! A version under which the process crashed twice is quarantined before it is loaded again, and the previous version
//! is activated. A crash counts for [`WINDOW`], or until the version passes the gate again. A kill does not count: the
//! out-of-memory killer, an operator and a power failure hit whatever version is active. A pin takes precedence, as it
//! does in a running gateway. The embedded version has no replacement.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::crash::{LastEnd, Signal};
use crate::embedded::embedded_digest;
use crate::provider::Digest;
use crate::telemetry::FailedVersion;
use quarry_versions::{Event, History, Store, StoreError};

/// The number of crashes that quarantine a version.
const MOST: usize = 2;

/// How long a crash counts.
const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// How the previous process ended, and the consequence for its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncleanEnd {
    /// The version that the crashed thread worked for, else the active version.
    pub version: Digest,
    /// The signal of the crash; `None` if the process was killed.
    pub signal: Option<Signal>,
    /// The consequence; `None` if the version is not to blame.
    pub became: Option<FailedVersion>,
}

impl fmt::Display for UncleanEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UncleanEnd { version, signal, became } = self;
        let Some(signal) = signal else {
            return write!(
                formatter,
                "the previous process was killed, or the machine stopped, while the version {version} was active; no version is to blame"
            );
        };
        let became = match became {
            Some(FailedVersion::Quarantined) => "it is quarantined",
            Some(FailedVersion::Kept) => {
                "it stays active, because it is pinned or because no other version can replace it"
            }
            Some(FailedVersion::Crashed) | None => "this is its first crash within 7 days",
        };
        write!(formatter, "the previous process crashed with the version {version} ({signal}); {became}")
    }
}

/// Records how the previous process ended, and quarantines the version at its second crash.
///
/// # Errors
/// When it cannot be recorded.
pub fn book_last_end(store: &mut Store, end: LastEnd) -> Result<UncleanEnd, StoreError> {
    let served = store.history().active.unwrap_or_else(embedded_digest);
    let (version, signal) = match end {
        LastEnd::Killed => (served, None),
        LastEnd::Crashed { signal, version } => (version.unwrap_or(served), Some(signal)),
    };
    store.record(Event::Died { digest: version, signal })?;
    let Some(signal) = signal else { return Ok(UncleanEnd { version, signal, became: None }) };
    let history = store.history();
    let stays = version == embedded_digest() || history.pinned == Some(version);
    let became = match crashes_that_count(history, &version) {
        count if count < MOST => FailedVersion::Crashed,
        _ if stays => FailedVersion::Kept,
        _ => FailedVersion::Quarantined,
    };
    if became == FailedVersion::Quarantined && !history.quarantined.contains_key(&version) {
        let reason = crashed(history, &version).unwrap_or_default();
        store.record(Event::Quarantined { digest: version, reason })?;
    }
    Ok(UncleanEnd { version, signal: Some(signal), became: Some(became) })
}

/// A sentence about the crashes with a version, if there were any.
pub(super) fn crashed(history: &History, version: &Digest) -> Option<String> {
    let (_, signal) = history.crashes.get(version)?.last()?;
    let times = match crashes_that_count(history, version) {
        0 => return None,
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    };
    Some(format!(
        "the process crashed with this version {times} within {} days, the last time by {signal}",
        WINDOW.as_secs() / 86_400
    ))
}

/// Whether the process crashed often enough with a version to quarantine it.
pub(super) fn crashes_too_often(history: &History, version: &Digest) -> bool {
    crashes_that_count(history, version) >= MOST
}

fn crashes_that_count(history: &History, version: &Digest) -> usize {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = u64::try_from(now.saturating_sub(WINDOW).as_millis()).unwrap_or(u64::MAX);
    history.crashes.get(version).map_or(0, |crashes| crashes.iter().filter(|(at, _)| *at >= since).count())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::{UncleanEnd, book_last_end, crashed};
    use crate::crash::{LastEnd, Signal};
    use crate::embedded::embedded_digest;
    use crate::provider::Digest;
    use crate::telemetry::FailedVersion;
    use quarry_versions::{Event, Store};

    const ABORT: Signal = Signal(6);

    /// A folder in which these versions served, one after the other.
    fn store(versions: &[Digest]) -> (TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut store = Store::open(folder.path()).expect("it opens");
        for digest in versions {
            store.record(Event::Activated { digest: *digest, by: String::new() }).expect("it can be written");
        }
        (folder, store)
    }

    fn became(store: &mut Store, version: Option<Digest>) -> Option<FailedVersion> {
        let crash = LastEnd::Crashed { signal: ABORT, version };
        book_last_end(store, crash).expect("it can be written").became
    }

    #[test]
    fn the_second_death_quarantines_the_version_and_no_other() {
        let (good, bad) = (Digest::of(b"good"), Digest::of(b"bad"));
        let (folder, mut store) = store(&[good, bad]);
        assert_eq!(became(&mut store, None), Some(FailedVersion::Crashed), "of the one that served");
        // What the process worked for counts and not what served: a candidate.
        let candidate = Digest::of(b"candidate");
        assert_eq!(became(&mut store, Some(candidate)), Some(FailedVersion::Crashed));
        assert!(store.history().quarantined.is_empty());
        // It is in the journal, so a start does not forget it.
        drop(store);
        let mut store = Store::open_within(folder.path(), std::time::Duration::from_secs(60)).expect("it opens");
        assert_eq!(became(&mut store, Some(bad)), Some(FailedVersion::Quarantined));
        let reason = store.history().quarantined.get(&bad).expect("it is quarantined");
        assert!(reason.contains("twice within 7 days") && reason.contains("SIGABRT"), "{reason}");
        assert_eq!((store.history().quarantined.len(), store.history().previous()), (1, Some(good)));
    }

    #[test]
    fn whoever_was_killed_is_not_to_blame() {
        let version = Digest::of(b"a version");
        let (_folder, mut store) = store(&[version]);
        for _ in 0..100 {
            let end = book_last_end(&mut store, LastEnd::Killed).expect("it can be written");
            assert_eq!(end, UncleanEnd { version, signal: None, became: None });
            assert!(end.to_string().contains("no version is to blame"));
        }
        assert!(store.history().quarantined.is_empty() && crashed(store.history(), &version).is_none());
    }

    #[test]
    fn the_embedded_version_and_a_pinned_one_stay() {
        let pinned = Digest::of(b"pinned");
        let (_folder, mut store) = store(&[pinned]);
        store.record(Event::Pinned { digest: pinned, by: String::new() }).expect("it can be written");
        for version in [pinned, embedded_digest()] {
            assert_eq!(became(&mut store, Some(version)), Some(FailedVersion::Crashed));
            assert_eq!(became(&mut store, Some(version)), Some(FailedVersion::Kept));
            assert!(crashed(store.history(), &version).is_some_and(|reason| reason.contains("twice within 7 days")));
        }
        assert!(store.history().quarantined.is_empty());
    }

    #[test]
    fn what_passes_the_gate_anew_begins_anew() {
        let version = Digest::of(b"a version");
        let (_folder, mut store) = store(&[version]);
        assert_eq!(became(&mut store, None), Some(FailedVersion::Crashed));
        let verified = Event::Verified {
            digest: version,
            source: String::new(),
            name: String::new(),
            cases: version,
            passed: 1,
            engine: String::new(),
            signer: None,
        };
        store.record(verified).expect("it can be written");
        assert_eq!(became(&mut store, None), Some(FailedVersion::Crashed));
    }
}
