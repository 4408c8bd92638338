//! Numbers and values of models, for a person.

use serde_json::Value;

/// Tokens, in thousands where that is exact enough: `200k`, `4096`.
pub(super) fn thousands(tokens: u64) -> String {
    match tokens {
        10_000.. if tokens.is_multiple_of(1_000) => format!("{}k", tokens / 1_000),
        _ => tokens.to_string(),
    }
}

/// A value as a person says it: `yes`, `png, jpeg`, and what is an object of one flag as that flag.
pub(super) fn spoken(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(spoken).collect::<Vec<_>>().join(", "),
        Value::Object(members) => match members.iter().collect::<Vec<_>>().as_slice() {
            [(name, Value::Bool(flag))] if name.as_str() == "isSupported" => spoken(&Value::Bool(*flag)),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// A price of a million tokens.
pub(super) fn dollars(price: f64) -> String {
    format!("${price}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_told_in_thousands_where_nothing_is_lost() {
        let told = [0, 4_096, 8_000, 10_000, 65_536, 200_000, 1_000_000].map(thousands);
        assert_eq!(told, ["0", "4096", "8000", "10k", "65536", "200k", "1000k"]);
    }

    #[test]
    fn values_are_told_as_a_person_says_them() {
        for (value, told) in [
            (json!(true), "yes"),
            (json!({"isSupported": false}), "no"),
            (json!({"embedded": false}), r#"{"embedded":false}"#),
            (json!(["png", "jpeg"]), "png, jpeg"),
            (json!([]), "none"),
            (json!("us"), "us"),
            (json!(5), "5"),
        ] {
            assert_eq!(spoken(&value), told);
        }
        assert_eq!(dollars(6.25), "$6.25");
    }
}
