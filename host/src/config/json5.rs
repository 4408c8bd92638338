//! JSON5, as the host reads it: for what only the host reads, and to hide the rest.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::errors::ParseError;
use jsonc_parser::tokens::Token;
use jsonc_parser::{CollectOptions, ParseOptions, Scanner, ScannerOptions};

/// The mark that some editors begin a file with. It is no part of the document.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Parses a document; None where there is nothing in it.
pub(crate) fn parse(text: &str) -> Result<Option<Value<'_>>, ParseError> {
    jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &parse_options()).map(|parsed| parsed.value)
}

/// All of JSON5; but commas between members and elements have to be there.
pub(super) fn parse_options() -> ParseOptions {
    ParseOptions { allow_missing_commas: false, ..ParseOptions::default() }
}

/// How the parser above reads tokens.
pub(super) fn scanner_options() -> ScannerOptions {
    ScannerOptions::default()
}

/// How deep objects and lists may lie in each other in a file that is edited. The provider reads none that goes deeper.
pub(super) const DEEPEST: usize = 64;

/// The byte offset of the first object or list that lies deeper than [`DEEPEST`]. Trees of such a text are not made: what walks
/// through one calls itself once a level, and would exhaust the stack.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut scanner = Scanner::new(text, &scanner_options());
    let mut depth = 0_usize;
    // A token that cannot be read ends the look; the parser reports it.
    while let Ok(Some(token)) = scanner.scan() {
        match token {
            Token::OpenBrace | Token::OpenBracket => depth += 1,
            Token::CloseBrace | Token::CloseBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(scanner.token_start());
        }
    }
    None
}

/// The same value in JSON. Numbers that JSON has no form for (hexadecimal ones, those with a plus) get the one that it has.
pub(super) fn to_json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::NullKeyword(_) => serde_json::Value::Null,
        Value::BooleanLit(literal) => literal.value.into(),
        Value::NumberLit(literal) => number_to_json(literal.value),
        Value::StringLit(literal) => literal.value.as_ref().into(),
        Value::Array(array) => array.elements.iter().map(to_json).collect(),
        Value::Object(object) => {
            let member = |property: &ObjectProp<'_>| (property.name.as_str().to_owned(), to_json(&property.value));
            object.properties.iter().map(member).collect()
        }
    }
}

fn number_to_json(literal: &str) -> serde_json::Value {
    if let Ok(number) = literal.parse::<serde_json::Number>() {
        return number.into();
    }
    match number(literal) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within what a float holds exactly")]
        Some(value) if value.fract() == 0.0 && value.abs() <= EXACT => (value as i64).into(),
        Some(value) => value.into(),
        None => literal.into(),
    }
}

/// Whole numbers up to here are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value of a number as JSON5 writes it; None where it is not finite.
pub(super) fn number(literal: &str) -> Option<f64> {
    let (negative, unsigned) = match literal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, literal.strip_prefix('+').unwrap_or(literal)),
    };
    let value = match unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        Some(digits) =>
        {
            #[expect(clippy::cast_precision_loss, reason = "no setting is large enough for it to matter")]
            u64::from_str_radix(digits, 16).ok().map(|value| value as f64)
        }
        None => unsigned.parse::<f64>().ok(),
    };
    value.filter(|value| value.is_finite()).map(|value| if negative { -value } else { value })
}
