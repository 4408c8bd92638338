//! Sets up logs and spans: their levels, targets and formats.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{SpanBuilder, SpanKind, Tracer, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Identity, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::error::TelemetryError;
use super::fields::PrintableFields;
use super::log_export::LogExport;
use super::metrics::Metrics;
use super::otlp::{Export, Providers, providers};
use super::spans::{SERVER_SPAN, TARGET};

/// The longest that the last exports of one kind may hold up the end of the process.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// What to log, and where spans go.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// The form of a line.
    pub format: LogFormat,
    /// The lowest level of this project's own events that is shown. Those of libraries are shown from errors on.
    pub level: LevelFilter,
    /// Where spans go.
    pub export: Export,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions { format: LogFormat::Text, level: LevelFilter::WARN, export: Export::Off }
    }
}

/// Reads a level: `off`, `error`, `warn`, `info`, `debug` or `trace`; none for anything else.
#[must_use]
pub fn log_level(word: &str) -> Option<LevelFilter> {
    word.trim().parse().ok()
}

/// Sets up logs on standard error, and the export of spans. To be called once in a process, within a tokio runtime when
/// spans are exported.
///
/// Only this project's own events are shown below errors, and none but its requests' spans are exported: libraries log
/// requests, signatures, tokens and whole answers at their lower levels, and a secret must not appear at any level.
///
/// # Errors
/// When logs were set up before, or the export is not configured right. A collector that is down is no error: it is warned
/// of when the first spans do not arrive.
pub fn start(options: &LogOptions) -> Result<TelemetryGuard, TelemetryError> {
    let colours = std::io::stderr().is_terminal();
    let (subscriber, guard) = set_up(options, std::io::stderr, colours)?;
    subscriber.try_init().map_err(|_| TelemetryError::AlreadyStarted)?;
    Ok(guard)
}

/// A subscriber that writes here.
pub(super) fn set_up<W>(
    options: &LogOptions,
    writer: W,
    colours: bool,
) -> Result<(impl Subscriber + Send + Sync + use<W>, TelemetryGuard), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let providers = providers(&options.export)?;
    let spans = providers.traces.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(KindTracer(provider.tracer("quarry")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            // A span that is entered at every poll of a stream would pay for these at every poll.
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET))
    });
    let lines = lines(options.format, writer, colours).with_filter(shown(options.level));
    let logs = logs(providers.logs.as_ref(), options.level);
    let guard = TelemetryGuard { providers: Some(providers) };
    Ok((tracing_subscriber::registry().with(spans).with(lines).with(logs), guard))
}

/// Gives the spans their kinds: `server` for a client's request, `client` for the call of a model, as the conventions want. A field of
/// the span could say so too, and would be repeated on every log line.
struct KindTracer(SdkTracer);

impl Tracer for KindTracer {
    type Span = <SdkTracer as Tracer>::Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Self::Span {
        let kind = if builder.name == SERVER_SPAN { SpanKind::Server } else { SpanKind::Client };
        self.0.build_with_context(builder.with_kind(kind), parent)
    }
}

fn lines<S, W>(format: LogFormat, writer: W, colours: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    match format {
        LogFormat::Text => layer.fmt_fields(PrintableFields).boxed(),
        LogFormat::Json => {
            layer.json().flatten_event(true).with_current_span(true).with_span_list(false).with_ansi(false).boxed()
        }
    }
}

/// An optional layer would not be told its dispatcher (tracing-subscriber 0.3.23), so there is always one.
fn logs<S>(provider: Option<&SdkLoggerProvider>, level: LevelFilter) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    match provider {
        Some(provider) => LogExport::new(provider).with_filter(shown(level)).boxed(),
        None => Identity::new().with_filter(LevelFilter::OFF).boxed(),
    }
}

fn shown(level: LevelFilter) -> Targets {
    Targets::new().with_target("quarry", level).with_default(level.min(LevelFilter::ERROR))
}

/// Keeps the exporters alive. Exports the rest when it is ended or dropped.
#[derive(Debug)]
#[must_use = "spans, metrics and logs are exported for as long as this lives"]
pub struct TelemetryGuard {
    providers: Option<Providers>,
}

impl TelemetryGuard {
    /// Has metrics exported, where they are to be: our own as `render` gives them, and those of the conventions for generative AI.
    pub fn export_metrics(&self, metrics: &Metrics, render: impl Fn() -> String + Send + Sync + 'static) {
        if let Some(provider) = self.providers.as_ref().and_then(|providers| providers.metrics.as_ref()) {
            metrics.export(&provider.meter("quarry"), std::sync::Arc::new(render));
        }
    }

    /// Exports the rest, for at most three seconds per signal. Dropping does the same and blocks its thread.
    pub async fn end(mut self) {
        let Some(providers) = self.providers.take() else { return };
        let ended = tokio::task::spawn_blocking(move || shut_down(&providers)).await;
        if let Err(error) = ended {
            tracing::warn!(target: "quarry::telemetry", %error, "the last spans, metrics and logs were not exported");
        }
    }
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        if let Some(providers) = &self.providers {
            shut_down(providers);
        }
    }
}

fn shut_down(providers: &Providers) {
    let Providers { traces, metrics, logs } = providers;
    let ended = |signal: &str, ended: Option<OTelSdkResult>| {
        if let Some(Err(error)) = ended {
            tracing::warn!(target: "quarry::telemetry", %error, "the last {signal} were not exported");
        }
    };
    ended("spans", traces.as_ref().map(|provider| provider.shutdown_with_timeout(LAST_EXPORT)));
    ended("metrics", metrics.as_ref().map(|provider| provider.shutdown_with_timeout(LAST_EXPORT)));
    // Last, because the others may have something to say.
    ended("log lines", logs.as_ref().map(|provider| provider.shutdown_with_timeout(LAST_EXPORT)));
}
