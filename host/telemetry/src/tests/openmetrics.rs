//! The metrics' text is what a Prometheus server reads: every sample belongs to a declared family and has its suffix.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{MODEL, answer, begin, error, failure};
use crate::blame::Blame;
use crate::contract::types::FailureKind;
use crate::provider::ProviderError;
use crate::{Begun, CacheResult, Metrics, Observation, Refusal};

/// The value of one sample, by its whole series.
pub(super) fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    read(&metrics.render()).get(series).copied()
}

/// Reads OpenMetrics text and panics at what the format forbids.
fn read(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("the text ends with EOF");
    let mut families: BTreeMap<&str, &str> = BTreeMap::new();
    let mut helped = BTreeSet::new();
    let mut samples = BTreeMap::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (kind, name, rest) = (words.next(), words.next().expect("a name"), words.next().expect("a value"));
            match kind {
                Some("TYPE") => assert_eq!(families.insert(name, rest), None, "{name} is declared twice"),
                Some("HELP") => assert!(helped.insert(name) && rest.ends_with('.'), "{line}"),
                Some("UNIT") => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                _ => panic!("no comment of OpenMetrics: {line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        let name = series.split('{').next().expect("a split has a first part");
        let declared = families.iter().any(|(family, kind)| {
            name.strip_prefix(family).is_some_and(|suffix| match *kind {
                "counter" => suffix == "_total",
                "gauge" => suffix.is_empty(),
                "histogram" => matches!(suffix, "_bucket" | "_count" | "_sum"),
                "info" => suffix == "_info",
                kind => panic!("{family} has the type {kind}"),
            })
        });
        assert!(declared, "no family declares {line}");
        let value = value.parse().unwrap_or_else(|_| panic!("{line} has no number"));
        assert_eq!(samples.insert(series.to_owned(), value), None, "{series} comes twice");
    }
    assert_eq!(helped.len(), families.len(), "every family says what it is");
    samples
}

#[test]
fn the_text_is_openmetrics_and_has_every_family() {
    let metrics = Arc::new(Metrics::new());
    metrics.know_models(&[MODEL, "amazon.nova-lite-v1:0"]);
    let connection = metrics.connection();
    let mut observation = begin(&metrics);
    observation.retried(&failure(FailureKind::Throttled), std::time::Duration::from_millis(20));
    observation.fell_back("amazon.nova-lite-v1:0", MODEL);
    answer(&mut observation);
    drop(observation);
    metrics.guest_fault(&ProviderError::OutOfOrder { call: "push", missing: "a turn" });
    metrics.discovery_cache(CacheResult::Hit);
    metrics.refused(Refusal::Rate);
    metrics.config_reloaded(false);
    metrics.alive(11, 2);
    let samples = read(&metrics.render());
    let request = "endpoint=\"/v1/chat/completions\"";
    let model = format!("model=\"{MODEL}\"");
    for (series, wanted) in [
        (format!("quarry_requests_total{{{request},{model},status=\"2xx\",outcome=\"ok\"}}"), 1.0),
        (format!("quarry_requests_in_flight{{{request}}}"), 0.0),
        ("quarry_connections_open".to_owned(), 1.0),
        ("quarry_tasks_alive".to_owned(), 11.0),
        ("quarry_provider_sessions_alive".to_owned(), 2.0),
        (format!("quarry_tokens_total{{{model},kind=\"input\"}}"), 10.0),
        (format!("quarry_tokens_total{{{model},kind=\"output\"}}"), 20.0),
        (format!("quarry_tokens_total{{{model},kind=\"cache_read\"}}"), 300.0),
        (format!("quarry_tokens_total{{{model},kind=\"cache_write\"}}"), 4000.0),
        (format!("quarry_deltas_total{{{model}}}"), 6.0),
        (format!("quarry_time_to_first_delta_seconds_count{{{model}}}"), 1.0),
        (format!("quarry_time_between_deltas_seconds_count{{{model}}}"), 3.0),
        (format!("quarry_request_duration_seconds_count{{{request}}}"), 1.0),
        ("quarry_guest_push_duration_seconds_count".to_owned(), 4.0),
        ("quarry_guest_push_duration_seconds_bucket{le=\"0.000001\"}".to_owned(), 4.0),
        ("quarry_guest_faults_total{call=\"push\",fault=\"out-of-order\"}".to_owned(), 1.0),
        ("quarry_upstream_errors_total{model=\"none\",kind=\"throttled\"}".to_owned(), 1.0),
        ("quarry_retries_total{model=\"none\"}".to_owned(), 1.0),
        (format!("quarry_fallbacks_total{{from=\"amazon.nova-lite-v1:0\",to=\"{MODEL}\"}}"), 1.0),
        ("quarry_discovery_cache_reads_total{result=\"hit\"}".to_owned(), 1.0),
        ("quarry_discovery_cache_reads_total{result=\"stale\"}".to_owned(), 0.0),
        ("quarry_refused_total{reason=\"rate\"}".to_owned(), 1.0),
        ("quarry_refused_total{reason=\"draining\"}".to_owned(), 0.0),
        ("quarry_config_reloads_total{outcome=\"refused\"}".to_owned(), 1.0),
        (format!("quarry_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0),
    ] {
        assert_eq!(samples.get(&series), Some(&wanted), "{series} in {samples:#?}");
    }
    drop(connection);
    assert_eq!(value(&metrics, "quarry_connections_open"), Some(0.0));
}

#[test]
fn labels_are_bounded_whatever_clients_name() {
    let metrics = Arc::new(Metrics::new());
    for model in 0..1000 {
        let name = format!("no-such-model-{model}\n\"");
        let mut observation = begin(&metrics);
        observation.asked(&name, true, &super::options(), 0);
        observation.asks(&name);
        observation.fell_back(&name, &name);
        observation.refused(&error(404, "not_found", "no such model", Blame::Client));
    }
    let text = metrics.render();
    assert!(!text.contains("no-such-model"), "{text}");
    let series =
        "quarry_requests_total{endpoint=\"/v1/chat/completions\",model=\"other\",status=\"4xx\",outcome=\"error\"}";
    assert_eq!(value(&metrics, series), Some(1000.0));

    let models: Vec<String> = (0..1000).map(|model| format!("model-{model}")).collect();
    metrics.know_models(&models);
    let labels =
        || read(&metrics.render()).into_keys().filter(|series| series.starts_with("quarry_deltas_total")).count();
    assert_eq!(labels(), 2, "other and none: a listing alone makes no series");
    models.iter().for_each(|model| begin(&metrics).asks(model));
    assert_eq!(labels(), super::super::models::MOST_MODELS + 2);
}

#[test]
fn keys_and_versions_have_labels_up_to_a_bound() {
    let metrics = Arc::new(Metrics::new());
    for number in 0..300 {
        let key = format!("key-{number}");
        let mut observation = Observation::begin(&metrics, &Begun { key: &key, ..super::begun() });
        observation.version(&format!("{number:012x}"));
        answer(&mut observation);
    }
    let mut refused = Observation::begin(&metrics, &Begun { key: "", ..super::begun() });
    refused.refused(&error(400, "invalid", "no", Blame::Client));
    drop(refused);
    let samples = read(&metrics.render());
    for (series, wanted) in [
        ("quarry_key_requests_total{key=\"key-0\",outcome=\"ok\",blame=\"none\"}", 1.0),
        ("quarry_key_requests_total{key=\"other\",outcome=\"ok\",blame=\"none\"}", 100.0),
        ("quarry_key_requests_total{key=\"none\",outcome=\"error\",blame=\"client\"}", 1.0),
        ("quarry_key_tokens_total{key=\"key-199\",kind=\"cache_read\"}", 300.0),
        ("quarry_key_tokens_total{key=\"other\",kind=\"output\"}", 2000.0),
        ("quarry_version_requests_total{version=\"00000000002a\",outcome=\"ok\",blame=\"none\"}", 1.0),
        ("quarry_version_requests_total{version=\"other\",outcome=\"ok\",blame=\"none\"}", 250.0),
        ("quarry_version_requests_total{version=\"none\",outcome=\"error\",blame=\"client\"}", 1.0),
        ("quarry_version_time_to_first_delta_seconds_count{version=\"00000000002a\"}", 1.0),
    ] {
        assert_eq!(samples.get(series), Some(&wanted), "{series} in {samples:#?}");
    }
}
