//! The host's parser and mask, and the provider's merge, together: hiding what is none of the provider's business changes nothing of
//! what the provider makes of the rest, and a mistake has the position that it has in the text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use quarry_config::{ConfigFile, Environment, PROVIDER_PATHS, PROVIDER_VARIABLES, layers, of_variables, unmasked};
use quarry_conformance::provider::Providers as _;
use quarry_contract::config::{Layer, Merged, Problem, Severity};
use quarry_guest::identity;
use quarry_tests::native::Native;
use serde_json::Value;

fn set<'n>(names: &[&'n str]) -> BTreeSet<&'n str> {
    names.iter().copied().collect()
}

fn merge(layers: &[Layer]) -> Result<Merged, Vec<Problem>> {
    Native.fresh().and_then(|mut provider| provider.merge(layers)).expect("no panic")
}

/// The layer of a file as the provider gets it. The further members of `params` are those that cases make up.
fn masked(text: &str) -> Result<Layer, String> {
    let identity = Native.fresh().and_then(|mut provider| provider.identify()).expect("no panic");
    let file = ConfigFile::with_text("quarry.json5", text);
    let params = ["service_teir".to_owned(), "extra".to_owned()];
    let mut layers =
        layers(Some(&file), &Environment::default(), &[], &identity, &params).map_err(|error| error.to_string())?;
    Ok(layers.remove(0))
}

#[test]
fn the_host_shows_what_the_embedded_provider_asks_for() {
    assert_eq!(set(PROVIDER_PATHS), set(identity::CONFIG_PATHS));
    assert_eq!(set(PROVIDER_VARIABLES), set(identity::VARIABLES));
}

#[test]
fn masked_layers_merge_as_the_layers_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/cases/merge");
    let mut changed = 0;
    let mut cases = 0;
    for entry in fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("readable");
        let case: Value = serde_json::from_str(&text).expect("a case is JSON");
        let (mut shown, mut all) = (Vec::new(), Vec::new());
        for layer in case["given"]["layers"].as_array().into_iter().flatten() {
            let member = |name: &str| layer[name].as_str().unwrap_or_default().to_owned();
            if let Some(variables) = layer["variables"].as_object() {
                let variables =
                    variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
                let variables = of_variables(variables);
                shown.extend(variables.clone());
                all.extend(variables);
                continue;
            }
            let lines = layer["json5"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let text = lines.collect::<Vec<_>>().join("\n");
            let (name, source) = (member("name"), member("source"));
            all.push(unmasked(&name, &source, &text).expect("JSON5"));
            shown.push(Layer { name, source, ..masked(&text).expect("JSON5") });
        }
        assert_eq!(merge(&shown), merge(&all), "{}: {shown:#?}", path.display());
        changed += usize::from(shown != all);
        cases += 1;
    }
    assert!(cases > 20 && changed > 5, "{changed} of {cases} cases have something to hide");
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
fn nothing_that_is_cut_off_or_damaged_makes_it_panic() {
    let mut merged = 0;
    let mut check = |text: &str| {
        if let Ok(layer) = masked(text) {
            let _ = merge(&[layer]);
            merged += 1;
        }
    };
    for end in 0..WHOLE.len() {
        check(&WHOLE[..end]);
        for damage in ["\"", "[", "}", ":", "\\", "é", "\0", "/*"] {
            check(&format!("{}{damage}{}", &WHOLE[..end], &WHOLE[end + 1..]));
        }
    }
    assert!(merged > 500, "{merged} were JSON5");
}

#[test]
fn every_value_of_the_wrong_kind_is_found_at_its_own_place() {
    // Each text value of the whole configuration, replaced by a list: one error, and at that place.
    let ours = WHOLE.find("models").expect("the text has it");
    let mut replaced = 0;
    let mut rest = ours;
    while let Some(start) = WHOLE[rest..].find(": '").map(|at| rest + at + 2) {
        let end = start + 1 + WHOLE[start + 1..].find('\'').expect("strings are closed") + 1;
        let text = format!("{}[{{}}]{}", &WHOLE[..start], &WHOLE[end..]);
        let problems = merge(&[masked(&text).expect("JSON5")]).expect_err(&text);
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        let line = WHOLE[..start].matches('\n').count() + 1;
        let begin_of_line = WHOLE[..start].rfind('\n').map_or(0, |at| at + 1);
        let first = errors[0];
        let place = (first.place.line as usize, first.place.column as usize);
        assert_eq!(place, (line, start - begin_of_line + 1), "{text}");
        assert!(!first.path.is_empty() && !first.expected.is_empty());
        replaced += 1;
        rest = end;
    }
    assert!(replaced >= 10, "{replaced}");
}

#[test]
fn a_text_that_looks_like_a_secret_is_ignored_with_a_warning() {
    let key = "sk-0123456789hunter2";
    let text = format!(
        "{{ models: {{ providers: {{ bedrock: {{ models: [{{ id: 'a', name: '{key}' }}, {{ id: '{key}' }}] }} }} }} }}"
    );
    let merged = merge(&[masked(&text).expect("JSON5")]).expect("warnings alone");
    assert_eq!(merged.settings.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["a"]);
    let warnings: Vec<String> =
        merged.warnings.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
    assert_eq!(
        warnings,
        [
            "models.providers.bedrock.models[0].name: name looks like a secret, which no provider sees; it is ignored",
            "models.providers.bedrock.models[1].id: id looks like a secret, which no provider sees; it is ignored",
        ]
    );
}
