//! Keys of a tool's properties. Claude takes `^[a-zA-Z0-9_.-]{1,64}$` at the top level, and one tool with another key makes every
//! request with it fail. Such keys are mapped, as tools' names are, and the turn maps the arguments back.

use std::collections::BTreeMap;

use crate::carry;
use crate::contract::conversation::Tool;
use crate::families::{Family, PropertyKeys};

use super::labels::{self, ToolNames};
use super::raw_json::{self, RawObject, quoted};
use super::report::Report;

/// The keys that were mapped, by the tool's name on the wire.
#[derive(Debug, Default)]
pub(super) struct KeyMaps(BTreeMap<String, KeyMap>);

/// The mapped keys of one tool: from the key of the schema to that on the wire.
type KeyMap = BTreeMap<String, String>;

impl KeyMaps {
    /// Maps the keys in the schemas of tools, which are objects at their root by now.
    pub(super) fn map(tools: &mut [Tool], names: &ToolNames, family: &Family, report: &mut Report) -> Self {
        let mut maps = BTreeMap::new();
        if family.property_keys == PropertyKeys::Any {
            return KeyMaps(maps);
        }
        for (index, tool) in tools.iter_mut().enumerate() {
            let Some((schema, map)) = mapped(&tool.parameters) else { continue };
            let keys = map.iter().map(|(key, wire)| format!("`{key}` as `{wire}`")).collect::<Vec<_>>().join(", ");
            report.notice(
                "property-key-mapped",
                format!("tools[{index}].parameters: this model does not support all keys of the properties; sent were {keys}"),
            );
            tool.parameters = schema;
            maps.insert(names.wire(&tool.name).to_owned(), map);
        }
        KeyMaps(maps)
    }

    /// The arguments of an earlier call, with the keys that its tool has on the wire.
    pub(super) fn wire_arguments(&self, wire_name: &str, arguments: String) -> String {
        match self.0.get(wire_name) {
            Some(map) => raw_json::with_keys(&arguments, |key| map.get(key)),
            None => arguments,
        }
    }

    /// The way back: by the tool's name on the wire, the key on the wire to that of the schema.
    pub(super) fn into_carry(self) -> BTreeMap<String, carry::KeyMap> {
        let back = |map: KeyMap| map.into_iter().map(|(key, wire)| (wire, key)).collect();
        self.0.into_iter().map(|(tool, map)| (tool, back(map))).collect()
    }
}

/// The schema with its keys mapped; none where all are right.
fn mapped(schema: &str) -> Option<(String, KeyMap)> {
    let root = RawObject::parse(schema).ok()?;
    let properties = RawObject::parse(root.get("properties")?).ok()?;
    if properties.0.iter().all(|(key, _)| labels::is_property_key(key)) {
        return None;
    }
    let map = labels::property_keys(properties.0.iter().map(|(key, _)| key.as_ref()));
    let wire = |key: &str| map.get(key).map_or_else(|| key.to_owned(), Clone::clone);
    let properties = raw_json::object(properties.0.iter().map(|(key, value)| (wire(key), value.get())));
    let required: Vec<String> =
        root.get("required").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let required: Vec<String> = required.iter().map(|key| quoted(&wire(key))).collect();
    let required = format!("[{}]", required.join(","));
    let members = root.0.iter().map(|(name, value)| match name.as_ref() {
        "properties" => (name.as_ref(), properties.as_str()),
        "required" => (name.as_ref(), required.as_str()),
        name => (name, value.get()),
    });
    Some((raw_json::object(members), map))
}

#[cfg(test)]
mod tests {
    use super::mapped;

    #[test]
    fn keys_are_mapped_without_colliding() {
        let schema = r#"{"type":"object","properties":{"Account Number":{"type":"string"},"Account_Number":{},"$id":{"maximum":1.50}},"required":["$id","Account Number"]}"#;
        let (schema, map) = mapped(schema).expect("it has keys to map");
        let expected = r#"{"type":"object","properties":{"Account_Number_2":{"type":"string"},"Account_Number":{},"_id":{"maximum":1.50}},"required":["_id","Account_Number_2"]}"#;
        assert_eq!(schema, expected);
        let map: Vec<(&str, &str)> = map.iter().map(|(key, wire)| (&**key, &**wire)).collect();
        assert_eq!(map, [("$id", "_id"), ("Account Number", "Account_Number_2")]);
        assert!(mapped(r#"{"type":"object","properties":{"a.b-c_1":{}}}"#).is_none());
    }
}
