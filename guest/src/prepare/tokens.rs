//! The tokens of a JSON document, for changes that leave everything else as it is spelt. One pass, however deep the document is.

/// A token of a document that is known to be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{` or `[`.
    Open(u8),
    /// `}` or `]`.
    Close(u8),
    Colon,
    Comma,
    /// The name of a member, with its quotes.
    Name(&'a str),
    /// A string with its quotes, a number, `true`, `false` or `null`.
    Scalar(&'a str),
}

/// The tokens of a document. What it gives of a text that is no JSON is of no use.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Of what is open, whether it is an object.
    open: Vec<bool>,
    name_is_next: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(json: &'a str) -> Self {
        Tokens { rest: json, open: Vec::new(), name_is_next: false }
    }

    /// Passes over the value that is next, and the colon before it.
    pub(super) fn skip_value(&mut self) {
        let depth = self.open.len();
        while let Some(token) = self.next() {
            if matches!(token, Token::Scalar(_) | Token::Close(_)) && self.open.len() <= depth {
                return;
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.rest = self.rest.trim_ascii_start();
        let first = *self.rest.as_bytes().first()?;
        let length = match first {
            b'{' | b'}' | b'[' | b']' | b':' | b',' => 1,
            b'"' => string_length(self.rest.as_bytes()),
            _ => self.rest.bytes().position(|byte| b"{}[]:,\" \t\r\n".contains(&byte)).unwrap_or(self.rest.len()),
        };
        let (text, behind) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = behind;
        let name_is_next = std::mem::replace(&mut self.name_is_next, false);
        Some(match first {
            b'{' | b'[' => {
                self.open.push(first == b'{');
                self.name_is_next = first == b'{';
                Token::Open(first)
            }
            b'}' | b']' => {
                self.open.pop();
                Token::Close(first)
            }
            b':' => Token::Colon,
            b',' => {
                self.name_is_next = self.open.last() == Some(&true);
                Token::Comma
            }
            _ if name_is_next => Token::Name(text),
            _ => Token::Scalar(text),
        })
    }
}

/// Length of the string at the front, with its quotes.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// A document that is written token by token: colons and commas come by themselves.
#[derive(Debug)]
pub(super) struct Document(String);

impl Document {
    /// A document of about this many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Document(String::with_capacity(bytes))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// Writes a token.
    pub(super) fn write(&mut self, token: Token<'_>) {
        match token {
            Token::Colon | Token::Comma => {}
            Token::Close(sign) => self.0.push(char::from(sign)),
            Token::Open(sign) => {
                self.separate();
                self.0.push(char::from(sign));
            }
            Token::Name(name) => {
                self.separate();
                self.0.push_str(name);
                self.0.push(':');
            }
            Token::Scalar(text) => {
                self.separate();
                self.0.push_str(text);
            }
        }
    }

    fn separate(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with(['{', '[', ':']) {
            self.0.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Token, Tokens};

    #[test]
    fn a_document_is_written_as_it_was_without_its_white_space() {
        let json =
            "{ \"a b\" :\n\"c \\\" \\\\\" , \"d\": [ 1 , -2.50e+1, [ ] , {}, null ], \"\\\\\":\"[{:\",\"e\":\":\" }";
        let mut document = Document::with_capacity(json.len());
        Tokens::of(json).for_each(|token| document.write(token));
        let expected = r#"{"a b":"c \" \\","d":[1,-2.50e+1,[],{},null],"\\":"[{:","e":":"}"#;
        assert_eq!(document.into_text(), expected);
    }

    #[test]
    fn a_value_is_passed_over_whole() {
        let mut tokens = Tokens::of(r#"[{"a":[{"b":"}]"},1],"c":7},8,9]"#);
        assert_eq!(tokens.next(), Some(Token::Open(b'[')));
        tokens.skip_value();
        assert_eq!([tokens.next(), tokens.next()], [Some(Token::Comma), Some(Token::Scalar("8"))]);
        assert_eq!(tokens.next(), Some(Token::Comma));
        tokens.skip_value();
        assert_eq!([tokens.next(), tokens.next()], [Some(Token::Close(b']')), None]);
    }
}
