//! The host's mask and the provider's merge, together: hiding what is none of the provider's business changes nothing of
//! what the provider makes of the rest, nor of what it has to say about mistakes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use quarry::config::mask::Mask;
use quarry::config::{PROVIDER_PATHS, PROVIDER_VARIABLES};
use quarry_guest::contract::config::{Layer, LayerContent};
use quarry_guest::{identity, merge};
use serde_json::Value;

fn set<'n>(names: &[&'n str]) -> BTreeSet<&'n str> {
    names.iter().copied().collect()
}

#[test]
fn the_host_shows_what_the_embedded_provider_asks_for() {
    assert_eq!(set(PROVIDER_PATHS), set(identity::CONFIG_PATHS));
    assert_eq!(set(PROVIDER_VARIABLES), set(identity::VARIABLES));
}

#[test]
fn masked_layers_merge_as_the_layers_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/cases/merge");
    let wanted: Vec<String> = PROVIDER_PATHS.iter().map(|path| (*path).to_owned()).collect();
    // The members of `params` that cases make up are those that nobody knows.
    let mask = Mask::for_provider(&wanted, &["service_teir".to_owned(), "extra".to_owned()]);
    let mut changed = 0;
    let mut cases = 0;
    for entry in fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("readable");
        let case: Value = serde_json::from_str(&text).expect("a case is JSON");
        let layers: Vec<Layer> = members(&case["given"]["layers"]).iter().map(layer).collect();
        let masked: Vec<Layer> = layers.iter().map(|layer| masked(layer, &mask)).collect();
        assert_eq!(merge::merge(&masked), merge::merge(&layers), "{}: {masked:#?}", path.display());
        changed += usize::from(format!("{masked:?}") != format!("{layers:?}"));
        cases += 1;
    }
    assert!(cases > 20 && changed > 5, "{changed} of {cases} cases have something to hide");
}

fn members(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn layer(layer: &Value) -> Layer {
    let content = match layer["variables"].as_object() {
        Some(variables) => {
            LayerContent::Variables(variables.iter().map(|(name, value)| (name.clone(), text(value))).collect())
        }
        None => LayerContent::Json5(members(&layer["json5"]).iter().map(text).collect::<Vec<_>>().join("\n")),
    };
    Layer { name: text(&layer["name"]), source: text(&layer["source"]), content }
}

fn masked(layer: &Layer, mask: &Mask) -> Layer {
    let content = match &layer.content {
        LayerContent::Json5(text) => LayerContent::Json5(mask.apply(text)),
        LayerContent::Variables(variables) => LayerContent::Variables(variables.clone()),
    };
    Layer { content, ..layer.clone() }
}
