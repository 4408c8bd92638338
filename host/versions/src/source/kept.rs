//! Versions that are kept on this machine, by their digest or the beginning of it.

use std::fmt;

use super::FetchError;
use crate::provider::Digest;

/// The shortest beginning of a digest that names a version, in hexadecimal digits.
pub(super) const SHORTEST_PREFIX: usize = 8;

/// Hexadecimal digits of a whole digest.
pub(super) const WHOLE: usize = 64;

/// Where versions are kept.
pub trait Kept: Sync {
    /// The digests of all that are kept.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn digests(&self) -> Result<Vec<Digest>, Box<dyn std::error::Error + Send + Sync>>;

    /// The bytes of one, compared with its digest; `None` where it is not kept.
    ///
    /// # Errors
    /// When they cannot be read, or are not what they were.
    fn bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>>;

    /// The signature that came with one; `None` where none did.
    ///
    /// # Errors
    /// When it cannot be read.
    fn signature(&self, digest: &Digest) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
        let _ = digest;
        Ok(None)
    }
}

/// A machine that keeps no versions.
impl Kept for () {
    fn digests(&self) -> Result<Vec<Digest>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Vec::new())
    }

    fn bytes(&self, _digest: &Digest) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(None)
    }
}

/// A digest, or the beginning of one: 8 to 64 hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPrefix(String);

impl DigestPrefix {
    /// Of digits without `sha256:` before them; `None` where they are not 8 to 64 hexadecimal digits. Upper case is taken too.
    #[must_use]
    pub fn of_digits(digits: &str) -> Option<Self> {
        let fits =
            (SHORTEST_PREFIX..=WHOLE).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        fits.then(|| DigestPrefix(digits.to_ascii_lowercase()))
    }

    /// Whether a digest begins so.
    #[must_use]
    pub fn begins(&self, digest: &Digest) -> bool {
        digest.to_string().starts_with(&self.0)
    }

    /// The one version that begins so, and its bytes.
    pub(super) fn find(&self, kept: &dyn Kept) -> Result<(Digest, Vec<u8>), FetchError> {
        let failed = |source| FetchError::Kept { wanted: self.clone(), source };
        let mut found = kept.digests().map_err(failed)?;
        found.retain(|digest| self.begins(digest));
        let not_kept = || FetchError::NotKept { wanted: self.clone() };
        let digest = match found.as_slice() {
            [] => return Err(not_kept()),
            [digest] => *digest,
            _ => {
                found.sort_by_key(ToString::to_string);
                return Err(FetchError::Ambiguous { wanted: self.clone(), found });
            }
        };
        // Gone since it was listed: somebody prunes.
        let bytes = kept.bytes(&digest).map_err(failed)?.ok_or_else(not_kept)?;
        Ok((digest, bytes))
    }
}

impl From<Digest> for DigestPrefix {
    fn from(digest: Digest) -> Self {
        DigestPrefix(digest.to_string())
    }
}

impl fmt::Display for DigestPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{DigestPrefix, Kept};
    use crate::provider::Digest;
    use crate::source::FetchError;

    type BoxError = Box<dyn std::error::Error + Send + Sync>;

    /// Versions whose digests need not be those of their bytes, so that beginnings can be the same.
    struct Shelf(Vec<(Digest, &'static [u8])>);

    impl Kept for Shelf {
        fn digests(&self) -> Result<Vec<Digest>, BoxError> {
            Ok(self.0.iter().map(|(digest, _)| *digest).collect())
        }

        fn bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, BoxError> {
            match self.0.iter().find(|(kept, _)| kept == digest) {
                Some((_, b"damaged")) => Err("it is damaged".into()),
                found => Ok(found.map(|(_, bytes)| bytes.to_vec())),
            }
        }
    }

    fn digest(beginning: &str) -> Digest {
        format!("{beginning:0<64}").parse().expect("a digest")
    }

    fn prefix(digits: &str) -> DigestPrefix {
        DigestPrefix::of_digits(digits).expect("a beginning")
    }

    #[test]
    fn a_version_is_found_by_a_beginning_that_only_it_has() {
        let shelf = Shelf(vec![
            (digest("0123456789"), b"one"),
            (digest("0123456788"), b"two"),
            (digest("fedcba98"), b"damaged"),
        ]);
        assert_eq!(prefix("0123456789").find(&shelf).expect("it is kept"), (digest("0123456789"), b"one".to_vec()));
        assert_eq!(DigestPrefix::from(digest("0123456788")).find(&shelf).expect("it is kept").1, b"two");
        let ambiguous = prefix("01234567").find(&shelf).expect_err("two begin so");
        assert!(
            matches!(&ambiguous, FetchError::Ambiguous { found, .. } if *found == [digest("0123456788"), digest("0123456789")])
        );
        assert!(ambiguous.to_string().starts_with("2 versions start with sha256:01234567: sha256:0123456788"));
        assert!(matches!(prefix("0123456a").find(&shelf), Err(FetchError::NotKept { .. })));
        assert!(matches!(prefix("01234567").find(&()), Err(FetchError::NotKept { .. })));
        let damaged = prefix("FEDCBA98").find(&shelf).expect_err("it is damaged");
        assert_eq!(damaged.to_string(), "cannot read version sha256:fedcba98: it is damaged");
    }
}
