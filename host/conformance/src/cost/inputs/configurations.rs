//! Configurations with much of something.

use super::{Input, Kind, joined};
use crate::config::{of_variables, unmasked};
use crate::contract::config::Layer;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "merge/models",
        input: |n| {
            provider(&format!(
                "models:[{}]",
                joined(n, |i| format!("{{id:\"vendor.model-{i:05}\",name:\"Model {i:05}\"}}"))
            ))
        },
    },
    Kind {
        name: "merge/models-of-one-id",
        input: |n| provider(&format!("models:[{}]", joined(n, |_| "{id:\"vendor.model\"}".to_owned()))),
    },
    Kind { name: "merge/model-parameters", input: model_parameters },
    Kind {
        name: "merge/headers",
        input: |n| provider(&format!("headers:{{{}}}", joined(n, |i| format!("\"x-tenant-{i:05}\":\"{i:05}\"")))),
    },
    Kind { name: "merge/unknown-members", input: |n| provider(&joined(n, |i| format!("member{i:05}:{i}"))) },
    Kind { name: "merge/repeated-members", input: |n| provider(&joined(n, |_| "auth:\"aws-sdk\"".to_owned())) },
    Kind { name: "merge/wrong-values", input: |n| provider(&format!("models:[{}]", joined(n, |_| "7".to_owned()))) },
    Kind {
        name: "merge/other-providers",
        input: |n| file(&format!("{{models:{{providers:{{{}}}}}}}", joined(n, |i| format!("\"other-{i:05}\":{{}}")))),
    },
    Kind { name: "merge/aliases", input: aliases },
    Kind { name: "merge/parameters-of-a-long-name", input: long_name },
    Kind {
        name: "merge/provider-filter",
        input: |n| {
            file(&format!(
                "{{models:{{bedrockDiscovery:{{providerFilter:[{}]}}}}}}",
                joined(n, |i| format!("\"vendor {i:05}\""))
            ))
        },
    },
    Kind {
        name: "merge/text",
        input: |n| file(&format!("{{models:{{providers:{{other:\"{}\"}}}}}}", "x\\n".repeat(32 * n))),
    },
    Kind { name: "merge/layers", input: |n| Input::Layers((0..n).map(|_| layer("{models:{}}")).collect()) },
    Kind { name: "merge/variables", input: variables },
];

fn file(text: &str) -> Input {
    Input::Layers(vec![layer(text)])
}

fn layer(text: &str) -> Layer {
    let nothing = |_| Layer { name: "file".to_owned(), source: "quarry.json5".to_owned(), entries: Vec::new() };
    unmasked("file", "quarry.json5", text).unwrap_or_else(nothing)
}

fn provider(members: &str) -> Input {
    file(&format!("{{models:{{providers:{{\"amazon-bedrock\":{{{members}}}}}}}}}"))
}

fn model_parameters(count: usize) -> Input {
    let params = joined(count, |index| format!("p{index:05}:{index}"));
    let models =
        format!("models:{{providers:{{\"amazon-bedrock\":{{models:[{{id:\"vendor.model\",params:{{{params}}}}}]}}}}}}");
    let agents = format!("agents:{{defaults:{{models:{{\"amazon-bedrock/vendor.model\":{{params:{{{params}}}}}}}}}}}");
    file(&format!("{{{models},{agents}}}"))
}

fn aliases(count: usize) -> Input {
    let models =
        joined(count, |index| format!("\"amazon-bedrock/vendor.model-{index:05}\":{{alias:\"Alias {index:05}\"}}"));
    let fallbacks = joined(count, |index| format!("\"alias {index:05}\""));
    file(&format!("{{agents:{{defaults:{{model:{{fallbacks:[{fallbacks}]}},models:{{{models}}}}}}}}}"))
}

fn long_name(count: usize) -> Input {
    let params = joined(count, |index| format!("p{index:05}:{index}"));
    let name = "n".repeat(8 * count);
    file(&format!("{{agents:{{defaults:{{models:{{\"amazon-bedrock/{name}\":{{params:{{{params}}}}}}}}}}}}}"))
}

fn variables(count: usize) -> Input {
    Input::Layers(of_variables((0..count).map(|index| (format!("NAME_{index:05}"), "value".to_owned()))))
}
