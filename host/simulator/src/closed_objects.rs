//! Schemas that a model is checked against: the service wants every object in them to be closed.

use serde_json::Value;

use super::errors::ServiceError;

/// Refuses a schema with an object that lacks `additionalProperties: false`, in the service's words (strands #2210).
/// `at` is the schema's name in them.
///
/// # Errors
/// 400 `ValidationException`.
pub(super) fn check(schema: &Value, at: &str) -> Result<(), ServiceError> {
    if are_closed(schema) {
        return Ok(());
    }
    Err(ServiceError::validation(format!(
        "The model returned the following errors: {at}: For 'object' type, 'additionalProperties' must be explicitly set to false"
    )))
}

fn are_closed(schema: &Value) -> bool {
    let is_object = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        kind => kind == "object" || schema.get("properties").is_some(),
    };
    if is_object && schema["additionalProperties"] != Value::Bool(false) {
        return false;
    }
    let named = ["properties", "$defs", "definitions"].into_iter().filter_map(|name| schema[name].as_object());
    let listed = ["anyOf", "oneOf", "allOf", "prefixItems"].into_iter().filter_map(|name| schema[name].as_array());
    named.flat_map(|schemas| schemas.values()).all(are_closed)
        && listed.flatten().all(are_closed)
        && are_closed_items(&schema["items"])
}

fn are_closed_items(items: &Value) -> bool {
    items.is_null() || are_closed(items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_open_object_is_refused_wherever_it_stands() {
        let open = json!({"type": "object"});
        let closed =
            |inner: Value| json!({"type": "object", "additionalProperties": false, "properties": {"a": inner}});
        for schema in [
            open.clone(),
            closed(open.clone()),
            closed(json!({"type": "array", "items": open})),
            closed(json!({"anyOf": [{"type": "string"}, open]})),
            json!({"type": ["object", "null"], "additionalProperties": {}}),
        ] {
            assert!(check(&schema, "a").is_err(), "{schema}");
        }
        assert!(check(&closed(json!({"type": "array", "items": {"type": "string"}})), "a").is_ok());
    }
}
