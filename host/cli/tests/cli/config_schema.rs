//! `quarry config schema`, held against what the provider takes. The gateway's own part is held by the tests beside the table.

use quarry_config::schema::{Kind, Setting, settings};
use serde_json::{Value, json};

use crate::support::Quarry;

/// What the provider reads. A list's element is the first, any name is a model's.
fn of_the_provider() -> Vec<(&'static Setting, Vec<String>)> {
    let rows = settings().iter().filter(|setting| !setting.path.starts_with("quarry."));
    let path = |setting: &Setting| -> Vec<String> {
        let names = setting.path.split('.').flat_map(|name| match name.strip_suffix("[]") {
            Some(list) => vec![list.to_owned(), "0".to_owned()],
            None if name == "*" => vec!["amazon-bedrock/us.amazon.nova-pro-v1:0".to_owned()],
            None => vec![name.to_owned()],
        });
        names.collect()
    };
    rows.map(|setting| (setting, path(setting))).collect()
}

/// A configuration with a value for each setting.
fn document(value: impl Fn(&Setting) -> Value) -> String {
    let mut document = json!({});
    for (setting, path) in of_the_provider() {
        let place = path.iter().fold(&mut document, |at, name| match name.as_str() {
            "0" => {
                if at.is_null() {
                    *at = json!([null]);
                }
                &mut at[0]
            }
            name => &mut at[name],
        });
        *place = value(setting);
    }
    document.to_string()
}

fn right(setting: &Setting) -> Value {
    let name = setting.path.rsplit('.').next().unwrap_or_default();
    match setting.kind {
        Kind::Flag => json!(true),
        Kind::OneOf(words) => json!(words[0]),
        Kind::Texts([]) => json!(["amazon"]),
        Kind::Texts(words) => json!(words),
        Kind::Whole(least, _) => json!(least),
        Kind::Number(least, _) => json!(least),
        Kind::Names => json!({ "x-tenant": "blue" }),
        Kind::Object => json!({ "temperature": 0.5 }),
        Kind::ModelChoice => json!({ "primary": "amazon-bedrock/us.amazon.nova-pro-v1:0", "fallbacks": [] }),
        Kind::Text => json!(match name {
            "baseUrl" => "https://bedrock-runtime.us-east-1.amazonaws.com",
            "region" => "us-east-1",
            "guardrailIdentifier" => "abc123def456",
            "guardrailVersion" => "1",
            "id" => "us.amazon.nova-lite-v1:0",
            _ => "a-text",
        }),
    }
}

fn wrong(setting: &Setting) -> Value {
    match setting.kind {
        Kind::OneOf(_) => json!("no-such-word"),
        Kind::Text | Kind::Texts(_) | Kind::Names | Kind::Object | Kind::ModelChoice => json!(7),
        Kind::Flag | Kind::Whole(..) | Kind::Number(..) => json!("no number"),
    }
}

#[test]
fn the_provider_takes_what_the_schema_has_and_nothing_else() {
    let quarry = Quarry::new().file("right.json5", document(right)).file("wrong.json5", document(wrong));
    let taken = quarry.run(&["config", "validate", "--config", "right.json5"]);
    assert!(taken.code == Some(0) && !taken.stderr.contains("warning"), "{taken:?}");
    let refused = quarry.run(&["config", "validate", "--config", "wrong.json5"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for (setting, path) in of_the_provider() {
        let name = path.last().expect("a path has a name");
        let line = |line: &str| line.contains(&format!("{name}: ")) || line.contains(&format!("{name}` "));
        assert!(format!("{}{}", refused.stdout, refused.stderr).lines().any(line), "{}: {refused:?}", setting.path);
    }
}

#[test]
fn the_command_prints_the_schema() {
    let printed = Quarry::new().run(&["config", "schema"]);
    let schema: Value = serde_json::from_str(&printed.succeeded().stdout).expect("it is JSON");
    assert_eq!(schema, quarry_config::schema::schema());
}
