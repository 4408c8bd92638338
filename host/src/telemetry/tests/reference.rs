//! `docs/reference/metrics.md`: what is committed is what the registry has. `QUARRY_BLESS=1` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

use prometheus_client::encoding::text;

use crate::telemetry::families::Families;
use crate::telemetry::labels::{
    EndpointLabels, FallbackLabels, FaultLabels, ModelLabel, ModelLabels, RequestLabels, UpstreamErrorLabels,
};

/// What stands around the table.
const PAGE: (&str, &str) = (
    "# Metrics

`GET /metrics` returns OpenMetrics text. Where the gateway has keys, it needs one, and each scrape counts against that key's limits.

| Series | Type | Labels | Meaning |
|---|---|---|---|
",
    "
Durations are histograms in seconds: `_bucket`, `_sum` and `_count`.

## Labels

| Label | Values |
|---|---|
| `model` | A model's id; `other` where the model is not known to exist or is the 201st; `none` where the request came to no model |
| `endpoint` | The path of the format |
| `status` | The class of the HTTP status, such as `2xx` |
| `kind` of upstream errors | [What Bedrock says](error-kinds.md#what-bedrock-says) |

Series with the labels `model`, `call` or `from` exist after their first event. All others begin at 0.

## Scrape it

```yaml
scrape_configs:
  - job_name: quarry
    authorization:
      credentials_file: /etc/prometheus/quarry.key
    static_configs:
      - targets: [\"127.0.0.1:8484\"]
```

## Alerts and a dashboard

`deploy/prometheus/quarry.rules.yaml` has alert rules, and `deploy/grafana/quarry.json` a dashboard. The rules expect the job name `quarry`.
",
);

/// A series of every family, with every word of every closed list.
fn with_a_series_of_each() -> Families {
    let families = Families::new();
    let model = ModelLabel("MODEL".into());
    families.of_model("MODEL");
    let endpoint = "/v1/messages";
    for outcome in ["ok", "error", "aborted"] {
        let labels = RequestLabels { endpoint, model: model.clone(), status: "2xx", outcome };
        drop(families.requests.get_or_create(&labels));
    }
    drop(families.in_flight.get_or_create(&EndpointLabels { endpoint }));
    drop(families.whole.get_or_create(&EndpointLabels { endpoint }));
    drop(families.guest_faults.get_or_create(&FaultLabels { call: "push", fault: "trap" }));
    drop(families.upstream_errors.get_or_create(&UpstreamErrorLabels { model: model.clone(), kind: "throttled" }));
    drop(families.retries.get_or_create(&ModelLabels { model: model.clone() }));
    drop(families.fallbacks.get_or_create(&FallbackLabels { from: model.clone(), to: model }));
    families
}

/// Labels whose words the page lists with the series, because no other page does.
const LISTED: [&str; 6] = ["blame", "kind", "outcome", "reason", "result", "share"];

fn page() -> String {
    let mut rendered = String::new();
    text::encode(&mut rendered, &with_a_series_of_each().registry()).expect("a String takes everything");
    let (mut kinds, mut labels) = (BTreeMap::new(), BTreeMap::<String, BTreeMap<String, BTreeSet<String>>>::new());
    let (mut helps, mut order) = (BTreeMap::new(), Vec::new());
    for line in rendered.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            helps.insert(name.to_owned(), help.trim_end_matches('.').to_owned());
            order.push(name.to_owned());
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            kinds.insert(name.to_owned(), kind.to_owned());
        } else if let Some((_, rest)) = line.split_once('{') {
            let pairs = rest.rsplit_once('}').map_or(rest, |(pairs, _)| pairs);
            let family = labels.entry(order.last().expect("a family comes before its series").clone()).or_default();
            for (name, value) in
                pairs.split(',').filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name != "le")
            {
                family.entry(name.to_owned()).or_default().insert(value.trim_matches('"').to_owned());
            }
        }
    }
    order.sort();
    let rows = order.iter().map(|name| {
        let kind = kinds[name].as_str();
        let series = match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.clone(),
        };
        let shown = labels.get(name).into_iter().flatten().map(|(label, values)| {
            let words: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            let is_listed = LISTED.contains(&label.as_str()) && !series.contains("upstream");
            if is_listed { format!("`{label}`: {}", words.join(", ")) } else { format!("`{label}`") }
        });
        let shown: Vec<String> = shown.collect();
        format!("| `{series}` | {kind} | {} | {} |\n", shown.join("; "), helps[name])
    });
    format!("{}{}{}", PAGE.0, rows.collect::<String>(), PAGE.1)
}

#[test]
fn the_page_lists_every_family() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/metrics.md");
    if env::var_os("QUARRY_BLESS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).expect("the page is there");
    assert_eq!(committed, page, "QUARRY_BLESS=1 writes the page");
    for series in ["quarry_tokens_total", "quarry_time_to_first_delta_seconds", "quarry_build_info"] {
        assert!(page.contains(&format!("| `{series}` |")), "{series}: {page}");
    }
}
