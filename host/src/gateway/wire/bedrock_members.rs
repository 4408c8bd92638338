//! Members of Converse that no other API has, under Bedrock's own names, for clients of any format that want them.

use super::reader::{Object, Value};
use crate::contract::config::Guardrail;
use crate::contract::conversation::Options;
use crate::contract::types::NamedJson;

/// Takes Bedrock's own members out of a request.
pub(crate) fn read(body: &Object<'_, '_>, options: &mut Options) {
    if let Some(fields) = body.take("additionalModelRequestFields") {
        options.additional_request_fields = Some(fields.raw.get().to_owned());
    }
    let paths = body.items("additionalModelResponseFieldPaths", "an array of JSON pointers");
    options.additional_response_field_paths.extend(paths.iter().filter_map(Value::string));
    if let Some(guardrail) = body.take("guardrailConfig").and_then(|guardrail| guardrail.require_object("an object")) {
        options.guardrail = Some(Guardrail {
            identifier: guardrail.require_string("guardrailIdentifier"),
            version: guardrail.require_string("guardrailVersion"),
            stream_processing_mode: guardrail.string("streamProcessingMode"),
            trace: guardrail.string("trace"),
        });
        guardrail.finish();
    }
    // The provider reads these two, and says what is wrong with them.
    for name in ["guardLastTurnOnly", "systemTools"] {
        if let Some(value) = body.take(name) {
            options.extras.push(NamedJson { name: name.to_owned(), value: value.raw.get().to_owned() });
        }
    }
    if let Some(performance) = body.take("performanceConfig").and_then(|config| config.require_object("an object")) {
        options.latency = performance.string("latency");
        performance.finish();
    }
    if let Some(metadata) = body.take("requestMetadata") {
        options.request_metadata.extend(texts(&metadata));
    }
    for (name, value) in members(body.take("promptVariables")) {
        if let Some(text) = value.require_object("an object with `text`").map(|value| value.require_string("text")) {
            options.prompt_variables.push((name, text));
        }
    }
}

/// An object of texts.
pub(crate) fn texts(value: &Value<'_, '_>) -> Vec<(String, String)> {
    members(Some(value.clone())).into_iter().filter_map(|(name, value)| Some((name, value.string()?))).collect()
}

fn members<'r, 'a>(value: Option<Value<'r, 'a>>) -> Vec<(String, Value<'r, 'a>)> {
    let object = value.and_then(|value| value.require_object("an object"));
    object.map(Object::into_members).unwrap_or_default()
}
