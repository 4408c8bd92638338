//! What a command logs, by `QUARRY_LOG`.

use quarry::telemetry::{self, LogOptions, TelemetryError, TelemetryGuard};

/// Starts logging by `QUARRY_LOG`: `off`, `error`, `warn` (the default), `info`, `debug` or `trace`.
///
/// # Errors
/// When logging was started before.
pub(crate) fn start() -> Result<TelemetryGuard, TelemetryError> {
    let wanted = std::env::var("QUARRY_LOG").ok().filter(|wanted| !wanted.trim().is_empty());
    let named = wanted.as_deref().map(telemetry::log_level);
    let defaults = LogOptions::default();
    let guard = telemetry::start(&LogOptions { level: named.flatten().unwrap_or(defaults.level), ..defaults })?;
    if let (Some(None), Some(wanted)) = (named, wanted) {
        tracing::warn!(target: "quarry", %wanted, "QUARRY_LOG is no level; expected off, error, warn, info, debug or trace");
    }
    Ok(guard)
}
