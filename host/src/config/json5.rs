//! JSON5, as the host reads it: for what only the host reads, and to hide the rest.

use jsonc_parser::ast::Value;
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions, ScannerOptions};

/// The mark that some editors begin a file with. It is no part of the document.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Parses a document; None where there is nothing in it.
pub(super) fn parse(text: &str) -> Result<Option<Value<'_>>, ParseError> {
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
