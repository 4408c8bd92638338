//! Arguments from an input schema: plausible values by type, taken from the prompt where it has any.

use std::collections::VecDeque;

use serde_json::{Map, Number, Value, json};

/// Nesting at which a schema is followed no further: schemas may refer to themselves.
const DEEPEST: usize = 16;

/// Values made for one call at most: a schema of a few lines can ask for billions.
const MOST: usize = 1000;

/// Values that a prompt offers, used in its order.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    numbers: VecDeque<f64>,
    texts: VecDeque<String>,
    made: usize,
}

impl Values {
    /// The numbers of a prompt, and its quoted or else its capitalised words.
    pub(crate) fn of_prompt(prompt: &str) -> Self {
        let quoted: VecDeque<String> = prompt
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| !text.trim().is_empty())
            .map(ToOwned::to_owned)
            .collect();
        let names = || {
            prompt
                .split_whitespace()
                .skip(1)
                .map(trim_word)
                .filter(|word| word.chars().next().is_some_and(char::is_uppercase))
        };
        let texts = if quoted.is_empty() {
            names().filter(|word| word.len() > 1).map(ToOwned::to_owned).collect()
        } else {
            quoted
        };
        let numbers = prompt
            .split_whitespace()
            .filter_map(|word| trim_word(word).parse().ok())
            .filter(|number: &f64| number.is_finite())
            .collect();
        Self { numbers, texts, made: 0 }
    }

    /// Leaves out texts that name one of these tools: an agent that is called with the name of its tool would call it again.
    pub(crate) fn without(mut self, tools: &[&str]) -> Self {
        self.texts.retain(|text| !tools.iter().any(|tool| text.eq_ignore_ascii_case(tool)));
        self
    }

    /// The arguments of a call: the required members of the schema, and those alone.
    pub(crate) fn arguments(&mut self, schema: &Value) -> Value {
        let value = self.value("", schema, schema, 0);
        if value.is_object() { value } else { json!({}) }
    }

    fn value(&mut self, name: &str, schema: &Value, root: &Value, depth: usize) -> Value {
        self.made += 1;
        if depth > DEEPEST || self.made > MOST {
            return Value::Null;
        }
        let schema = resolved(schema, root);
        if let Some(value) = ["const", "default"].iter().find_map(|member| schema.get(*member)) {
            return value.clone();
        }
        if let Some(value) =
            ["enum", "examples"].iter().find_map(|member| schema.get(*member).and_then(|list| list.get(0)))
        {
            return value.clone();
        }
        if let Some(choice) =
            ["anyOf", "oneOf"].iter().find_map(|member| schema.get(*member).and_then(|list| list.get(0)))
        {
            return self.value(name, choice, root, depth + 1);
        }
        match kind(schema) {
            "object" => self.object(schema, root, depth),
            "array" => {
                let fewest = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 8);
                let item = schema.get("items").unwrap_or(&Value::Null);
                (0..fewest).map(|_| self.value(name, item, root, depth + 1)).collect()
            }
            "integer" => self.number(schema).map_or_else(|| json!(1), |number| json!(rounded(number))),
            "number" => self.number(schema).and_then(Number::from_f64).map_or_else(|| json!(1), Value::Number),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => json!(self.text(name, schema)),
        }
    }

    fn object(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut members = Map::new();
        for part in parts {
            if let Value::Object(more) = self.object(resolved(part, root), root, depth + 1) {
                members.extend(more);
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let member = schema.get("properties").and_then(|properties| properties.get(name)).unwrap_or(&Value::Null);
            members.insert(name.to_owned(), self.value(name, member, root, depth + 1));
        }
        Value::Object(members)
    }

    fn number(&mut self, schema: &Value) -> Option<f64> {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let number = self.numbers.pop_front().or_else(|| bound("minimum"))?;
        let number = bound("minimum").map_or(number, |least| number.max(least));
        Some(bound("maximum").map_or(number, |most| number.min(most)))
    }

    fn text(&mut self, name: &str, schema: &Value) -> String {
        match schema.get("format").and_then(Value::as_str) {
            Some("date") => return "2026-01-01".to_owned(),
            Some("date-time") => return "2026-01-01T12:00:00Z".to_owned(),
            Some("time") => return "12:00:00Z".to_owned(),
            Some("email") => return "someone@example.com".to_owned(),
            Some("uri" | "url") => return "https://example.com/".to_owned(),
            Some("uuid") => return "123e4567-e89b-42d3-a456-426614174000".to_owned(),
            _ => {}
        }
        let length =
            |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
        let text = self
            .texts
            .pop_front()
            .unwrap_or_else(|| format!("some {}", name.replace(['_', '-'], " ")).trim_end().to_owned());
        let short: String = text.chars().take(length("maxLength").unwrap_or(usize::MAX)).collect();
        let missing = length("minLength").unwrap_or(0).min(1024).saturating_sub(short.chars().count());
        short + &"x".repeat(missing)
    }
}

fn trim_word(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '-').trim_end_matches('-')
}

/// The schema that a `$ref` inside the same schema points to.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        let target = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|path| path.strip_prefix('#'))
            .and_then(|path| root.pointer(path));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// The first type of a schema that is not null; by its members when it names none.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if ["properties", "required", "allOf"].iter().any(|member| schema.get(*member).is_some()) => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn rounded(number: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond the range of an integer becomes its end, which is what is wanted"
    )]
    let whole = number.round() as i64;
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Values;

    fn arguments(prompt: &str, schema: &Value) -> Value {
        Values::of_prompt(prompt).arguments(schema)
    }

    #[test]
    fn numbers_and_names_come_from_the_prompt() {
        let add = json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "integer"}}, "required": ["a", "b"]});
        assert_eq!(arguments("Use add on 2.5 and -3.", &add), json!({"a": 2.5, "b": -3}));
        let weather = json!({"type": "object", "properties": {"city": {"type": "string"}, "unit": {"enum": ["c", "f"]}, "day": {"type": "string"}}, "required": ["city", "unit"]});
        assert_eq!(arguments("Call get_weather for Paris", &weather), json!({"city": "Paris", "unit": "c"}));
        assert_eq!(arguments("get_weather \"New York\"", &weather), json!({"city": "New York", "unit": "c"}));
        assert_eq!(arguments("get_weather", &weather), json!({"city": "some city", "unit": "c"}));
    }

    #[test]
    fn every_kind_of_schema_gets_a_value() {
        let schema = json!({
            "$defs": {"point": {"type": "object", "properties": {"x": {"type": ["null", "integer"], "minimum": 5}}, "required": ["x"]}},
            "type": "object",
            "properties": {
                "points": {"type": "array", "items": {"$ref": "#/$defs/point"}, "minItems": 2},
                "when": {"type": "string", "format": "date"}, "flag": {"type": "boolean"}, "code": {"type": "string", "minLength": 12, "maxLength": 12},
                "either": {"anyOf": [{"const": 7}, {"type": "string"}]}, "free": {}
            },
            "required": ["points", "when", "flag", "code", "either", "free"]
        });
        let expected = json!({"points": [{"x": 5}, {"x": 5}], "when": "2026-01-01", "flag": true, "code": "some codexxx", "either": 7, "free": "some free"});
        assert_eq!(arguments("go", &schema), expected);
    }

    #[test]
    fn a_schema_without_required_members_or_that_holds_itself_ends() {
        assert_eq!(arguments("go", &json!({"type": "object", "properties": {"a": {"type": "string"}}})), json!({}));
        let endless = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]});
        assert!(arguments("go", &endless)["next"]["next"].is_object());
        let many = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/list"}}, "required": ["a"],
            "$defs": {"list": {"type": "array", "minItems": 8, "items": {"$ref": "#/$defs/list"}}}});
        assert!(arguments("go", &many).to_string().len() < 100_000);
        assert_eq!(arguments("go", &json!({"type": "object", "allOf": [{"$ref": "#"}]})), json!({}));
    }
}
