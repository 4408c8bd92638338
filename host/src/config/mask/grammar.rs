//! Following a document token by token: where it is, and whether the token fits.

use jsonc_parser::tokens::Token;

use super::secret;

/// What may be seen of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is none of the provider's business.
    Outside,
    /// All of it.
    Visible,
    /// It is a secret.
    Secret,
}

/// What a token is in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A member's name.
    Name,
    /// Anything else that fits.
    Fitting,
    /// The first token that does not fit.
    Wrong,
}

/// An object or list that is open.
struct Open {
    is_object: bool,
    /// Of an object, the name of the member that was named last.
    name: String,
    /// What may be seen of the object or list itself.
    sight: Sight,
}

/// What may come next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    NameOrEnd,
    Colon,
    ValueOrEnd,
    CommaOrEnd,
    Nothing,
}

/// A walk through a document. Only the stack grows with its depth, and it lies on the heap.
pub(super) struct Walk<'m> {
    visible: &'m [Vec<String>],
    open: Vec<Open>,
    next: Next,
}

impl<'m> Walk<'m> {
    /// The beginning of a document of which these paths are visible.
    pub(super) fn new(visible: &'m [Vec<String>]) -> Self {
        Walk { visible, open: Vec::new(), next: Next::Value }
    }

    /// What may be seen of the value that comes next. Known from the object or list around it, so that depth costs nothing.
    pub(super) fn sight(&self) -> Sight {
        let Some(around) = self.open.last() else {
            return if self.is_at_visible_path() { Sight::Visible } else { Sight::Outside };
        };
        match around.sight {
            Sight::Secret => Sight::Secret,
            Sight::Visible if around.is_object && secret::is_secret_name(&around.name) => Sight::Secret,
            Sight::Outside if !self.is_at_visible_path() => Sight::Outside,
            Sight::Visible | Sight::Outside => Sight::Visible,
        }
    }

    fn is_at_visible_path(&self) -> bool {
        let matches = |(open, name): (&Open, &String)| open.is_object && open.name == *name;
        self.visible.iter().any(|path| path.len() == self.open.len() && self.open.iter().zip(path).all(matches))
    }

    /// Goes over a token. Commas between members are needed, as they are for the provider.
    pub(super) fn step(&mut self, token: &Token<'_>) -> Role {
        match (self.next, token) {
            (_, Token::CommentLine(_) | Token::CommentBlock(_)) => Role::Fitting,
            (Next::NameOrEnd, Token::CloseBrace) | (Next::ValueOrEnd, Token::CloseBracket) => self.close(),
            (Next::CommaOrEnd, Token::CloseBrace) if self.is_in_object() => self.close(),
            (Next::CommaOrEnd, Token::CloseBracket) if !self.is_in_object() => self.close(),
            (Next::CommaOrEnd, Token::Comma) => {
                self.next = if self.is_in_object() { Next::NameOrEnd } else { Next::ValueOrEnd };
                Role::Fitting
            }
            (Next::Colon, Token::Colon) => {
                self.next = Next::Value;
                Role::Fitting
            }
            (
                Next::NameOrEnd,
                Token::String(_) | Token::Word(_) | Token::Number(_) | Token::Boolean(_) | Token::Null,
            ) => {
                if let Some(open) = self.open.last_mut() {
                    token.as_str().clone_into(&mut open.name);
                }
                self.next = Next::Colon;
                Role::Name
            }
            (Next::Value | Next::ValueOrEnd, Token::OpenBrace) => self.open(true),
            (Next::Value | Next::ValueOrEnd, Token::OpenBracket) => self.open(false),
            (Next::Value | Next::ValueOrEnd, Token::String(_) | Token::Number(_) | Token::Boolean(_) | Token::Null) => {
                self.after_value();
                Role::Fitting
            }
            _ => Role::Wrong,
        }
    }

    fn is_in_object(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_object)
    }

    fn open(&mut self, is_object: bool) -> Role {
        let sight = self.sight();
        self.open.push(Open { is_object, name: String::new(), sight });
        self.next = if is_object { Next::NameOrEnd } else { Next::ValueOrEnd };
        Role::Fitting
    }

    fn close(&mut self) -> Role {
        self.open.pop();
        self.after_value();
        Role::Fitting
    }

    fn after_value(&mut self) {
        self.next = if self.open.is_empty() { Next::Nothing } else { Next::CommaOrEnd };
    }
}
