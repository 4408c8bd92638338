//! What holds for every configuration. What holds for particular ones are the cases in `guest/cases/merge`.

use super::merge;
use crate::contract::config::{Entry, EntryValue, Layer, Position, Severity};
use serde_json::Value;

/// A layer of this JSON5. Parsing is the host's, and tested there: the column of a value is its number among all.
pub(super) fn layer(name: &str, text: &str) -> Layer {
    let mut entries = Vec::new();
    if !text.trim().is_empty() {
        push(&mut entries, 0, None, &json5::from_str(text).expect("JSON5"));
    }
    Layer { name: name.to_owned(), source: String::new(), entries }
}

fn push(entries: &mut Vec<Entry>, depth: u32, name: Option<&str>, value: &Value) {
    let column = u32::try_from(entries.len() + 1).expect("few");
    let position = Position { line: 1, column };
    let content = match value {
        Value::Null => EntryValue::Null,
        Value::Bool(value) => EntryValue::Boolean(*value),
        Value::Number(value) => EntryValue::Number(value.as_f64().expect("a double")),
        Value::String(text) => EntryValue::Text(text.clone()),
        Value::Array(_) => EntryValue::List,
        Value::Object(_) => EntryValue::Object,
    };
    entries.push(Entry { depth, name: name.map(str::to_owned), name_position: position, value: content, position });
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| push(entries, depth + 1, None, element)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| push(entries, depth + 1, Some(name), value));
        }
        _ => {}
    }
}

fn file(text: &str) -> Layer {
    layer("file", text)
}

/// The layer of an environment variable.
pub(super) fn variable(name: &str, value: &str) -> Layer {
    Layer { source: name.to_owned(), ..layer("environment", &format!("{{{name}: {value:?}}}")) }
}

const WHOLE: &str = r#"// All that there is.
{
  models: {
    providers: {
      "amazon-bedrock": {
        cacheRetention: 'long',
        models: [ { id: 'a', name: 'A', params: { top_k: 5 }, cost: { input: 3 } }, { id: 'b', name: 'B', maxTokens: 9 } ],
        tyop: 1,
      },
    },
    bedrockDiscovery: { providerFilter: ['Amazon', 'anthropic '], refreshInterval: 60.9 },
  },
  agents: { defaults: { model: { primary: 'x', fallbacks: ['a'] }, models: { 'bedrock/b': { alias: 'x' } } } },
  plugins: { entries: { 'amazon-bedrock': { config: { guardrail: { guardrailIdentifier: 'g', guardrailVersion: '1', trace: 'enabled' } } } } },
}"#;

#[test]
fn merging_a_layer_twice_changes_nothing() {
    let once = merge(&[file(WHOLE)]).expect("valid");
    assert_eq!(once.warnings.len(), 1, "the misspelt member: {:?}", once.warnings);
    assert_eq!(merge(&[file(WHOLE), file(WHOLE)]).expect("valid"), once);
    let [retention, model] = [variable("QUARRY_CACHE_RETENTION", "short"), variable("QUARRY_MODEL", "b")];
    let once = merge(&[file(WHOLE), retention.clone(), model.clone()]).expect("valid");
    assert_eq!(merge(&[file(WHOLE), retention.clone(), model.clone(), retention, model]).expect("valid"), once);
}

#[test]
fn an_empty_layer_changes_nothing() {
    let alone = merge(&[file(WHOLE)]).expect("valid");
    for empty in ["", "{}", "{models: {providers: {}}, agents: {defaults: {}}}"] {
        assert_eq!(merge(&[file(WHOLE), layer("flags", empty)]).expect("valid"), alone, "{empty}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test has a clock")]
fn a_large_file_in_one_line_is_read_in_reasonable_time() {
    // In one line, with as many members, problems and models as fit: nothing may cost the square of them.
    let members: String = (0..20_000).map(|index| format!("member{index}:[],")).collect();
    let models: String = (0..5_000).map(|index| format!("{{id:'é{index}',maxTokens:{index}}},")).collect();
    let text = format!(
        "{{models:{{bedrockDiscovery:{{{members}}},providers:{{bedrock:{{models:[{models}],cacheRetention:0}}}}}}}}"
    );
    let began = std::time::Instant::now();
    let problems =
        merge(&[file(&text), file(&text)]).expect_err("cacheRetention is a number, and the first limit is 0");
    assert_eq!(problems.len(), 501);
    assert_eq!(problems[500].message, "19502 more problems follow");
    assert_eq!(problems[500].severity, Severity::Error);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn later_variables_and_layers_win() {
    let model = |values: &[&str]| {
        let layers: Vec<Layer> = values.iter().map(|value| variable("QUARRY_MODEL", value)).collect();
        merge(&layers).expect("valid").settings.default_model
    };
    assert_eq!(model(&["a", "b"]).as_deref(), Some("b"));
    assert_eq!(model(&["c", "a", "b"]).as_deref(), Some("b"));
}
