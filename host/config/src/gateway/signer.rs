//! Whose signature of a provider counts.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::PublicKey;

/// Bytes of a public key: two of the algorithm, eight of the id, 32 of the key.
const PUBLIC_KEY_BYTES: usize = 42;

/// What minisign numbers keys by: eight random bytes that a key and its signatures carry. It finds the key, and proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id in the decoded second line of a public key or a signature: it stands behind the algorithm's two bytes in both.
    #[must_use]
    pub fn of_decoded(line: &[u8]) -> Option<Self> {
        line.get(2..10)?.try_into().ok().map(KeyId)
    }
}

/// As minisign shows it: the bytes as a little-endian number in upper-case hexadecimal digits, without zeros before it.
impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

/// A minisign public key (ed25519). Its text is `minisign.pub`, or the second line of it alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Signer {
    id: KeyId,
    key: PublicKey,
}

/// A text that is no [`Signer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// It is something else.
    #[error("not a minisign public key")]
    NotAKey,
    /// It is a key that nobody may see.
    #[error("a minisign secret key, which must stay with the signer")]
    SecretKey,
}

impl Signer {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key, for checking.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl FromStr for Signer {
    type Err = SignerError;

    fn from_str(text: &str) -> Result<Self, SignerError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next().ok_or(SignerError::NotAKey)?;
        let key =
            if first.starts_with("untrusted comment:") { lines.next().ok_or(SignerError::NotAKey)? } else { first };
        if lines.next().is_some() {
            return Err(SignerError::NotAKey);
        }
        let decoded = STANDARD.decode(key).map_err(|_| SignerError::NotAKey)?;
        if decoded.len() > PUBLIC_KEY_BYTES && decoded.starts_with(b"Ed") {
            return Err(SignerError::SecretKey);
        }
        let id = KeyId::of_decoded(&decoded).ok_or(SignerError::NotAKey)?;
        let key = PublicKey::from_base64(key).map_err(|_| SignerError::NotAKey)?;
        Ok(Signer { id, key })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyId, Signer, SignerError};

    /// The key of minisign's own documentation.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn a_key_is_read_from_its_line_and_from_the_whole_file() {
        let line: Signer = KEY.parse().expect("a key");
        assert_eq!(line.id().to_string(), "E7620F1842B4E81F");
        let file = format!("untrusted comment: minisign public key E7620F1842B4E81F\n{KEY}\n");
        assert_eq!(file.parse::<Signer>(), Ok(line));
        let short = KeyId::of_decoded(&[0x45, 0x44, 0x21, 0xd2, 0x95, 0x5d, 0x5c, 0x59, 0x77, 0x09]).expect("an id");
        assert_eq!(short.to_string(), "977595C5D95D221");
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let short = &KEY[..52];
        let two = format!("{KEY}\n{KEY}");
        let other_algorithm = format!("AA{}", &KEY[2..]);
        for text in ["", "untrusted comment: x", "RW", "hello", "ä", short, &two, &other_algorithm] {
            assert_eq!(text.parse::<Signer>(), Err(SignerError::NotAKey), "{text}");
        }
        // Beginning and length of a minisign.key.
        let secret = format!("untrusted comment: minisign encrypted secret key\nRWRTY0Iy{}", "A".repeat(204));
        assert_eq!(secret.parse::<Signer>(), Err(SignerError::SecretKey));
    }
}
