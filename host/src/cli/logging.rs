//! Logs, to standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging by `QUARRY_LOG`: `off`, `error`, `warn` (the default), `info`, `debug` or `trace`.
///
/// Only this project's own events are shown below errors: libraries log requests, signatures, tokens and whole answers at
/// their lower levels, and a secret must not appear at any level.
pub(crate) fn start() {
    let wanted = std::env::var("QUARRY_LOG").ok().filter(|wanted| !wanted.trim().is_empty());
    let level = wanted.as_deref().map_or(Some(LevelFilter::WARN), |level| level.trim().parse().ok());
    let writer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(targets(level.unwrap_or(LevelFilter::WARN)));
    tracing_subscriber::registry().with(writer).init();
    if let (None, Some(wanted)) = (level, wanted) {
        tracing::warn!(target: "quarry", %wanted, "QUARRY_LOG is no level; expected off, error, warn, info, debug or trace");
    }
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new().with_target("quarry", level).with_default(level.min(LevelFilter::ERROR))
}
