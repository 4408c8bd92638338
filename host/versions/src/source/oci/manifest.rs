//! The artifact in a registry: its manifest and its config, as the CNCF's guidance for WebAssembly artifacts has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{OciReference, RegistryError};
use crate::provider::Digest;
use crate::signature::SIGNATURE_LIMIT;

/// Of manifests of the OCI image specification.
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// What is pushed, and what is taken besides: the type that artifacts had before there was the other.
const LAYER_TYPES: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];

/// The annotation by which clients name the file that a layer becomes.
const TITLE_ANNOTATION: &str = "org.opencontainers.image.title";

/// The annotation of the manifest whose value is the text of the component's minisign signature, all four lines.
pub const SIGNATURE_ANNOTATION: &str = "quarry.minisign.signature";

/// What the artifact's config says of the component for tools that list it: names of interfaces, such as
/// `quarry:provider/about@0.1.0`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Those that it exports.
    pub exports: Vec<String>,
    /// Those that it imports.
    pub imports: Vec<String>,
}

/// A blob that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    /// In bytes.
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    fn of(media_type: &str, bytes: &[u8]) -> Self {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: format!("{:?}", Digest::of(bytes)),
            size: bytes.len() as u64,
            annotations: None,
        }
    }
}

/// A manifest. Members that nothing here needs are left out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<String, String>>,
}

/// What a manifest says of a component.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Artifact {
    pub(super) component: Digest,
    /// In bytes.
    pub(super) size: u64,
    pub(super) signature: Option<String>,
}

impl Artifact {
    /// Reads a manifest. `content_type` is the answer's, for manifests that do not say what they are.
    pub(super) fn read(reference: &OciReference, content_type: &str, text: &[u8]) -> Result<Self, RegistryError> {
        let something_else = |reason: String| RegistryError::MediaType { reference: reference.to_string(), reason };
        let senseless = |reason: String| RegistryError::Protocol { reference: reference.to_string(), reason };
        let manifest: Manifest =
            serde_json::from_slice(text).map_err(|error| senseless(format!("the manifest cannot be read: {error}")))?;
        let media_type = manifest.media_type.as_deref().unwrap_or(content_type);
        if media_type != MANIFEST_TYPE {
            return Err(something_else(format!("its manifest is of the type {media_type:?}, not {MANIFEST_TYPE}")));
        }
        let mut wasm = manifest.layers.iter().filter(|layer| LAYER_TYPES.contains(&layer.media_type.as_str()));
        let (Some(layer), None) = (wasm.next(), wasm.next()) else {
            let types: Vec<&str> = manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
            return Err(something_else(format!(
                "it has layers of the types {types:?}; expected one {}",
                LAYER_TYPES[0]
            )));
        };
        let digest = layer.digest.strip_prefix("sha256:").and_then(|digits| digits.parse().ok());
        let component =
            digest.ok_or_else(|| senseless(format!("the layer's digest is {:?}; expected sha256", layer.digest)))?;
        let size = layer.size;
        let signature = manifest.annotations.and_then(|mut annotations| annotations.remove(SIGNATURE_ANNOTATION));
        if signature.as_ref().is_some_and(|text| text.len() > SIGNATURE_LIMIT) {
            return Err(senseless(format!(
                "the annotation {SIGNATURE_ANNOTATION} has more than {SIGNATURE_LIMIT} bytes"
            )));
        }
        Ok(Artifact { component, size, signature })
    }
}

/// Config and manifest of a component that is pushed. The same component and signature always give the same bytes.
pub(super) fn write(
    component: &[u8],
    interfaces: &Interfaces,
    signature: Option<&str>,
) -> Result<Written, serde_json::Error> {
    let title = BTreeMap::from([(TITLE_ANNOTATION.to_owned(), "provider.wasm".to_owned())]);
    let layer = Descriptor { annotations: Some(title), ..Descriptor::of(LAYER_TYPES[0], component) };
    let config = serde_json::to_vec(&Config {
        // Readers of the format want a time; the time of the push would make another digest of the same component.
        created: "1970-01-01T00:00:00Z",
        architecture: "wasm",
        // What the format calls a component, whether or not it imports WASI.
        os: "wasip2",
        layer_digests: [&layer.digest],
        component: ConfigComponent { exports: &interfaces.exports, imports: &interfaces.imports },
    })?;
    let annotations = signature.map(|text| BTreeMap::from([(SIGNATURE_ANNOTATION.to_owned(), text.to_owned())]));
    let manifest = serde_json::to_vec(&Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST_TYPE.to_owned()),
        config: Some(Descriptor::of(CONFIG_TYPE, &config)),
        layers: vec![layer],
        annotations,
    })?;
    Ok(Written { config, manifest })
}

/// What goes to the registry besides the component.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) config: Vec<u8>,
    pub(super) manifest: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [&'a str; 1],
    component: ConfigComponent<'a>,
}

#[derive(Serialize)]
struct ConfigComponent<'a> {
    exports: &'a [String],
    imports: &'a [String],
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Artifact, Interfaces, MANIFEST_TYPE, SIGNATURE_ANNOTATION, write};
    use crate::provider::Digest;
    use crate::source::oci::{OciReference, RegistryError};

    fn read(manifest: &serde_json::Value) -> Result<Artifact, RegistryError> {
        let reference = OciReference::parse("oci://r.example/n:v1").expect("a reference");
        Artifact::read(&reference, MANIFEST_TYPE, manifest.to_string().as_bytes())
    }

    fn layer(media_type: &str) -> serde_json::Value {
        json!({"mediaType": media_type, "digest": format!("{:?}", Digest::of(b"c")), "size": 1, "annotations": {}})
    }

    #[test]
    fn what_is_written_is_read_and_is_the_same_each_time() {
        let interfaces = Interfaces { exports: vec!["quarry:provider/about@0.1.0".to_owned()], imports: vec![] };
        let written = write(b"c", &interfaces, Some("signed")).expect("it can be written");
        assert_eq!(write(b"c", &interfaces, Some("signed")).expect("it can be written"), written);
        let manifest: serde_json::Value = serde_json::from_slice(&written.manifest).expect("JSON");
        assert_eq!(
            read(&manifest).expect("an artifact"),
            Artifact { component: Digest::of(b"c"), size: 1, signature: Some("signed".to_owned()) }
        );
        assert_eq!(manifest["config"]["digest"], format!("{:?}", Digest::of(&written.config)));
        let config: serde_json::Value = serde_json::from_slice(&written.config).expect("JSON");
        assert_eq!(config["layerDigests"], json!([manifest["layers"][0]["digest"]]));
        assert_eq!(config["component"]["exports"], json!(["quarry:provider/about@0.1.0"]));
    }

    #[test]
    fn both_types_of_layers_are_taken() {
        for media_type in ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"] {
            let manifest = json!({"schemaVersion": 2, "layers": [layer("text/plain"), layer(media_type)]});
            assert_eq!(read(&manifest).expect("an artifact").component, Digest::of(b"c"));
        }
    }

    #[test]
    fn what_is_no_artifact_is_told_with_what_it_is() {
        let index = "application/vnd.oci.image.index.v1+json";
        let tar = "application/vnd.oci.image.layer.v1.tar+gzip";
        let long = "x".repeat(8193);
        let odd = json!({"mediaType": "application/wasm", "digest": "sha512:ab", "size": 1});
        for (manifest, told) in [
            (json!({"schemaVersion": 2, "mediaType": index, "manifests": []}), index),
            (json!({"schemaVersion": 2, "layers": [layer(tar)]}), tar),
            (json!({"schemaVersion": 2, "layers": []}), "layers of the types []"),
            (
                json!({"schemaVersion": 2, "layers": [layer("application/wasm"), layer("application/wasm")]}),
                "expected one",
            ),
            (json!({"schemaVersion": 2, "layers": [odd]}), "\"sha512:ab\"; expected sha256"),
            (json!({"layers": []}), "schemaVersion"),
            (json!([]), "the manifest cannot be read"),
            (
                json!({"schemaVersion": 2, "layers": [layer("application/wasm")], "annotations": {SIGNATURE_ANNOTATION: long}}),
                "more than 8192 bytes",
            ),
        ] {
            let error = read(&manifest).expect_err("it is none").to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
