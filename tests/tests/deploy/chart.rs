//! `deploy/helm`, rendered by Helm's own library: with the values that stand there it is `deploy/kubernetes.yaml`.

use quarry_config::gateway::effective_values;
use serde_json::{Value, json};

use super::gateway::settings;
use super::kubernetes::{VERSIONS, validate};
use super::manifest::Manifest;
use super::path;
use super::tools::{documents, program, run, text};

/// The manifests that a chart makes of values; lint has nothing against it.
fn render(values: &Value) -> String {
    let script = path("../tests/deploy/render_chart.py");
    let output = run(program("python").arg(script).arg(path("helm")).arg(values.to_string()));
    assert!(output.status.success(), "{}", text(&output));
    let rendered: Value = serde_json::from_slice(&output.stdout).expect("Python writes JSON");
    assert_eq!(rendered["lint"], json!([]));
    rendered["manifests"].as_str().expect("a text").to_owned()
}

fn of_kind<'d>(documents: &'d [Value], kind: &str) -> &'d Value {
    documents.iter().find(|document| document["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

#[test]
#[ignore = "peers: Python"]
fn it_renders_the_manifest() {
    let rendered = render(&json!({}));
    for version in VERSIONS {
        assert_eq!(validate(&rendered, version), Ok(()), "{version}");
    }
    let mut rendered = documents(&rendered);
    let manifest = Manifest::read();
    let config = rendered.iter_mut().find(|document| document["kind"] == "ConfigMap").expect("there is one");
    // Another change is another name; what is in it is the same, written as JSON.
    let name = config["metadata"]["name"].as_str().expect("a name").to_owned();
    assert!(name.starts_with("quarry-config-") && name.len() == "quarry-config-".len() + 10, "{name}");
    let read = |text: &str| effective_values(&settings(text));
    assert_eq!(read(config["data"]["config.json5"].as_str().expect("a text")), read(manifest.configuration()));
    config["metadata"]["name"] = manifest.of_kind("ConfigMap")["metadata"]["name"].clone();
    config["data"] = manifest.of_kind("ConfigMap")["data"].clone();
    let deployment = rendered.iter_mut().find(|document| document["kind"] == "Deployment").expect("there is one");
    let mounted = &mut deployment["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"];
    assert_eq!(*mounted, json!(name));
    *mounted = manifest.of_kind("ConfigMap")["metadata"]["name"].clone();
    for kind in manifest.kinds() {
        assert_eq!(of_kind(&rendered, kind), manifest.of_kind(kind), "{kind}");
    }
    assert_eq!(rendered.len(), manifest.kinds().len());
}

#[test]
#[ignore = "peers: Python"]
fn values_have_their_effect() {
    let rendered = documents(&render(&json!({
        "config": {"quarry": {"drainSeconds": 60}},
        "image": {"digest": "sha256:1"},
        "networkPolicy": {"egressPorts": [4318]},
        "podMonitor": {"enabled": true},
        "roleArn": "",
    })));
    let pod = &of_kind(&rendered, "Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 15 + 60 + 15);
    assert_eq!(pod["containers"][0]["image"], "registry.example/quarry/quarry:0.1.0@sha256:1");
    assert!(of_kind(&rendered, "NetworkPolicy")["spec"]["egress"].to_string().contains("4318"));
    let scraped = &of_kind(&rendered, "PodMonitor")["spec"]["podMetricsEndpoints"];
    assert_eq!(*scraped, json!([{"port": "metrics", "path": "/metrics"}]));
    assert!(of_kind(&rendered, "ServiceAccount")["metadata"]["annotations"].is_null());
    let without = documents(&render(&json!({"networkPolicy": {"enabled": false}})));
    assert!(without.iter().all(|document| document["kind"] != "NetworkPolicy"));
    // A change of the configuration is another ConfigMap.
    assert_ne!(of_kind(&rendered, "ConfigMap")["metadata"]["name"], of_kind(&without, "ConfigMap")["metadata"]["name"]);
}
