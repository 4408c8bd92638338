//! JSON5 values to numbers and to plain JSON.

use std::collections::BTreeMap;

use jsonc_parser::ast::{Object, Value};

/// The largest whole number up to which a double holds every whole number: 2^53 - 1, JavaScript's largest safe integer.
pub(super) const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// The value of a JSON5 number: decimal, hexadecimal, with a plus sign, with a bare decimal point, `Infinity`, `NaN`.
pub(super) fn number(literal: &str) -> f64 {
    let (negative, digits) = match literal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, literal.strip_prefix('+').unwrap_or(literal)),
    };
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => hex.chars().fold(0.0, |value, c| value * 16.0 + f64::from(c.to_digit(16).unwrap_or(0))),
        None => match digits {
            "Infinity" => f64::INFINITY,
            // The parser lets nothing else through that Rust would not read.
            _ => digits.parse().unwrap_or(f64::NAN),
        },
    };
    if negative { -magnitude } else { magnitude }
}

/// A value as plain JSON, members in their order, of members with the same name the last. None when a number in it has
/// no JSON: `Infinity` or `NaN`.
pub(super) fn plain(value: &Value<'_>) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value<'_>, out: &mut String) -> Option<()> {
    match value {
        Value::NullKeyword(_) => out.push_str("null"),
        Value::BooleanLit(literal) => out.push_str(if literal.value { "true" } else { "false" }),
        Value::StringLit(literal) => write_string(&literal.value, out),
        Value::NumberLit(literal) => write_number(literal.value, out)?,
        Value::Array(array) => {
            out.push('[');
            for (index, element) in array.elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(element, out)?;
            }
            out.push(']');
        }
        Value::Object(object) => write_object(object, out)?,
    }
    Some(())
}

fn write_object(object: &Object<'_>, out: &mut String) -> Option<()> {
    let numbered = object.properties.iter().enumerate();
    let last: BTreeMap<&str, usize> = numbered.map(|(index, member)| (member.name.as_str(), index)).collect();
    out.push('{');
    let mut first = true;
    for (index, member) in object.properties.iter().enumerate() {
        let name = member.name.as_str();
        if last.get(name) != Some(&index) {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        write_string(name, out);
        out.push(':');
        write(&member.value, out)?;
    }
    out.push('}');
    Some(())
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn write_number(literal: &str, out: &mut String) -> Option<()> {
    // What JSON itself can say is left as it stands, so that no digit is lost.
    if serde_json::from_str::<serde_json::Number>(literal).is_ok() {
        out.push_str(literal);
        return Some(());
    }
    let value = number(literal);
    if !value.is_finite() {
        return None;
    }
    // Whole numbers that a double holds exactly are written whole: 0x10 is 16 and not 16.0.
    #[expect(clippy::cast_possible_truncation, reason = "the value is whole and within 2^53")]
    let number = if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT {
        serde_json::Number::from(value as i64)
    } else {
        serde_json::Number::from_f64(value)?
    };
    out.push_str(&number.to_string());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{number, plain};
    use crate::merge::syntax;

    #[test]
    fn every_kind_of_number_has_its_value() {
        let table = [
            ("3600", 3600.0),
            ("-1.5e3", -1500.0),
            ("+7", 7.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0x1F", 31.0),
            ("-0X10", -16.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ];
        for (literal, value) in table {
            assert_eq!(number(literal), value, "{literal}");
        }
        assert!(number("NaN").is_nan());
    }

    #[test]
    fn plain_json_keeps_order_and_digits() {
        let json = |text: &str| plain(&syntax::parse(text).expect("valid").expect("a value"));
        assert_eq!(
            json("{z: 'a\\'b', a: [1.10, .5, 0x10, null, true], z2: {}, z: \"l\"}").as_deref(),
            Some(r#"{"a":[1.10,0.5,16,null,true],"z2":{},"z":"l"}"#)
        );
        assert_eq!(json("12345678901234567890123").as_deref(), Some("12345678901234567890123"));
        assert_eq!(json("[NaN]"), None);
    }
}
