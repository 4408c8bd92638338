//! A secret never enters the provider's memory: this is where it stays out.
//!
//! The provider gets a configuration file's text with everything hidden that is none of its business: every string and
//! number outside the parts of the configuration that it reads; inside them every text but that of members which are known to be
//! harmless ([`places`]), and every secret; every comment. What is hidden is replaced character by character, so that lines and columns stay true, and so that a value keeps its kind: the provider can
//! still say that `apiKey` is a number, and where. Member names stay.
//!
//! It works on tokens and not on a tree, so a text with a syntax error is masked too: from the first token that fits
//! nothing, all is hidden, and the provider finds the same error at the same place.

mod broken;
mod grammar;
mod places;
mod secret;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jsonc_parser::Scanner;
use jsonc_parser::tokens::Token;

use super::json5::{self, BYTE_ORDER_MARK};
use grammar::{Role, Sight, Walk};
use places::Place;

pub use secret::without_user_info;

/// What stands for a hidden character of a text.
const HIDDEN: char = 'x';

/// What stands for a character of a hidden number.
const HIDDEN_DIGIT: char = '1';

/// The longest text that can be seen where a word of a small set is meant.
const LONGEST_WORD: usize = 12;

/// The parts of the configuration that a provider may be shown, if it wants them.
pub const PROVIDER_PATHS: &[&str] = &[
    "models.providers.amazon-bedrock",
    "models.providers.bedrock",
    "models.providers.aws-bedrock",
    "models.bedrockDiscovery",
    "plugins.entries.amazon-bedrock.config",
    "agents.defaults.model",
    "agents.defaults.models",
];

/// What of each of them can be seen.
fn place_of(path: &str) -> Option<&'static Place> {
    Some(match path {
        "models.bedrockDiscovery" => &places::DISCOVERY,
        "plugins.entries.amazon-bedrock.config" => &places::PLUGIN,
        "agents.defaults.model" => &places::DEFAULT_MODEL,
        "agents.defaults.models" => &places::MODELS,
        _ if path.starts_with("models.providers.") && PROVIDER_PATHS.contains(&path) => &places::PROVIDER,
        _ => return None,
    })
}

/// What may be seen of a configuration.
#[derive(Debug, Clone)]
pub struct Mask {
    /// Parts that can be seen, by the names on the way to them.
    parts: Vec<(Vec<&'static str>, &'static Place)>,
    /// Further members of `params` that can.
    params: Vec<String>,
    /// What can be seen of all else.
    elsewhere: Sight,
}

impl Mask {
    /// What a provider may see that wants these parts, of which it gets those of [`PROVIDER_PATHS`]. `params` are the members of a
    /// model's `params` that the operator lets it see besides those that are known.
    #[must_use]
    pub fn for_provider(wanted: &[String], params: &[String]) -> Self {
        let shown = PROVIDER_PATHS.iter().filter(|path| wanted.iter().any(|wanted| wanted == *path));
        Mask { parts: parts(shown), params: params.to_vec(), elsewhere: Sight::Outside }
    }

    /// What the person sees whose file it is: the same of what a provider may see; of all else what is no secret by name and look.
    #[must_use]
    pub fn for_owner(params: &[String]) -> Self {
        let mut parts = parts(PROVIDER_PATHS.iter());
        parts.push((vec!["quarry"], &Place::Gateway));
        Mask { parts, params: params.to_vec(), elsewhere: Sight::Foreign }
    }

    /// The text with all hidden that is not to be seen. It has as many characters as before, and the same lines.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let (mark, document) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(document) => (&text[..text.len() - document.len()], document),
            None => ("", text),
        };
        let mut masking = Masking { text: document, out: mark.to_owned(), walk: Walk::new(self), pending_name: None };
        masking.run();
        masking.out
    }
}

fn parts<'p>(paths: impl Iterator<Item = &'p &'static str>) -> Vec<(Vec<&'static str>, &'static Place)> {
    paths.filter_map(|path| Some((path.split('.').collect(), place_of(path)?))).collect()
}

struct Masking<'t, 'm> {
    text: &'t str,
    out: String,
    walk: Walk<'m>,
    /// Where in `out` a name begins that no colon has followed yet: without one it may be a value in the wrong place.
    pending_name: Option<usize>,
}

impl Masking<'_, '_> {
    fn run(&mut self) {
        let begin = self.out.len();
        let text = self.text;
        let mut scanner = Scanner::new(text, &json5::scanner_options());
        loop {
            let before = scanner.token_end();
            match scanner.scan() {
                Ok(Some(token)) => {
                    let (start, end) = (scanner.token_start(), scanner.token_end());
                    // Between tokens there is only white space.
                    self.out.push_str(&text[before..start]);
                    let sight = self.walk.sight();
                    let role = self.walk.step(&token);
                    if role == Role::Wrong {
                        self.hide_pending_name();
                        let failed_at = self.out.len();
                        self.token(&token, role, sight, &text[start..end]);
                        broken::hide_behind(&text[end..], &mut self.out);
                        broken::keep_the_error(text, &mut self.out, begin, failed_at);
                        return;
                    }
                    self.token(&token, role, sight, &text[start..end]);
                }
                Ok(None) => {
                    self.hide_pending_name();
                    self.out.push_str(&text[before..]);
                    return;
                }
                Err(error) => {
                    let start = scanner.token_start();
                    self.out.push_str(&text[before..start]);
                    self.hide_pending_name();
                    let failed_at = self.out.len();
                    broken::hide_from(text, start, &error, &mut self.out);
                    broken::keep_the_error(text, &mut self.out, begin, failed_at);
                    return;
                }
            }
        }
    }

    /// Puts out one token: as it is, or hidden.
    fn token(&mut self, token: &Token<'_>, role: Role, sight: Sight, literal: &str) {
        match token {
            Token::CommentLine(_) | Token::CommentBlock(_) => blank(literal, &mut self.out),
            _ if role == Role::Name => {
                self.pending_name = Some(self.out.len());
                match token {
                    Token::String(name) if secret::is_secret_value(name) => hide_string(literal, &mut self.out),
                    Token::Word(name) if secret::is_secret_value(name) => hide_text(literal, &mut self.out),
                    _ => self.out.push_str(literal),
                }
            }
            Token::String(value) => {
                self.pending_name = None;
                match shown(value, role, sight, literal) {
                    Some(shown) => self.out.push_str(&shown),
                    None => hide_string(literal, &mut self.out),
                }
            }
            Token::Number(_) if role == Role::Wrong || matches!(sight, Sight::Outside | Sight::Secret) => {
                hide_number(literal, &mut self.out);
            }
            Token::Word(_) => hide_text(literal, &mut self.out),
            _ => {
                self.pending_name = None;
                self.out.push_str(literal);
            }
        }
    }

    fn hide_pending_name(&mut self) {
        let Some(start) = self.pending_name.take() else { return };
        let rest = self.out.split_off(start);
        // Comments after the name are blank already, and stay so.
        match rest.chars().next() {
            Some('"' | '\'') => hide_string(&rest, &mut self.out),
            Some('0'..='9' | '+' | '-' | '.') => hide_number(&rest, &mut self.out),
            _ if is_keyword(rest.trim_end()) => self.out.push_str(&rest),
            _ => hide_text(&rest, &mut self.out),
        }
    }
}

/// A string literal as the provider may see it; None where it may not.
fn shown<'l>(value: &str, role: Role, sight: Sight, literal: &'l str) -> Option<Cow<'l, str>> {
    let may_be_seen = match sight {
        Sight::At(Place::Value | Place::Address | Place::ValueOr(_) | Place::Gateway) | Sight::Foreign => true,
        Sight::At(Place::Word) => {
            value.len() <= LONGEST_WORD && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        }
        Sight::At(_) | Sight::Outside | Sight::Unknown | Sight::Secret => false,
    };
    // The path of an endpoint is part of what requests are sent to, and may be long.
    let is_secret = match sight {
        Sight::At(Place::Address) => value.contains(['?', '#']),
        _ => secret::is_secret_value(value),
    };
    if role == Role::Wrong || !may_be_seen || is_secret {
        return None;
    }
    let shown = without_user_info(literal);
    // Where the address is written with escapes the name in it was not found; then all of it is hidden.
    let is_found = matches!(shown, Cow::Owned(_)) || matches!(without_user_info(value), Cow::Borrowed(_));
    is_found.then_some(shown)
}

/// Hides a string literal: the quotes stay, and so do line ends and the backslashes that continue a line.
fn hide_string(literal: &str, out: &mut String) {
    let Some(quote) = literal.chars().next() else { return };
    out.push(quote);
    let mut escaped = false;
    let mut characters = literal[quote.len_utf8()..].chars().peekable();
    while let Some(character) = characters.next() {
        let is_escape = character == '\\' && !escaped;
        let continues = is_escape && matches!(characters.peek(), Some('\n' | '\r'));
        let ends = character == quote && !escaped;
        out.push(if continues || ends || is_line_end(character) { character } else { HIDDEN });
        escaped = is_escape;
        if ends {
            // Only a name that no colon follows has something behind it: white space.
            out.extend(characters);
            return;
        }
    }
}

/// Hides a text but for its white space.
fn hide_text(text: &str, out: &mut String) {
    out.extend(text.chars().map(|character| if character.is_whitespace() { character } else { HIDDEN }));
}

/// Hides a number. It stays one: a word in its place would run on into what follows.
fn hide_number(text: &str, out: &mut String) {
    out.extend(text.chars().map(|character| if character.is_whitespace() { character } else { HIDDEN_DIGIT }));
}

/// Words that end by themselves, whatever follows, and that say nothing.
fn is_keyword(text: &str) -> bool {
    matches!(text, "true" | "false" | "null" | "Infinity" | "NaN")
}

/// Makes a comment white space.
fn blank(comment: &str, out: &mut String) {
    out.extend(comment.chars().map(|character| if is_line_end(character) { character } else { ' ' }));
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r')
}
