//! The hash of a client key, which is all that is kept of it.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What a hash is written with.
const PREFIX: &str = "sha256:";

/// SHA-256 of a client key, written `sha256:` and 64 hexadecimal digits.
///
/// One round of SHA-256 and no slow hash: a key is 256 random bits, and those cannot be guessed at any speed. A slow hash
/// protects passwords that people choose, and would cost each request its price.
#[derive(Clone)]
pub struct KeyHash([u8; 32]);

/// A text that is no [`KeyHash`]. It is not quoted: it may be the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not `sha256:` and 64 hexadecimal digits")]
pub struct KeyHashError;

impl KeyHash {
    /// The hash of a whole key, its `qk_` included.
    #[must_use]
    pub fn of(key: &SecretString) -> Self {
        KeyHash::of_text(key.expose_secret())
    }

    /// The hash of what a client presents as its key.
    #[must_use]
    pub fn of_text(presented: &str) -> Self {
        KeyHash(Sha256::digest(presented.as_bytes()).into())
    }

    /// Whether two hashes are the same, found out in a time that does not tell how much of them is.
    #[must_use]
    pub fn is(&self, other: &KeyHash) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }

    /// The first eight hexadecimal digits: enough to tell keys apart, for a person.
    #[must_use]
    pub fn short(&self) -> String {
        self.hex().chars().take(8).collect()
    }

    fn hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.is(other).into()
    }
}

impl Eq for KeyHash {}

impl FromStr for KeyHash {
    type Err = KeyHashError;

    fn from_str(text: &str) -> Result<Self, KeyHashError> {
        let hex = text.strip_prefix(PREFIX).ok_or(KeyHashError)?.as_bytes();
        let mut hash = [0; 32];
        if hex.len() != 2 * hash.len() {
            return Err(KeyHashError);
        }
        for (byte, digits) in hash.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Ok(KeyHash(hash))
    }
}

fn digit(character: u8) -> Result<u8, KeyHashError> {
    let digit = char::from(character).to_digit(16).ok_or(KeyHashError)?;
    u8::try_from(digit).map_err(|_| KeyHashError)
}

impl fmt::Display for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}", self.hex())
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyHash({}…)", self.short())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{KeyHash, KeyHashError};

    /// `printf abc | sha256sum`.
    const OF_ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_hash_is_read_and_written() {
        let hash: KeyHash = OF_ABC.parse().expect("a hash");
        assert_eq!(hash, KeyHash::of(&SecretString::from("abc")));
        assert_eq!((hash.to_string().as_str(), hash.short().as_str()), (OF_ABC, "ba7816bf"));
        let upper = format!("sha256:{}", OF_ABC[7..].to_uppercase());
        assert_eq!(upper.parse::<KeyHash>().expect("a hash"), hash);
        assert_ne!(hash, KeyHash::of(&SecretString::from("abd")));
        assert!(format!("{hash:?}").len() < 24);
    }

    #[test]
    fn what_is_no_hash_is_refused_and_not_quoted() {
        let long = format!("{OF_ABC}0");
        for wrong in ["", "abc", &OF_ABC[7..], &OF_ABC[..70], &long, "sha256:", "sha256:ää"] {
            assert_eq!(wrong.parse::<KeyHash>(), Err(KeyHashError), "{wrong}");
        }
        let sign = OF_ABC.replacen("sha256:b", "sha256:+", 1);
        assert_eq!(sign.parse::<KeyHash>(), Err(KeyHashError));
    }
}
