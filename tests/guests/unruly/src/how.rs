//! What a conversation tells the component to do to it.

use crate::misdeeds::Misdeed;

/// What stands before it in a message.
const MARK: &str = "unruly:";

/// The call in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `prepare`.
    Prepare,
    /// The constructor of the turn.
    Open,
    /// `push`.
    Push,
}

/// What a conversation tells the component to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// What.
    pub misdeed: Misdeed,
    /// Where.
    pub call: Call,
    /// The event at which it is done, from 1; for what a request is made of, how much of it.
    pub event: usize,
}

impl How {
    /// What a text tells: `unruly:trap`, `unruly:loop:3` (at the third event), `unruly:prepare-loop`, `unruly:open-loop`.
    #[must_use]
    pub fn told(text: &str) -> Option<Self> {
        let told = text.split_once(MARK)?.1.split_whitespace().next()?;
        let (name, event) = told.split_once(':').unwrap_or((told, "1"));
        let (name, call) = match name.split_once('-') {
            Some(("prepare", name)) => (name, Call::Prepare),
            Some(("open", name)) => (name, Call::Open),
            _ => (name, Call::Push),
        };
        Some(How { misdeed: Misdeed::named(name)?, call, event: event.parse().ok()? })
    }

    /// Puts what a turn has to do before the provider's own carry.
    #[must_use]
    pub fn carried(told: &str, carry: Vec<u8>) -> Vec<u8> {
        let words = told.split_once(MARK).and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or_default();
        let mut all = format!("{MARK}{words}\n").into_bytes();
        all.extend(carry);
        all
    }

    /// Takes it off again.
    #[must_use]
    pub fn taken_off(mut carry: Vec<u8>) -> (Option<Self>, Vec<u8>) {
        if !carry.starts_with(MARK.as_bytes()) {
            return (None, carry);
        }
        let end = carry.iter().position(|byte| *byte == b'\n').unwrap_or(carry.len());
        let own = carry.split_off((end + 1).min(carry.len()));
        (core::str::from_utf8(&carry).ok().and_then(How::told), own)
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, How};
    use crate::misdeeds::Misdeed;

    #[test]
    fn what_is_told_comes_through_the_carry() {
        let told = "please unruly:loop:3 now";
        let how = How { misdeed: Misdeed::Loop, call: Call::Push, event: 3 };
        assert_eq!(How::told(told), Some(how));
        let carry = How::carried(told, b"own\n".to_vec());
        assert_eq!(How::taken_off(carry), (Some(how), b"own\n".to_vec()));
        assert_eq!(How::taken_off(b"own".to_vec()), (None, b"own".to_vec()));
        assert_eq!(How::told("a text"), None);
        assert!(How::told("unruly:prepare-trap").is_some_and(|how| how.call == Call::Prepare && how.event == 1));
        assert!(How::told("unruly:open-loop").is_some_and(|how| how.call == Call::Open));
    }
}
