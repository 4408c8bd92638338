//! What a request tells its turn: `prepared.carry`, opaque to the host. JSON, so that a recording of it can be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Keys on the wire, each with that of the tool's schema.
pub(crate) type KeyMap = BTreeMap<String, String>;

/// What `prepare` did that `translate` has to undo.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Carry {
    /// Tool names that were mapped: the name on the wire to the name in the request's context.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tools: BTreeMap<String, String>,
    /// Keys of tools' properties that were mapped, by the tool's name on the wire: the key on the wire to that of the schema.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) keys: BTreeMap<String, KeyMap>,
    /// The names of the request's tools on the wire, for models that spoil them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) known: Vec<String>,
    /// The tool, by its name on the wire, whose arguments are the answer itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer_tool: Option<String>,
}

impl Carry {
    /// Reads a carry. Nothing, or something that is not one (a recording of another version), is a carry that says nothing.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Writes a carry: nothing where it says nothing.
    pub(crate) fn write(&self) -> Vec<u8> {
        if *self == Carry::default() {
            return Vec::new();
        }
        serde_json::to_vec(self).unwrap_or_default()
    }
}
