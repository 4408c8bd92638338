//! What a request tells its turn: `prepared.carry`, opaque to the host. JSON, so that a recording of it can be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What `prepare` did that `translate` has to undo.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Carry {
    /// Tool names that were mapped: the name on the wire to the name in the request's context.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tools: BTreeMap<String, String>,
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
