//! Logs and spans: what is shown, where, and in which form.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, SpanKind, Tracer, TracerProvider as _};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::error::TelemetryError;
use super::fields::PrintableFields;
use super::otlp::{Export, provider};
use super::spans::TARGET;

/// The longest that the last spans may hold up the end of the process.
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
    let provider = provider(&options.export)?;
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(ClientTracer(provider.tracer("quarry")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            // A span that is entered at every poll of a stream would pay for these at every poll.
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET))
    });
    let lines = lines(options.format, writer, colours).with_filter(shown(options.level));
    Ok((tracing_subscriber::registry().with(spans).with(lines), TelemetryGuard { provider }))
}

/// Makes every span one of the kind `client`, as the conventions want of a model's call: the span ends at Bedrock. A field
/// of the span could say so too, and would be repeated on every log line.
struct ClientTracer(SdkTracer);

impl Tracer for ClientTracer {
    type Span = <SdkTracer as Tracer>::Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Self::Span {
        self.0.build_with_context(builder.with_kind(SpanKind::Client), parent)
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

fn shown(level: LevelFilter) -> Targets {
    Targets::new().with_target("quarry", level).with_default(level.min(LevelFilter::ERROR))
}

/// Holds the export of spans. Exports the last ones when it is ended or dropped.
#[derive(Debug)]
#[must_use = "spans are exported for as long as this lives"]
pub struct TelemetryGuard {
    provider: Option<SdkTracerProvider>,
}

impl TelemetryGuard {
    /// Exports the last spans, for three seconds at most. Dropping does the same and holds up its thread.
    pub async fn end(mut self) {
        let Some(provider) = self.provider.take() else { return };
        let ended = tokio::task::spawn_blocking(move || shut_down(&provider)).await;
        if let Err(error) = ended {
            tracing::warn!(target: "quarry::telemetry", %error, "the last spans were not exported");
        }
    }
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        if let Some(provider) = &self.provider {
            shut_down(provider);
        }
    }
}

fn shut_down(provider: &SdkTracerProvider) {
    if let Err(error) = provider.shutdown_with_timeout(LAST_EXPORT) {
        tracing::warn!(target: "quarry::telemetry", %error, "the last spans were not exported");
    }
}
