//! JSON5, as the host reads it: for what only the host reads, and to hide the rest.

use jsonc_parser::ast::Value;
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
