//! `additionalModelRequestFields` under construction.

use serde_json::value::RawValue;

use crate::pi::json as text;
use crate::wire::reader::Reader;

/// Bedrock's name of them.
const NAME: &str = "additionalModelRequestFields";

/// Fields that go to the model as they are.
#[derive(Debug, Default)]
pub(super) struct AdditionalFields {
    /// Members of Anthropic's API that are such fields on Bedrock.
    of_anthropic: Vec<(&'static str, String)>,
    /// Those that the client named as Bedrock does.
    of_bedrock: Vec<(String, String)>,
}

impl AdditionalFields {
    /// Sets a field to a JSON text.
    pub(super) fn set(&mut self, name: &'static str, json: String) {
        self.of_anthropic.push((name, json));
    }

    /// Sets the additional fields that the client names as Bedrock does: a JSON object.
    pub(super) fn take(&mut self, given: Option<&str>) {
        // That it is an object was seen when it was read.
        let fields = given.and_then(|given| serde_json::from_str::<&RawValue>(given).ok()).and_then(text::object);
        let fields = fields.into_iter().flatten().map(|(name, json)| (name, json.get().to_owned()));
        self.of_bedrock.extend(fields);
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.of_anthropic.iter().any(|(known, _)| *known == name)
            || self.of_bedrock.iter().any(|(known, _)| known == name)
    }

    /// All of them, as a JSON object. A field that both APIs' members set is a problem: nobody can say which is meant.
    pub(super) fn into_json(self, reader: &Reader<'_>) -> Option<String> {
        let AdditionalFields { of_anthropic, of_bedrock } = self;
        for (name, _) in &of_bedrock {
            if of_anthropic.iter().any(|(known, _)| known == name) {
                let message = "another member or a header of the request sets it too; remove one of them";
                reader.problem(format!("{NAME}.{name}"), message);
            }
        }
        let own = of_anthropic.into_iter().map(|(name, json)| (name.to_owned(), json));
        let write = |(name, json)| format!("{}:{json}", serde_json::Value::String(name));
        let members: Vec<String> = own.chain(of_bedrock).map(write).collect();
        (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
    }
}
