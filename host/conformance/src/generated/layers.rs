//! Layers of configuration.

use super::models::Models;
use super::{Generated, generated};
use crate::config::{of_variables, unmasked};
use crate::contract::config::Layer;
use crate::cost::inputs::Input;

/// A file with every member that OpenClaw's configuration is known to have for Bedrock.
const WHOLE: &str = r#"{
  // A comment.
  models: {
    providers: { "amazon-bedrock": {
      baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com', api: "bedrock-converse-stream", auth: "aws-sdk",
      cacheRetention: "long", headers: { "x-tenant": "a" },
      models: [{ id: "us.anthropic.claude-opus-5", name: "Opus", reasoning: true, input: ["text", "image"],
        cost: { input: 5, output: 25, cacheRead: .5, cacheWrite: 6.25,
          tiers: [{ inputTokensAbove: 200000, input: 10, output: 37.5, cacheRead: 1, cacheWrite: 12.5 }] },
        contextWindow: 1000000, maxTokens: 128000, params: { temperature: 0.5, thinking: "high" } }],
    } },
    bedrockDiscovery: { enabled: true, region: "eu-west-1", providerFilter: ["Meta", " anthropic "],
      refreshInterval: 90.9, defaultContextWindow: 64000.5, defaultMaxTokens: 8192 },
  },
  agents: { defaults: {
    model: { primary: "amazon-bedrock/us.anthropic.claude-opus-5", fallbacks: ["small", "bedrock/amazon.nova-pro-v1:0"] },
    models: { "amazon-bedrock/amazon.nova-lite-v1:0": { alias: "small", params: { maxTokens: 100 } } },
  } },
  plugins: { entries: { "amazon-bedrock": { config: { guardrail: { guardrailIdentifier: "gr-1", guardrailVersion: "7",
    streamProcessingMode: "async", trace: "enabled" }, discovery: { enabled: false } } } } },
}"#;

/// Files of which each has one thing that is right, odd or wrong.
const FILES: &[(&str, &str)] = &[
    ("empty", ""),
    ("no-object", "[1]"),
    ("unknown-members", "{models:{providers:{'amazon-bedrock':{colour:1}},bedrockDiscovery:{colour:1}},other:{}}"),
    (
        "wrong-kinds",
        "{models:{providers:{'amazon-bedrock':{models:7,cacheRetention:1,api:[]}},bedrockDiscovery:[]},agents:3}",
    ),
    (
        "numbers-out-of-range",
        "{models:{bedrockDiscovery:{refreshInterval:-1,defaultContextWindow:0,defaultMaxTokens:1e30}}}",
    ),
    (
        "models-wrong",
        "{models:{providers:{'amazon-bedrock':{models:[{},{id:7},{id:''},{id:'a.b',input:['smell'],maxTokens:-1}]}}}}",
    ),
    ("models-twice", "{models:{providers:{'amazon-bedrock':{models:[{id:'a.b',name:'A'},{id:'a.b',name:'B'}]}}}}"),
    ("other-name-of-the-provider", "{models:{providers:{bedrock:{cacheRetention:'short'},'aws-bedrock':{}}}}"),
    ("model-as-text", "{agents:{defaults:{model:'amazon-bedrock/amazon.nova-pro-v1:0'}}}"),
    ("model-of-another-provider", "{agents:{defaults:{model:{primary:'openai/gpt-6',fallbacks:['x/y','unknown']}}}}"),
    ("guardrail-incomplete", "{plugins:{entries:{'amazon-bedrock':{config:{guardrail:{guardrailIdentifier:'gr'}}}}}}"),
    ("duplicate-members", "{models:{bedrockDiscovery:{enabled:true,enabled:false}}}"),
    ("unicode", "{models:{providers:{'amazon-bedrock':{models:[{id:'ä.ö',name:'\u{1f600}'}]}}}}"),
];

pub(super) fn all(models: &Models) -> Vec<Generated> {
    let mut inputs = Vec::new();
    let mut add =
        |name: &str, layers: Vec<Layer>| inputs.push(generated(format!("merge/{name}"), Input::Layers(layers)));
    add("nothing", Vec::new());
    add("whole", vec![file(WHOLE)]);
    FILES.iter().for_each(|(name, text)| add(name, vec![file(text)]));
    // Facts that a provider derives from a model's id show here.
    for (number, ids) in models.each.chunks(64).enumerate() {
        let listed: Vec<String> = ids.iter().map(|model| format!("{{id:{:?}}}", model.id)).collect();
        let text = format!("{{models:{{providers:{{'amazon-bedrock':{{models:[{}]}}}}}}}}", listed.join(","));
        add(&format!("models-{number}"), vec![file(&text)]);
    }
    let set = [
        ("AWS_REGION", "eu-west-1"),
        ("QUARRY_MODEL", "amazon-bedrock/amazon.nova-pro-v1:0"),
        ("QUARRY_CACHE_RETENTION", "long"),
        ("SOMETHING_ELSE", ""),
    ];
    let set = of_variables(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let flags = Layer { name: "flags".to_owned(), ..file("{models:{bedrockDiscovery:{enabled:false}}}") };
    add("environment", set.clone());
    add("three-layers", [vec![file(WHOLE)], set, vec![flags]].concat());
    inputs
}

fn file(text: &str) -> Layer {
    let nothing = |_| Layer { name: "file".to_owned(), source: "quarry.json5".to_owned(), entries: Vec::new() };
    unmasked("file", "quarry.json5", text).unwrap_or_else(nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_json5() {
        for (name, text) in FILES.iter().chain(&[("whole", WHOLE)]).filter(|(name, _)| *name != "empty") {
            assert!(!file(text).entries.is_empty(), "{name}");
        }
    }
}
