//! `docs/reference/metrics.md`: what is committed is what the registry has. `QUARRY_BLESS=1` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

use prometheus_client::encoding::text;

use crate::families::Families;

/// What stands around the table.
const PAGE: (&str, &str) = (
    "# Metrics

`GET /metrics` returns OpenMetrics text. `quarry.metrics.listen` gives it a listener of its own, which needs no client key.
Without that setting it is on `quarry.listen`: where the gateway has keys it needs one, and each scrape counts against that key's limits.

| Series | Type | Labels | Meaning |
|---|---|---|---|
",
    "
Durations are histograms in seconds: `_bucket`, `_sum` and `_count`.

## Labels

| Label | Values |
|---|---|
| `model` | A model's id; `other` where the model is not known to exist or is the 201st; `none` where the request came to no model |
| `key` | The name of the client key; `anonymous` without keys, `(operator)` for the admin page, `other` for the 201st |
| `version` | The first 12 digits of the digest of the provider's version; `none` where the request was assigned to none, `other` for the 51st |
| `blame` | Who caused a failure: `client`, `host`, `provider` or `upstream`; `none` where the request did not fail |
| `member` | The name of an ignored member, without its place; `other` for the 51st |
| `endpoint` | The path of the format |
| `status` | The class of the HTTP status, such as `2xx` |
| `kind` of upstream errors | [What Bedrock says](error-kinds.md#what-bedrock-says) |

Series with the labels `model`, `key`, `version`, `member`, `call` or `from` exist after their first event. All others begin at 0.

## Scrape it

Give the metrics a listener of their own, which only Prometheus reaches: whoever reads them sees the names of models and keys.

```json5
{ quarry: { metrics: { listen: \"127.0.0.1:9464\" } } }
```

```yaml
scrape_configs:
  - job_name: quarry
    static_configs:
      - targets: [\"127.0.0.1:9464\"]
```

The listener serves `/metrics` and nothing else, takes no place of a client's connection, and answers while the gateway is full or drains.
On loopback it answers no page of a browser.

## Alerts and a dashboard

`deploy/prometheus/quarry.rules.yaml` has alert rules, and `deploy/grafana/quarry.json` a dashboard. The rules expect the job name `quarry`.
",
);

/// Labels whose words the page lists with the series, because no other page does.
const LISTED: [&str; 6] = ["blame", "kind", "outcome", "reason", "result", "share"];

fn page() -> String {
    let mut rendered = String::new();
    text::encode(&mut rendered, &Families::with_a_series_of_each().registry()).expect("a String takes everything");
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/metrics.md");
    if env::var_os("QUARRY_BLESS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).expect("the page is there");
    assert_eq!(committed, page, "QUARRY_BLESS=1 writes the page");
    for series in ["quarry_tokens_total", "quarry_time_to_first_delta_seconds", "quarry_build_info"] {
        assert!(page.contains(&format!("| `{series}` |")), "{series}: {page}");
    }
}
