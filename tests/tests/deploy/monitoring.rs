//! Alert rules and the dashboard: promtool takes the rules and runs their tests, and every series that they read exists.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::debian;
use super::tools::{run, text};
use super::{changed, path, read};

/// The series of `docs/reference/metrics.md`, which is compared with the registry.
fn series() -> BTreeSet<String> {
    let page = read("../docs/reference/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `quarry_")?.split('`').next());
    let series: BTreeSet<String> = rows.map(|name| format!("quarry_{name}")).collect();
    assert!(series.len() >= 20, "{series:?}");
    series
}

/// The series that an expression reads.
fn read_by(expression: &str) -> Vec<&str> {
    let words = expression.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    words.filter(|word| word.starts_with("quarry_")).collect()
}

fn check(place: &str, expression: &str) {
    let known = series();
    for name in read_by(expression) {
        assert!(known.contains(name.trim_end_matches("_bucket")), "{place}: there is no series {name}");
    }
}

#[test]
#[ignore = "peers: promtool"]
fn promtool_takes_the_rules_and_their_tests_pass() {
    let promtool = || debian::program("promtool", &["prometheus"]);
    let output = run(promtool().args(["test", "rules"]).arg(path("prometheus/quarry.test.yaml")));
    assert!(output.status.success(), "{}", text(&output));
    // A rule that does not fire where it should is found.
    let folder = tempfile::tempdir().expect("a folder can be made");
    let rules = read("prometheus/quarry.rules.yaml");
    fs::write(folder.path().join("quarry.rules.yaml"), changed(&rules, "> 0.05", "> 5")).expect("written");
    fs::copy(path("prometheus/quarry.test.yaml"), folder.path().join("quarry.test.yaml")).expect("copied");
    let output = run(promtool().args(["test", "rules"]).arg(folder.path().join("quarry.test.yaml")));
    assert!(!output.status.success() && text(&output).contains("QuarryErrors"), "{}", text(&output));
}

#[test]
#[ignore = "peers: promtool, Python"]
fn rules_and_dashboard_read_series_that_exist() {
    let rules = &super::tools::documents(&read("prometheus/quarry.rules.yaml"))[0];
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    assert!(rules.len() >= 8, "{rules:?}");
    let tests = read("prometheus/quarry.test.yaml");
    for rule in rules {
        let name = rule["alert"].as_str().expect("a name");
        check(name, rule["expr"].as_str().expect("an expression"));
        assert!(
            tests.matches(&format!("alertname: {name}")).count() >= 2,
            "{name} has no test that it fires, and does not"
        );
    }
    let dashboard: Value = serde_json::from_str(&read("grafana/quarry.json")).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let expressions: Vec<&str> = targets.filter_map(|target| target["expr"].as_str()).collect();
    assert!(expressions.len() >= 12, "{expressions:?}");
    for expression in &expressions {
        check("the dashboard", expression);
    }
    // Grafana's variables stand for what promtool can parse.
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("dashboard.yaml");
    let parsed = expressions.iter().enumerate().map(|(number, expression)| {
        let plain = expression.replace("$instance", ".*").replace("$__rate_interval", "5m");
        format!("      - record: panel:{number}\n        expr: {plain:?}\n")
    });
    let rules: String = parsed.collect();
    fs::write(&file, format!("groups:\n  - name: dashboard\n    rules:\n{rules}")).expect("written");
    let output = run(debian::program("promtool", &["prometheus"]).args(["check", "rules"]).arg(&file));
    assert!(output.status.success(), "{}", text(&output));
}
