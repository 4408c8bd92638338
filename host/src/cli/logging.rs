//! Logs, to standard error.

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::terminal;

/// Starts logging by `QUARRY_LOG` (such as `debug` or `quarry::aws=trace`); warnings when it is not set.
///
/// Only this project's own events are shown below errors: libraries log requests, signatures, tokens and whole answers at
/// their lower levels, and a secret must not appear at any level.
pub(crate) fn start() {
    let wanted = std::env::var("QUARRY_LOG").ok().filter(|wanted| !wanted.trim().is_empty());
    let filter = EnvFilter::try_new(wanted.as_deref().unwrap_or("warn")).unwrap_or_else(|error| {
        terminal::tell(&format!(
            "warning: QUARRY_LOG is not used: {error}; expected something like debug or quarry::aws=trace\n"
        ));
        EnvFilter::new("warn")
    });
    let writer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(true);
    let quiet_libraries = filter_fn(may_be_logged);
    tracing_subscriber::registry().with(writer.with_filter(quiet_libraries).with_filter(filter)).init();
}

fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let own = metadata.target() == "quarry" || metadata.target().starts_with("quarry::");
    own || *metadata.level() <= Level::ERROR
}
