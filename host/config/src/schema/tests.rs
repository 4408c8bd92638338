use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::ConfigFile;
use super::super::gateway::{GatewayConfig, effective_values};
use super::{Kind, Setting, awaiting_restart, names_below, schema, settings};

/// What only the gateway reads, outside lists.
fn own() -> impl Iterator<Item = &'static Setting> {
    settings().iter().filter(|setting| setting.path.starts_with("quarry.") && !setting.path.contains("[]"))
}

/// Whether the gateway can use a configuration with one setting in it, beside others that it needs.
fn can_be_used(path: &str, value: &Value) -> bool {
    let mut document = match path {
        // The longest wait is not shorter than the first.
        "quarry.retry.baseMilliseconds" => json!({ "quarry": { "retry": { "mostMilliseconds": 600_000 } } }),
        "quarry.retry.mostMilliseconds" => json!({ "quarry": { "retry": { "baseMilliseconds": 1 } } }),
        _ => json!({}),
    };
    path.split('.').fold(&mut document, |at, name| &mut at[name]).clone_from(value);
    let file = ConfigFile::with_text("schema.json5", document.to_string());
    GatewayConfig::read(Some(&file)).is_ok()
}

#[test]
fn every_setting_of_the_gateway_has_a_row() {
    let rows: BTreeSet<&str> = own().map(|setting| setting.path).filter(|path| !path.ends_with(".headers")).collect();
    let values = effective_values(&GatewayConfig::default());
    let read: BTreeSet<&str> = values.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(rows, read);
    let unique: BTreeSet<&str> = settings().iter().map(|setting| setting.path).collect();
    assert_eq!(unique.len(), settings().len());
    assert_eq!(names_below("quarry.keys[]"), ["name", "hash", "models", "concurrency", "requestsPerMinute", "burst"]);
}

#[test]
fn the_bounds_are_those_that_are_read() {
    let mut checked = 0;
    for Setting { path, kind, .. } in own() {
        let (inside, outside) = match *kind {
            Kind::Whole(least, most) => (
                vec![json!(least), json!(most)],
                vec![least.checked_sub(1).map_or_else(|| json!(-1), |below| json!(below)), json!(most + 1), json!("1")],
            ),
            Kind::Number(least, most) => {
                (vec![json!(least), json!(most)], vec![json!(least - 0.0005), json!(most + 1.0), json!(true)])
            }
            Kind::Flag => (vec![json!(true), json!(false)], vec![json!("true")]),
            Kind::OneOf(words) => (words.iter().map(|word| json!(word)).collect(), vec![json!("other"), json!(1)]),
            Kind::Texts(_) => (vec![json!([])], vec![json!("a"), json!([1])]),
            Kind::Names => (vec![json!({}), json!({ "x-a": "b" })], vec![json!([]), json!({ "x-a": 1 })]),
            Kind::Text | Kind::Object | Kind::ModelChoice => (vec![], vec![json!(1), json!([])]),
        };
        for value in inside {
            assert!(can_be_used(path, &value), "{path}: {value} is refused");
        }
        for value in outside {
            assert!(!can_be_used(path, &value), "{path}: {value} is taken");
        }
        checked += 1;
    }
    assert!(checked >= 30, "{checked} settings");
    assert!(!can_be_used("quarry.limits.magic", &json!(1)) && !can_be_used("quarry.magic", &json!(1)));
}

#[test]
fn the_schema_has_every_setting_with_its_default() {
    let schema = schema();
    let at = |path: &str| path.split('/').fold(&schema, |at, name| &at[name]).clone();
    let limits = at("properties/quarry/properties/limits");
    assert_eq!(limits["additionalProperties"], json!(false));
    assert_eq!(limits["properties"]["bodyBytes"]["default"], json!(32 << 20));
    let models = at("properties/models/properties/providers/properties/bedrock/properties/models/items");
    assert_eq!(models["properties"]["cost"]["properties"]["input"]["type"], "number");
    let alias = at("properties/agents/properties/defaults/properties/models/additionalProperties/properties/alias");
    assert_eq!(alias["type"], "string");
    let plugin = at("properties/plugins/properties/entries/properties/amazon-bedrock/properties/config/properties");
    assert_eq!(plugin["discovery"]["properties"]["refreshInterval"]["default"], 3600);
    for setting in settings() {
        assert!(!setting.about.is_empty() && !setting.about.ends_with('.'), "{}", setting.path);
    }
}

#[test]
fn what_waits_for_a_restart_is_what_changed_and_is_marked_so() {
    let read = |quarry: &Value| {
        let file = ConfigFile::with_text("restart.json5", json!({ "quarry": quarry }).to_string());
        GatewayConfig::read(Some(&file)).unwrap_or_else(|problems| panic!("{quarry}: {problems:?}"))
    };
    let tls = |certificate: &str, key: &str, authorities: &str| json!({ "tls": { "certificate": certificate, "key": key, "clientAuthorities": authorities } });
    let header = |value: &str| json!({ "otlp": { "headers": { "x-key": value } } });
    let mut all: BTreeSet<&str> =
        settings().iter().filter(|setting| setting.restarts).map(|setting| setting.path).collect();
    for (before, after, waiting) in [
        (json!({}), json!({ "listen": "127.0.0.1:1" }), "quarry.listen"),
        (tls("a", "b", "c"), tls("d", "b", "c"), "quarry.tls.certificate"),
        (tls("a", "b", "c"), tls("a", "d", "c"), "quarry.tls.key"),
        (tls("a", "b", "c"), tls("a", "b", "d"), "quarry.tls.clientAuthorities"),
        (
            json!({}),
            json!({ "limits": { "connections": 7, "bodyBytes": 4096, "headerSeconds": 3 } }),
            "quarry.limits.connections",
        ),
        (json!({}), json!({ "provider": { "watch": "a", "drainSeconds": 3 } }), "quarry.provider.watch"),
        (json!({}), json!({ "log": { "format": "json", "prompts": true } }), "quarry.log.format"),
        (json!({}), json!({ "metrics": { "listen": "127.0.0.1:1" } }), "quarry.metrics.listen"),
        (
            json!({ "otlp": { "endpoint": "http://a" } }),
            json!({ "otlp": { "endpoint": "http://b" } }),
            "quarry.otlp.endpoint",
        ),
        (json!({ "otlp": {} }), json!({ "otlp": { "signals": ["traces"] } }), "quarry.otlp.signals"),
        (header("a secret"), header("another"), "quarry.otlp.headers"),
    ] {
        assert_eq!(awaiting_restart(&read(&before), &read(&after)), [waiting], "{before} {after}");
        assert!(awaiting_restart(&read(&after), &read(&after)).is_empty(), "{after}");
        assert!(all.remove(waiting), "{waiting} is not marked");
    }
    assert!(all.is_empty(), "nothing shows that these are told: {all:?}");
}
