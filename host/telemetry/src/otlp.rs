//! Spans, metrics and log lines on their way to a collector, by OTLP over http with protobuf.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider as Tls, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;

use super::error::TelemetryError;
use crate::config::gateway::Signal;

/// The longest that a collector may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a collector's answer.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Where to export to.
#[derive(Debug, Clone)]
pub struct OtlpOptions {
    /// The collector's base URL, such as `http://127.0.0.1:4318`; `/v1/traces` and its like are appended.
    pub endpoint: String,
    /// What the collector gets.
    pub signals: Vec<Signal>,
    /// Headers of every export, such as a vendor's key.
    pub headers: Vec<(String, SecretString)>,
}

/// Whether and where to export.
#[derive(Debug, Clone, Default)]
pub enum Export {
    /// Nowhere.
    #[default]
    Off,
    /// Where OpenTelemetry's own variables say, such as `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_HEADERS`;
    /// nowhere when no endpoint is set or `OTEL_SDK_DISABLED` is `true`; of the signals, not those whose `OTEL_…_EXPORTER` is `none`.
    Environment,
    /// Here. No variable adds to it: a header of the environment is for the endpoint of the environment.
    To(OtlpOptions),
}

/// The exporters, each of which sends batches from its own thread; `None` for a signal that is not exported.
#[derive(Debug, Default)]
pub(super) struct Providers {
    pub(super) traces: Option<SdkTracerProvider>,
    pub(super) metrics: Option<SdkMeterProvider>,
    pub(super) logs: Option<SdkLoggerProvider>,
}

/// Builds the exporter of a signal for an endpoint, or for that of the environment.
macro_rules! exporter {
    ($exporter:ident, $to:expr) => {{
        let ExportTo { url, client } = $to;
        let builder = $exporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_timeout(TIMEOUT);
        let builder = match url {
            Some(url) => builder.with_endpoint(url),
            None => builder,
        };
        builder
            .with_http_client(client)
            .build()
            .map_err(|error| TelemetryError::Exporter { reason: error.to_string() })?
    }};
}

struct ExportTo {
    /// `None` takes the environment's value.
    url: Option<String>,
    client: Collector,
}

/// Sets up the exporters.
pub(super) fn providers(export: &Export) -> Result<Providers, TelemetryError> {
    let to = |signal| -> Result<Option<ExportTo>, TelemetryError> {
        let (url, headers) = match export {
            Export::Off => return Ok(None),
            Export::Environment if !environment_exports(signal) => return Ok(None),
            Export::Environment => (None, None),
            Export::To(OtlpOptions { signals, .. }) if !signals.contains(&signal) => return Ok(None),
            Export::To(OtlpOptions { endpoint, headers, .. }) => {
                (Some(url(endpoint, signal)?), Some(header_map(headers)?))
            }
        };
        let runtime = Handle::try_current().map_err(|_| TelemetryError::NoRuntime)?;
        Ok(Some(ExportTo { url, client: Collector::new(signal, headers, runtime) }))
    };
    let mut providers = Providers::default();
    if let Some(to) = to(Signal::Traces)? {
        let exporter = exporter!(SpanExporter, to);
        let builder = SdkTracerProvider::builder().with_batch_exporter(exporter);
        providers.traces = Some(builder.with_resource(resource()).build());
    }
    if let Some(to) = to(Signal::Metrics)? {
        let reader = PeriodicReader::builder(exporter!(MetricExporter, to)).build();
        providers.metrics = Some(SdkMeterProvider::builder().with_reader(reader).with_resource(resource()).build());
    }
    if let Some(to) = to(Signal::Logs)? {
        let exporter = exporter!(LogExporter, to);
        let builder = SdkLoggerProvider::builder().with_batch_exporter(exporter);
        providers.logs = Some(builder.with_resource(resource()).build());
    }
    Ok(providers)
}

/// Who exports. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` count more than what is said here.
fn resource() -> Resource {
    let detected = Resource::builder().build();
    let named = |name| detected.get(&Key::from_static_str(name)).map(|value| value.to_string());
    let mut builder = Resource::builder();
    // The SDK's own name for what has none begins so.
    if named("service.name").is_none_or(|name| name.starts_with("unknown_service")) {
        builder = builder.with_service_name("quarry");
    }
    if named("service.version").is_none() {
        builder = builder.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    }
    builder.build()
}

fn environment_exports(signal: Signal) -> bool {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let is = |name: &str, wanted: &str| variable(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(wanted));
    let (endpoint, exporter) = match signal {
        Signal::Traces => ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER"),
        Signal::Metrics => ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_METRICS_EXPORTER"),
        Signal::Logs => ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_LOGS_EXPORTER"),
    };
    let off = is("OTEL_SDK_DISABLED", "true") || is(exporter, "none");
    let endpoint = variable(endpoint).or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
    !off && endpoint.is_some()
}

fn url(endpoint: &str, signal: Signal) -> Result<String, TelemetryError> {
    let url = format!("{}/v1/{}", endpoint.trim().trim_end_matches('/'), signal.name());
    let usable = url.parse::<Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
    });
    if usable { Ok(url) } else { Err(TelemetryError::Endpoint { endpoint: endpoint.to_owned() }) }
}

fn header_map(headers: &[(String, SecretString)]) -> Result<HeaderMap, TelemetryError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let refused = || TelemetryError::Header { name: name.clone() };
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| refused())?;
        value.set_sensitive(true);
        map.append(HeaderName::try_from(name.as_str()).map_err(|_| refused())?, value);
    }
    Ok(map)
}

/// The client of the exporter. Its thread is none of tokio's, so requests run on the runtime that the gateway runs on.
pub(super) struct Collector {
    signal: Signal,
    http: Connector,
    /// All headers to send besides the body's type; those of the exporter, which has them of the environment, when absent.
    headers: Option<HeaderMap>,
    runtime: Handle,
    down: AtomicBool,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl Collector {
    pub(super) fn new(signal: Signal, headers: Option<HeaderMap>, runtime: Handle) -> Self {
        // The HTTP client of the AWS SDK: hyper, and the one TLS stack of this program.
        let http = Connector::builder().tls_provider(Tls::Rustls(CryptoMode::Ring)).build();
        Collector { signal, http, headers, runtime, down: AtomicBool::new(false) }
    }

    /// The exporter adds headers of the environment to those of its configuration, so the configured ones are put in here.
    fn only_configured(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        let Some(configured) = &self.headers else { return request };
        let body_type = request.headers().get(CONTENT_TYPE).cloned();
        *request.headers_mut() = configured.clone();
        if let Some(body_type) = body_type {
            request.headers_mut().insert(CONTENT_TYPE, body_type);
        }
        request
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = HttpRequest::try_from(self.only_configured(request).map(SdkBody::from))?;
        let answering = self.http.call(request);
        let exchange = async move {
            let response = answering.await?.try_into_http1x()?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        self.runtime.spawn(async move { tokio::time::timeout(TIMEOUT, exchange).await? }).await?
    }

    /// Says once that the collector fails, and once that it works again.
    fn tell(&self, failed: Option<&str>) {
        if self.down.swap(failed.is_some(), Ordering::Relaxed) == failed.is_some() {
            return;
        }
        let signal = self.signal.name();
        match failed {
            Some(error) => {
                tracing::warn!(target: "quarry::telemetry", error, "{signal} cannot be exported; older ones are dropped");
            }
            None => tracing::info!(target: "quarry::telemetry", "{signal} are exported again"),
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'client, 'sent>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'client: 'sent,
        Self: 'sent,
    {
        Box::pin(async move {
            let answered = self.send(request).await;
            match &answered {
                Ok(response) if response.status().is_success() => self.tell(None),
                // A collector may repeat a key in its answer's body, so the body is not logged.
                Ok(response) => self.tell(Some(response.status().as_str())),
                Err(error) => self.tell(Some(&error.to_string())),
            }
            answered
        })
    }
}
