//! Structured output: an answer that keeps to the JSON Schema of `outputConfig.textFormat`.

use serde_json::Value;

use super::closed_objects;
use super::errors::ServiceError;
use super::request::{ConverseRequest, TextFormat};
use super::schema_values::Values;

/// Refuses an `outputConfig` that the service refuses.
///
/// # Errors
/// 400 `ValidationException` for another form than a JSON Schema, or a schema that is not one of an object.
pub(crate) fn check(request: &ConverseRequest) -> Result<(), ServiceError> {
    let Some(format) = text_format(request) else { return Ok(()) };
    if format.kind != "json_schema" {
        return Err(ServiceError::constraint(
            &format.kind,
            "outputConfig.textFormat.type",
            "satisfy enum value set: [json_schema]",
        ));
    }
    let schema = schema(request).ok_or_else(|| {
        ServiceError::validation("The value at outputConfig.textFormat.structure.jsonSchema.schema is not JSON.")
    })?;
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(ServiceError::validation(
            "The model returned the following errors: output_config.format.schema: the root of the schema must be an object",
        ));
    }
    closed_objects::check(&schema, "output_config.format.schema")
}

/// The answer in the requested form, with values from the prompt; `None` when no form is requested.
pub(crate) fn answer(request: &ConverseRequest, prompt: &str) -> Option<String> {
    Some(Values::of_prompt(prompt).arguments(&schema(request)?).to_string())
}

fn text_format(request: &ConverseRequest) -> Option<&TextFormat> {
    request.output_config.as_ref()?.text_format.as_ref()
}

fn schema(request: &ConverseRequest) -> Option<Value> {
    serde_json::from_str(&text_format(request)?.structure.json_schema.as_ref()?.schema).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ConverseRequest, answer, check};

    fn asked(format: &Value) -> ConverseRequest {
        serde_json::from_value(json!({"messages": [], "outputConfig": {"textFormat": format}})).expect("a request")
    }

    fn by_schema(schema: &str) -> ConverseRequest {
        asked(&json!({"type": "json_schema", "structure": {"jsonSchema": {"schema": schema, "name": "weather"}}}))
    }

    #[test]
    fn an_answer_keeps_to_the_schema() {
        let request = by_schema(
            r#"{"type":"object","properties":{"city":{"type":"string"},"degrees":{"type":"integer"}},"required":["city","degrees"],"additionalProperties":false}"#,
        );
        assert!(check(&request).is_ok());
        assert_eq!(answer(&request, "Oh, in Oslo it is 21").as_deref(), Some(r#"{"city":"Oslo","degrees":21}"#));
    }

    #[test]
    fn what_is_no_schema_is_refused_and_nothing_asked_is_nothing_given() {
        for request in [
            by_schema("{"),
            by_schema(r#"{"type":"string"}"#),
            by_schema(r#"{"type":"object"}"#),
            asked(&json!({"type": "xml", "structure": {}})),
        ] {
            assert!(check(&request).is_err());
        }
        let plain: ConverseRequest = serde_json::from_value(json!({"messages": []})).expect("a request");
        assert!(check(&plain).is_ok() && answer(&plain, "Hello").is_none());
    }
}
