//! The gateway's settings as they are in effect, with their paths.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::path::{Segment, Shown};
use super::settings::{
    CacheConfig, GatewayConfig, GatewayLimits, KeyConfig, LogConfig, LogFormat, MetricsConfig, OtlpConfig,
    ProviderConfig, QuarantineConfig, ReadinessConfig, RemoteConfig, ResponsesConfig, RetryConfig,
};

/// Every setting under `quarry`: its path, and its value as it would stand in the file. Values of secrets are left out. The
/// settings are taken apart member by member: one that is added does not compile until it has its row.
#[must_use]
pub fn effective_values(config: &GatewayConfig) -> Vec<(String, Value)> {
    let GatewayConfig {
        listen,
        tls,
        keys,
        limits,
        readiness,
        retry,
        fallbacks,
        regions,
        cors,
        proxies,
        responses,
        remote,
        provider,
        cache,
        log,
        metrics,
        otlp,
        drain,
        drain_minimum,
        keep_alive,
        strict,
    } = config;
    let GatewayLimits {
        body,
        headers,
        header_time,
        body_time,
        idle,
        turn,
        stall,
        connections,
        concurrency,
        unready_percent,
    } = limits;
    let RetryConfig { attempts, base, most, budget_percent } = retry;
    let ResponsesConfig { keep, keep_bytes, keep_number } = responses;
    let RemoteConfig { allowed, hosts, max_bytes, timeout } = remote;
    let ProviderConfig {
        signers,
        component,
        watch,
        allow_downgrade,
        accept,
        params,
        drain: drain_of_version,
        probation,
        quarantine,
    } = provider;
    let QuarantineConfig { faults, streams } = quarantine;
    let CacheConfig { url } = cache;
    let LogConfig { format, prompts } = log;
    let ReadinessConfig { credentials: await_credentials } = readiness;
    let MetricsConfig { listen: metrics_listen } = metrics;
    let mut values = vec![
        ("listen", json!(listen)),
        ("tls.certificate", json!(tls.as_ref().map(|tls| &tls.certificate))),
        ("tls.key", json!(tls.as_ref().map(|tls| &tls.key))),
        ("tls.clientAuthorities", json!(tls.as_ref().and_then(|tls| tls.client_authorities.as_ref()))),
        ("limits.bodyBytes", json!(body)),
        ("limits.headerBytes", json!(headers)),
        ("limits.headerSeconds", seconds(*header_time)),
        ("limits.bodySeconds", seconds(*body_time)),
        ("limits.idleSeconds", seconds(*idle)),
        ("limits.turnSeconds", seconds(*turn)),
        ("limits.stallSeconds", seconds(*stall)),
        ("limits.connections", json!(connections)),
        ("limits.concurrency", json!(concurrency)),
        ("limits.unreadyPercent", json!(unready_percent)),
        ("readiness.credentials", json!(await_credentials)),
        ("retry.attempts", json!(attempts)),
        ("retry.baseMilliseconds", milliseconds(*base)),
        ("retry.mostMilliseconds", milliseconds(*most)),
        ("retry.budgetPercent", json!(budget_percent)),
        ("fallbacks", json!(fallbacks)),
        ("regions", json!(regions.as_ref().map(|regions| regions.iter().map(ToString::to_string).collect::<Vec<_>>()))),
        ("cors", json!(cors)),
        ("proxies", json!(proxies.iter().map(ToString::to_string).collect::<Vec<_>>())),
        ("responses.keepSeconds", seconds(*keep)),
        ("responses.keepBytes", json!(keep_bytes)),
        ("responses.keepNumber", json!(keep_number)),
        ("remote.allowed", json!(allowed)),
        ("remote.hosts", json!(hosts)),
        ("remote.bytes", json!(max_bytes)),
        ("remote.seconds", seconds(*timeout)),
        ("provider.component", json!(component)),
        ("provider.signers", signers.iter().map(|signer| json!(signer.id().to_string())).collect()),
        ("provider.watch", json!(watch)),
        ("provider.allowDowngrade", json!(allow_downgrade)),
        ("provider.accept", json!(accept)),
        ("provider.params", json!(params)),
        ("provider.drainSeconds", seconds(*drain_of_version)),
        ("provider.probationStreams", json!(probation)),
        ("provider.quarantine.faults", json!(faults)),
        ("provider.quarantine.streams", json!(streams)),
        ("cache.url", json!(url.as_ref().map(ToString::to_string))),
        ("log.format", json!(if *format == LogFormat::Json { "json" } else { "text" })),
        ("log.prompts", json!(prompts)),
        ("metrics.listen", json!(metrics_listen)),
        ("otlp.endpoint", json!(otlp.as_ref().map(|OtlpConfig { endpoint, signals: _, headers: _ }| endpoint))),
        (
            "otlp.signals",
            json!(otlp.as_ref().map(|otlp| otlp.signals.iter().map(|signal| signal.name()).collect::<Vec<_>>())),
        ),
        ("drainSeconds", seconds(*drain)),
        ("drainMinimumSeconds", seconds(*drain_minimum)),
        ("keepAliveSeconds", seconds(*keep_alive)),
        ("strict", json!(strict)),
    ]
    .into_iter()
    .map(|(path, value)| (format!("quarry.{path}"), value))
    .collect::<Vec<_>>();
    for (name, _) in otlp.iter().flat_map(|otlp| &otlp.headers) {
        values.push((format!("quarry.otlp.headers.{}", Shown(&[Segment::Member(name.clone())])), json!("(set)")));
    }
    for (index, KeyConfig { name, hash, models, concurrency, requests_per_minute, burst }) in keys.iter().enumerate() {
        values.extend([
            (format!("quarry.keys[{index}].name"), json!(name)),
            (format!("quarry.keys[{index}].hash"), json!(format!("{}…", hash.short()))),
            (format!("quarry.keys[{index}].models"), json!(models)),
            (format!("quarry.keys[{index}].concurrency"), json!(concurrency)),
            (format!("quarry.keys[{index}].requestsPerMinute"), json!(requests_per_minute)),
            (format!("quarry.keys[{index}].burst"), json!(burst)),
        ]);
    }
    values
}

fn seconds(duration: Duration) -> Value {
    if duration.subsec_nanos() == 0 { json!(duration.as_secs()) } else { json!(duration.as_secs_f64()) }
}

fn milliseconds(duration: Duration) -> Value {
    json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
