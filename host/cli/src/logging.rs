//! What a command logs, by `QUARRY_LOG`; and what the gateway logs and exports, by its configuration too.

use quarry_config::gateway::{GatewayConfig, LogFormat as ConfiguredFormat, OtlpConfig};
use quarry_telemetry::{Export, LogFormat, LogOptions, OtlpOptions, TelemetryError, TelemetryGuard, log_level};

/// Starts logging by `QUARRY_LOG`: `off`, `error`, `warn` (the default), `info`, `debug` or `trace`.
///
/// # Errors
/// When logging was started before.
pub(crate) fn start() -> Result<TelemetryGuard, TelemetryError> {
    start_with(LogOptions::default())
}

/// Starts what the gateway logs: a line a request, unless `QUARRY_LOG` says otherwise, and what is exported. Where the
/// configuration names no collector, the environment may.
///
/// # Errors
/// When logging was started before, or the collector's address cannot be used.
pub(crate) fn start_serving(config: &GatewayConfig) -> Result<TelemetryGuard, TelemetryError> {
    let format = match config.log.format {
        ConfiguredFormat::Text => LogFormat::Text,
        ConfiguredFormat::Json => LogFormat::Json,
    };
    let export = config.otlp.as_ref().map_or(Export::Environment, |otlp| {
        let OtlpConfig { endpoint, signals, headers } = otlp.clone();
        Export::To(OtlpOptions { endpoint, signals, headers })
    });
    let defaults = LogOptions::default();
    start_with(LogOptions { format, level: log_level("info").unwrap_or(defaults.level), export })
}

fn start_with(defaults: LogOptions) -> Result<TelemetryGuard, TelemetryError> {
    let wanted = std::env::var("QUARRY_LOG").ok().filter(|wanted| !wanted.trim().is_empty());
    let named = wanted.as_deref().map(quarry_telemetry::log_level);
    let guard = quarry_telemetry::start(&LogOptions { level: named.flatten().unwrap_or(defaults.level), ..defaults })?;
    if let (Some(None), Some(wanted)) = (named, wanted) {
        tracing::warn!(target: "quarry", %wanted, "QUARRY_LOG is not a log level; expected off, error, warn, info, debug or trace");
    }
    Ok(guard)
}
