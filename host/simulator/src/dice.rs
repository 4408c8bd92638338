//! Numbers that look random and are the same for the same seed and request, so that a run can be repeated.

use sha2::{Digest, Sha256};

/// SplitMix64: small, and good enough for paddings and pauses.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// Dice that begin at a seed and at what they are thrown for.
    pub(crate) fn new(seed: u64, what_for: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_be_bytes());
        hasher.update(what_for);
        let state = hasher.finalize().iter().take(8).fold(0, |state, byte| (state << 8) | u64::from(*byte));
        Self { state }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number from `low` to `high`, both included; `low` when `high` is below it.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high.saturating_sub(low) + 1)
    }

    /// A place in a list of `length` members; 0 for an empty one.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let last = u64::try_from(length.saturating_sub(1)).unwrap_or(u64::MAX);
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    /// The id of a tool call, in the service's form: `tooluse_` and 22 letters or digits.
    pub(crate) fn tool_use_id(&mut self) -> String {
        const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let tail = (0..22).map(|_| char::from(SIGNS[self.index(SIGNS.len())]));
        "tooluse_".chars().chain(tail).collect()
    }

    /// A request id in the service's form: a version 4 UUID.
    pub(crate) fn request_id(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0x0fff);
        let (d, e) = (((low >> 48) & 0x3fff) | 0x8000, low & 0xffff_ffff_ffff);
        format!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}")
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_and_request_throw_the_same() {
        let ids = |seed, what: &str| Dice::new(seed, what.as_bytes()).tool_use_id();
        assert_eq!(ids(1, "a"), ids(1, "a"));
        assert_ne!(ids(1, "a"), ids(2, "a"));
        assert_ne!(ids(1, "a"), ids(1, "b"));
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let mut dice = Dice::new(0, b"");
        assert!((0..1000).all(|_| (20..=40).contains(&dice.between(20, 40))));
        assert_eq!(dice.between(7, 3), 7);
        assert_eq!(dice.index(0), 0);
    }

    #[test]
    fn ids_have_the_form_of_the_service() {
        let mut dice = Dice::new(3, b"x");
        assert_eq!(dice.tool_use_id().len(), 30);
        let id = dice.request_id();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
    }
}
