//! JSON5 syntax: what is wrong with a text that cannot be parsed, in plain words.

use jsonc_parser::ast::Value;
use jsonc_parser::cst::CstRootNode;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, Scanner, ScannerOptions};

/// The most levels of objects and lists in each other. OpenClaw's own files have about ten. The parser, and everything that walks a
/// document, calls itself once a level.
pub(super) const MAX_DEPTH: usize = 64;

/// An error of syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Byte offset.
    pub(super) offset: usize,
    /// What is wrong.
    pub(crate) message: &'static str,
    /// A valid form.
    pub(crate) expected: &'static str,
}

/// Parses JSON5. None where the text has nothing but space and comments.
///
/// Beyond JSON5, names without quotes may have hyphens in them, or be numbers.
///
/// # Errors
/// The first fault in the text.
pub(super) fn parse(text: &str) -> Result<Option<Value<'_>>, SyntaxError> {
    checked(text, |text| Ok(jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &parse_options())?.value))
}

/// Parses JSON5 to a tree that keeps comments and white space, by the rules of [`parse`].
///
/// # Errors
/// The first fault in the text.
pub(super) fn parse_for_edit(text: &str) -> Result<CstRootNode, SyntaxError> {
    checked(text, |text| CstRootNode::parse(text, &parse_options()))
}

fn checked<'t, T>(text: &'t str, parse: impl FnOnce(&'t str) -> Result<T, ParseError>) -> Result<T, SyntaxError> {
    let open_string = look_ahead(text)?;
    let parsed = parse(text);
    // The parser lets a string run over the end of its line. So a missing quote would be reported lines below, at
    // the next quote: the string that began it all is what helps.
    match (parsed, open_string) {
        (Ok(parsed), None) => Ok(parsed),
        (Err(error), Some(offset)) if error.range().start < offset => Err(fault(&error)),
        (_, Some(offset)) => {
            Err(SyntaxError { offset, message: "this string does not end on its line", expected: "a closing quote" })
        }
        (Err(error), None) => Err(fault(&error)),
    }
}

/// All of JSON5; but commas between members and elements have to be there.
fn parse_options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: true,
        allow_trailing_commas: true,
        allow_missing_commas: false,
        allow_single_quoted_strings: true,
        allow_hexadecimal_numbers: true,
        allow_unary_plus_numbers: true,
        allow_bare_decimal_point_numbers: true,
        allow_non_finite_numbers: true,
        allow_extended_string_escapes: true,
    }
}

/// Looks through the tokens for what the parser must not see (nesting that would exhaust the stack) and what it
/// does not mind (the first string with a bare line end in it, given by its offset).
fn look_ahead(text: &str) -> Result<Option<usize>, SyntaxError> {
    let mut scanner = Scanner::new(text, &ScannerOptions::default());
    let mut depth = 0_usize;
    let mut open_string = None;
    // A token that cannot be read ends the look; the parser reports it.
    while let Ok(Some(token)) = scanner.scan() {
        match token {
            Token::OpenBrace | Token::OpenBracket => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(SyntaxError {
                        offset: scanner.token_start(),
                        message: "objects and lists are nested too deeply",
                        expected: "64 levels or fewer",
                    });
                }
            }
            Token::CloseBrace | Token::CloseBracket => depth = depth.saturating_sub(1),
            Token::String(_) => {
                let literal = scanner.token_start()..scanner.token_end();
                let is_open = open_string.is_none() && has_bare_line_end(&text[literal.clone()]);
                open_string = open_string.or(is_open.then_some(literal.start));
            }
            _ => {}
        }
    }
    Ok(open_string)
}

/// Whether a string literal has a line end that no backslash precedes.
fn has_bare_line_end(literal: &str) -> bool {
    let mut escaped = false;
    let mut previous = ' ';
    for c in literal.chars() {
        // The LF of an escaped CRLF belongs to the escape.
        let continued = escaped || (c == '\n' && previous == '\r');
        if matches!(c, '\n' | '\r') && !continued {
            return true;
        }
        escaped = c == '\\' && !escaped;
        previous = c;
    }
    false
}

const A_VALUE: &str = "a string in quotes, a number, true, false, null, an object or a list";
const A_MEMBER: &str = "a member as `name: value`";

fn fault(error: &ParseError) -> SyntaxError {
    use ParseErrorKind as Kind;
    let (message, expected) = match error.kind() {
        Kind::ExpectedColonAfterObjectKey => ("a name without a colon after it", A_MEMBER),
        Kind::ExpectedObjectValue => ("a member without a value", A_MEMBER),
        Kind::ExpectedStringObjectProperty | Kind::UnexpectedTokenInObject => {
            ("text that cannot be the name of a member", "a member as `name: value`, or a closing brace")
        }
        Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral
        | Kind::HexadecimalNumbersNotAllowed
        | Kind::UnaryPlusNumbersNotAllowed
        | Kind::BareDecimalPointNumbersNotAllowed
        | Kind::NonFiniteNumbersNotAllowed => ("this is not a number", "a number such as 3600, 0.5 or 0x10"),
        Kind::ExpectedComma => ("a comma is missing here", "a comma between two members or two elements"),
        Kind::MultipleRootJsonValues => ("text follows the end of the document", "one object and nothing after it"),
        Kind::UnexpectedCloseBrace => ("a closing brace where a value belongs", A_VALUE),
        Kind::UnexpectedCloseBracket => ("a closing bracket where a value belongs", A_VALUE),
        Kind::UnexpectedColon => ("a colon where a value belongs", A_VALUE),
        Kind::UnexpectedComma => ("a comma where a value belongs", A_VALUE),
        Kind::UnexpectedWord => ("text without quotes", A_VALUE),
        Kind::UnterminatedArray => ("this list is never closed", "a closing bracket"),
        Kind::UnterminatedObject => ("this object is never closed", "a closing brace"),
        Kind::UnterminatedCommentBlock => ("this comment is never closed", "`*/` at its end"),
        Kind::NestingDepthExceeded => ("objects and lists are nested too deeply", "64 levels or fewer"),
        Kind::String(kind) => string_fault(kind),
        // What the options allow cannot be reported as not allowed; it would still be a character in a wrong place.
        Kind::UnexpectedToken
        | Kind::CommentsNotAllowed
        | Kind::SingleQuotedStringsNotAllowed
        | Kind::TrailingCommasNotAllowed => ("text without quotes, or a character that JSON5 does not allow", A_VALUE),
    };
    SyntaxError { offset: error.range().start, message, expected }
}

fn string_fault(kind: &ParseStringErrorKind) -> (&'static str, &'static str) {
    match kind {
        ParseStringErrorKind::UnterminatedStringLiteral => ("this string is never closed", "a closing quote"),
        ParseStringErrorKind::ExpectedFourHexDigits => ("an incomplete escape", "`\\u` and four hexadecimal digits"),
        ParseStringErrorKind::ExpectedTwoHexDigits => ("an incomplete escape", "`\\x` and two hexadecimal digits"),
        ParseStringErrorKind::InvalidUnicodeEscapeSequence(_) => {
            ("half of a surrogate pair", "both halves, such as `\\ud83d\\ude00`, or the character itself")
        }
        ParseStringErrorKind::InvalidEscape
        | ParseStringErrorKind::InvalidEscapeInSingleQuoteString
        | ParseStringErrorKind::InvalidEscapeInDoubleQuoteString => {
            ("an escape that JSON5 does not allow", "a doubled backslash where a backslash is meant")
        }
    }
}
