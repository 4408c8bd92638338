//! Log lines on their way to a collector: the events that are shown, each with the fields of its request and the id of its span.

use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::SystemTime;

use opentelemetry::Key;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Hands events to OpenTelemetry. Its own appender for `tracing` takes the trace from a thread's context, which is not kept here: that
/// would cost every poll of a stream.
#[derive(Debug)]
pub(super) struct LogExport {
    logger: SdkLogger,
    dispatch: OnceLock<WeakDispatch>,
}

impl LogExport {
    pub(super) fn new(provider: &SdkLoggerProvider) -> Self {
        LogExport { logger: provider.logger("quarry"), dispatch: OnceLock::new() }
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for LogExport {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // The subscriber is set up for one dispatcher.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut record = self.logger.create_log_record();
        let now = SystemTime::now();
        record.set_timestamp(now);
        record.set_observed_timestamp(now);
        let metadata = event.metadata();
        let (number, text) = severity(*metadata.level());
        record.set_severity_number(number);
        record.set_severity_text(text);
        record.set_target(metadata.target());
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(message) = fields.message.take() {
            record.set_body(message.into());
        }
        record.add_attributes(fields.others);
        if let Some(span) = context.event_span(event) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                record.add_attributes(fields.others.iter().cloned());
            }
            let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
            if let Some(context) = dispatch.and_then(|dispatch| get_otel_context(&span.id(), &dispatch)) {
                let span = context.span();
                let of = span.span_context();
                record.set_trace_context(of.trace_id(), of.span_id(), Some(of.trace_flags()));
            }
        }
        self.logger.emit(record);
    }
}

fn severity(level: Level) -> (Severity, &'static str) {
    match level {
        Level::ERROR => (Severity::Error, "ERROR"),
        Level::WARN => (Severity::Warn, "WARN"),
        Level::INFO => (Severity::Info, "INFO"),
        Level::DEBUG => (Severity::Debug, "DEBUG"),
        Level::TRACE => (Severity::Trace, "TRACE"),
    }
}

/// The fields of an event or a span.
#[derive(Debug, Default)]
struct Fields {
    message: Option<String>,
    others: Vec<(Key, AnyValue)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<AnyValue>) {
        self.others.push((Key::from_static_str(field.name()), value.into()));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = Some(value.to_owned()),
            _ => self.add(field, value.to_owned()),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
