//! Following a document token by token: where it is, and whether the token fits.

use jsonc_parser::tokens::Token;

use super::Mask;
use super::places::{PARAMS, Place};
use super::secret;

/// What may be seen of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is none of the provider's business.
    Outside,
    /// It is another program's, and its owner looks at it.
    Foreign,
    /// What the place lets be seen.
    At(&'static Place),
    /// Numbers, and no text: nobody knows what the member is for.
    Unknown,
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
    mask: &'m Mask,
    open: Vec<Open>,
    next: Next,
}

impl<'m> Walk<'m> {
    /// The beginning of a document.
    pub(super) fn new(mask: &'m Mask) -> Self {
        Walk { mask, open: Vec::new(), next: Next::Value }
    }

    /// What may be seen of the value that comes next. Known from the object or list around it, so that depth costs nothing.
    pub(super) fn sight(&self) -> Sight {
        let Some(around) = self.open.last() else { return self.mask.elsewhere };
        let may_be_secret = around.is_object && secret::may_name_a_secret(&around.name);
        match around.sight {
            Sight::Secret => Sight::Secret,
            Sight::Outside | Sight::Foreign if let Some(place) = self.place_here() => Sight::At(place),
            Sight::Outside => Sight::Outside,
            Sight::At(place) if let Some(sight) = self.below(place, around) => match sight {
                Sight::At(Place::Address | Place::Word) if self.mask.elsewhere == Sight::Outside => Sight::Outside,
                sight => sight,
            },
            Sight::Foreign | Sight::Unknown | Sight::At(_) if may_be_secret => Sight::Secret,
            Sight::Foreign => Sight::Foreign,
            Sight::Unknown | Sight::At(_) => Sight::Unknown,
        }
    }

    /// What may be seen of a member or element of a place; none where it is not known.
    fn below(&self, place: &'static Place, Open { is_object, name, sight: _ }: &Open) -> Option<Sight> {
        match place {
            Place::Members(members) | Place::ValueOr(members) if *is_object => {
                members.iter().find(|(known, _)| known == name).map(|(_, place)| Sight::At(place))
            }
            Place::Each(place) if *is_object => Some(Sight::At(place)),
            Place::List(place) if !is_object => Some(Sight::At(place)),
            Place::Params if *is_object => {
                let is_known = PARAMS.contains(&name.as_str()) || self.mask.params.contains(name);
                is_known.then_some(Sight::At(&Place::Value))
            }
            Place::Gateway if *is_object && secret::is_secret_name(name) => Some(Sight::Secret),
            Place::Gateway => Some(Sight::At(place)),
            _ => None,
        }
    }

    /// The place of the value that comes next, where it is the beginning of a part that may be seen.
    fn place_here(&self) -> Option<&'static Place> {
        let matches = |(open, name): (&Open, &&str)| open.is_object && open.name == **name;
        let is_here = |path: &[&str]| path.len() == self.open.len() && self.open.iter().zip(path).all(matches);
        self.mask.parts.iter().find(|(path, _)| is_here(path)).map(|(_, place)| *place)
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
