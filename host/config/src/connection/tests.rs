//! What the layers come to. `cases` has a file a case: layers, and values with their places or all the problems.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::Value;

use super::settle::{Layer, settle};
use super::{ConnectionConfig, document, variables};
use crate::Environment;
use crate::contract::config::{Problem, Severity};
use crate::document::Document;
use crate::json::problem::{ConfigProblemForm, place};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    layers: Vec<LayerOfCase>,
    /// Value and place by path; absent where there is no connection.
    values: Option<BTreeMap<String, (Value, String)>>,
    /// The problems; warnings where there are values.
    #[serde(default)]
    problems: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerOfCase {
    name: String,
    #[serde(default)]
    source: String,
    json5: Option<Vec<String>>,
    variables: Option<BTreeMap<String, String>>,
}

impl LayerOfCase {
    fn read(&self) -> Layer {
        match (&self.json5, &self.variables) {
            (Some(lines), None) => of_text(&self.name, &self.source, &lines.join("\n")),
            (None, Some(set)) => variables::read(&Environment::from_iter(set.clone())),
            _ => panic!("a layer has either `json5` or `variables`"),
        }
    }
}

/// What the connection reads of a layer: nothing where it is no JSON5.
fn of_text(layer: &str, source: &str, text: &str) -> Layer {
    document::read(layer, source, &Document::parse(text).unwrap_or_default())
}

fn forms(problems: &[Problem]) -> Vec<Value> {
    let form = |problem: &Problem| serde_json::to_value(ConfigProblemForm::from(problem.clone())).expect("JSON");
    problems.iter().map(form).collect()
}

fn of_file(text: &str) -> Result<ConnectionConfig, Vec<Problem>> {
    settle(vec![of_text("file", "quarry.json5", text)], None)
}

fn of_variables(variables: &[(&str, &str)], profile: Option<&str>) -> Result<ConnectionConfig, Vec<Problem>> {
    settle(vec![variables::read(&variables.iter().copied().collect())], profile.map(str::to_owned))
}

#[test]
fn every_case_comes_to_its_values_or_problems() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/connection/cases");
    let mut run = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a file");
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let about = format!("{}: {}", path.display(), case.about);
        match (settle(case.layers.iter().map(LayerOfCase::read).collect(), None), case.values) {
            (Ok(connection), Some(values)) => {
                let found =
                    connection.values().into_iter().map(|(path, found)| (path, (found.value, place(&found.place))));
                assert_eq!(found.collect::<BTreeMap<_, _>>(), values, "{about}");
                assert_eq!(forms(&connection.warnings), case.problems, "{about}");
            }
            (Err(problems), None) => assert_eq!(forms(&problems), case.problems, "{about}"),
            (Ok(_), None) => panic!("{about}: there is a connection"),
            (Err(problems), Some(_)) => panic!("{about}: {:#?}", forms(&problems)),
        }
        run += 1;
    }
    assert!(run >= 32, "{run}");
}

#[test]
fn a_region_that_is_none_is_an_error_and_a_slip_a_warning() {
    let file = |region: &str| of_file(&format!("{{models: {{bedrockDiscovery: {{region: '{region}'}}}}}}"));
    for (region, expected) in [
        ("us-east1", "did you mean `us-east-1`?"),
        ("eu_central_1", "did you mean `eu-central-1`?"),
        ("mars", "an AWS region, such as `us-east-1`"),
        ("attacker.example", "an AWS region, such as `us-east-1`"),
        ("us-east-1.evil", "an AWS region, such as `us-east-1`"),
        ("us-east-1/", "did you mean `us-east-1`?"),
    ] {
        let problems = file(region).expect_err(region);
        assert_eq!(problems[0].message, format!("region is {region:?}, which is not an AWS region"));
        assert_eq!(problems[0].expected, expected, "{region}");
        let problems = of_variables(&[("AWS_REGION", region)], None).expect_err(region);
        assert_eq!(problems[0].message, format!("AWS_REGION is {region:?}, which is not an AWS region"));
        let problems = of_variables(&[], Some(region)).expect_err(region);
        assert_eq!(problems[0].place.layer, super::SHARED_CONFIG_LAYER);
    }
    let slip = file("us-esat-1").expect("it could be a region");
    assert_eq!(slip.region.value.as_str(), "us-esat-1");
    assert_eq!(
        (slip.warnings[0].severity, &*slip.warnings[0].expected),
        (Severity::Warning, "did you mean `us-east-1`?")
    );
    assert_eq!(file("us-east-7").expect("a region").warnings, []);
}

#[test]
fn the_profile_counts_where_nothing_else_names_a_region() {
    let region = |variables: &[(&str, &str)], profile| {
        let connection = of_variables(variables, profile).expect("no problem");
        (connection.region.value.to_string(), connection.region.place.layer)
    };
    let of = |region: &str, layer: &str| (region.to_owned(), layer.to_owned());
    assert_eq!(region(&[], Some("eu-west-1")), of("eu-west-1", super::SHARED_CONFIG_LAYER));
    assert_eq!(region(&[], None), of("us-east-1", super::DEFAULTS_LAYER));
    let both = [("AWS_DEFAULT_REGION", "eu-north-1"), ("AWS_REGION", "eu-west-3")];
    assert_eq!(region(&both[..1], Some("eu-west-1")), of("eu-north-1", "environment"));
    assert_eq!(region(&both, Some("mars")), of("eu-west-3", "environment"));
}

#[test]
fn headers_and_key_are_read_and_higher_layers_win() {
    let file = "\u{feff}{models: {providers: {bedrock: {apiKey: 'alias', headers: {'X-A': '1', 'X-B': '2'}},
            'amazon-bedrock': {apiKey: ' key ', headers: {'x-b': 'two'}}}}}";
    let flags = r#"{"models":{"providers":{"amazon-bedrock":{"apiKey":"other"}}}}"#;
    let read = |texts: &[&str]| {
        let layers = texts.iter().map(|text| of_text("file", "", text)).collect();
        let connection = settle(layers, None).expect("no problem");
        let headers = connection
            .headers
            .iter()
            .map(|found| (found.value.name.clone(), found.value.value.expose_secret().to_owned()));
        (headers.collect::<Vec<_>>(), connection.bearer_token.map(|token| token.expose_secret().to_owned()))
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(read(&[file]), (vec![pair("X-A", "1"), pair("x-b", "two")], Some("key".to_owned())));
    assert_eq!(read(&[file, flags]).1.as_deref(), Some("other"));
    assert_eq!(read(&[file, "{models: "]).1.as_deref(), Some("key"));
    for marker in ["AWS_PROFILE", "<authenticated>", "", " "] {
        let text = format!("{{models: {{providers: {{'amazon-bedrock': {{apiKey: '{marker}'}}}}}}}}");
        assert_eq!(read(&[&text]).1, None, "{marker}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let text =
        "{models: {providers: {'amazon-bedrock': {apiKey: 'hunter2', headers: {a: 'hunter3', b: 'hunter\\n4'}}}}}";
    let problems = of_file(text).expect_err("a header's value has a line break");
    assert!(!format!("{problems:?}").contains("hunter"), "{problems:?}");
    assert_eq!(problems[0].path, "models.providers.amazon-bedrock.headers.b");
    let shown = format!("{:?}", of_file(&text.replace("\\n", "")).expect("no problem"));
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn nothing_that_is_cut_off_makes_it_panic_and_deep_text_is_left_to_the_provider() {
    let text =
        "{models: {providers: {bedrock: {baseUrl: 'https://a.example', headers: {é: 'ü'}, auth: 5}}}, plugins: {}}";
    for (end, _) in text.char_indices() {
        let _ = of_file(&text[..end]);
    }
    assert!(of_file(&"{a:".repeat(100_000)).is_ok());
}
