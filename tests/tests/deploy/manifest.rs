//! The manifest for Kubernetes, taken apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::gateway::{CONFIG, Deployed};
use super::tools::documents;

/// The documents of `deploy/kubernetes.yaml`.
pub(super) struct Manifest(Vec<Value>);

impl Manifest {
    pub(super) fn read() -> Self {
        Manifest(documents(&super::read("kubernetes.yaml")))
    }

    /// The document of a kind; there is one.
    pub(super) fn of_kind(&self, kind: &str) -> &Value {
        let found: Vec<&Value> = self.0.iter().filter(|document| document["kind"] == kind).collect();
        assert_eq!(found.len(), 1, "documents of kind {kind}");
        found[0]
    }

    pub(super) fn kinds(&self) -> Vec<&str> {
        self.0.iter().map(|document| text(&document["kind"])).collect()
    }

    /// The pods' specification.
    pub(super) fn pod(&self) -> &Value {
        &self.of_kind("Deployment")["spec"]["template"]["spec"]
    }

    /// Their only container.
    pub(super) fn container(&self) -> &Value {
        let containers = list(&self.pod()["containers"]);
        assert_eq!(containers.len(), 1);
        &containers[0]
    }

    /// The gateway's configuration.
    pub(super) fn configuration(&self) -> &str {
        text(&self.of_kind("ConfigMap")["data"]["config.json5"])
    }

    /// What the configuration names as the provider.
    pub(super) fn pinned(&self) -> &str {
        let (_, rest) = self.configuration().split_once("component: \"").expect("the configuration names a provider");
        rest.split('"').next().unwrap_or_default()
    }

    /// The gateway as a pod runs it. The provider is the embedded one: the registry of an example answers nobody.
    pub(super) fn deployed(&self) -> Deployed {
        let configuration = self.configuration().replace(self.pinned(), "embedded");
        Deployed {
            arguments: list(&self.container()["args"]).iter().map(|argument| text(argument).to_owned()).collect(),
            environment: self.environment(),
            writable: self.mounts(false),
            // What the kubelet gives an `emptyDir` with an `fsGroup`, whatever it stands on: everybody may write there.
            mode: 0o2777,
            configuration,
        }
    }

    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let pair = |variable: &Value| (text(&variable["name"]).to_owned(), text(&variable["value"]).to_owned());
        list(&self.container()["env"]).iter().map(pair).collect()
    }

    /// Where volumes are mounted that can, or cannot, be read only.
    pub(super) fn mounts(&self, read_only: bool) -> Vec<String> {
        let mounts = list(&self.container()["volumeMounts"]).iter();
        let mounts = mounts.filter(|mount| mount["readOnly"].as_bool().unwrap_or_default() == read_only);
        mounts.map(|mount| text(&mount["mountPath"]).to_owned()).collect()
    }

    /// The volume that is mounted at a folder.
    pub(super) fn volume_at(&self, folder: &str) -> &Value {
        let mount = list(&self.container()["volumeMounts"]).iter().find(|mount| mount["mountPath"] == folder);
        let mount = mount.unwrap_or_else(|| panic!("nothing is mounted at {folder}"));
        let volume = list(&self.pod()["volumes"]).iter().find(|volume| volume["name"] == mount["name"]);
        volume.unwrap_or_else(|| panic!("there is no volume {}", mount["name"]))
    }

    /// The ConfigMap that is mounted where the configuration is read.
    pub(super) fn config_volume(&self) -> &Value {
        let folder = CONFIG.rsplit_once('/').expect("it lies in a folder").0;
        &self.volume_at(folder)["configMap"]
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

pub(super) fn seconds(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number of seconds"))
}
