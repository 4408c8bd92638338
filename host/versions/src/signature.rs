//! Who signed a provider: [minisign](https://jedisct1.github.io/minisign/) signatures (ed25519).
//!
//! A signature is over the component's BLAKE2b-512 digest (minisign's prehashed mode, what `minisign -S` makes): the SHA-256 that
//! a version is known by and the signature are two digests of the same bytes. It lies beside a file as `FILE.minisig`, and in a
//! registry in an annotation of the manifest: see [`super::source`]. Its trusted comment says which provider it is for: see
//! [`Statement`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::Signature;

use std::time::SystemTime;

use super::statement::{Expiry, Statement, StatementError};
use crate::config::gateway::{KeyId, Signer};

/// The most bytes of a signature's text. minisign writes about 300; its trusted comment is free text.
pub const SIGNATURE_LIMIT: usize = 8 * 1024;

/// What the author of a component does about a signature that does not fit it.
pub(super) const SIGN_AGAIN: &str =
    "sign again with `minisign -Sm provider.wasm -t \"$(quarry provider inspect --trusted-comment provider.wasm)\"`";

/// Why a component does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It has none.
    #[error(
        "the provider is not signed, and `quarry.provider.signers` requires a signature: sign it with `minisign -Sm provider.wasm -t \"$(quarry provider inspect --trusted-comment provider.wasm)\"`, and keep `provider.wasm.minisig` next to the file; `quarry provider push` includes it"
    )]
    Missing,
    /// It is by a key that nobody trusts.
    #[error("the provider is signed by key {found}, and `quarry.provider.signers` trusts {}", listed(trusted))]
    UnknownSigner {
        /// The key of the signature.
        found: KeyId,
        /// The keys that count.
        trusted: Vec<KeyId>,
    },
    /// The bytes, the signature or its trusted comment were changed.
    #[error(
        "the signature by key {signer} does not match: the provider, or the signature's trusted comment, was changed after signing"
    )]
    DoesNotFit {
        /// The key of the signature.
        signer: KeyId,
    },
    /// It is of minisign's legacy mode, which signs whole files and not their digests.
    #[error(
        "the signature by key {signer} is in minisign's legacy format: sign again, without `-l` (minisign 0.10 or later)"
    )]
    Legacy {
        /// The key of the signature.
        signer: KeyId,
    },
    /// It does not say what it is for.
    #[error("the signature by key {signer} is not valid: {reason}; {SIGN_AGAIN}")]
    NoStatement {
        /// The key of the signature.
        signer: KeyId,
        /// What is wrong with its trusted comment.
        reason: StatementError,
    },
    /// Its time is over.
    #[error("the signature by key {signer} expired at {expired}: get a newer version or a newer signature")]
    Expired {
        /// The key of the signature.
        signer: KeyId,
        /// When.
        expired: Expiry,
    },
    /// The text is no signature.
    #[error("the signature is damaged: it is not four lines as `minisign -S` writes them")]
    Malformed,
}

fn listed(keys: &[KeyId]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A signature that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key that made it.
    pub by: KeyId,
    /// What it is for. Whether the component is that must be seen when it runs.
    pub statement: Statement,
}

/// Checks who signed a component, and gives what was signed; `None` where no signers are configured: then nothing is asked for,
/// and a signature that is there is not looked at.
///
/// # Errors
/// When there are signers and none of them signed these bytes, or the signature does not say what it is for, or has expired.
pub fn verify(
    bytes: &[u8],
    signature: Option<&str>,
    signers: &[Signer],
    now: SystemTime,
) -> Result<Option<Signed>, SignatureError> {
    if signers.is_empty() {
        return Ok(None);
    }
    let text = signature.ok_or(SignatureError::Missing)?;
    if text.len() > SIGNATURE_LIMIT {
        return Err(SignatureError::Malformed);
    }
    let signature = Signature::decode(text).map_err(|_| SignatureError::Malformed)?;
    let signer = key_id(text).ok_or(SignatureError::Malformed)?;
    // Ids are no secrets and can be the same by accident or intent, so each key of this id is tried.
    let mut fitting = signers.iter().filter(|trusted| trusted.id() == signer).peekable();
    if fitting.peek().is_none() {
        return Err(SignatureError::UnknownSigner { found: signer, trusted: signers.iter().map(Signer::id).collect() });
    }
    let mut failure = SignatureError::DoesNotFit { signer };
    for trusted in fitting {
        match trusted.key().verify(bytes, &signature, false) {
            Ok(()) => return stated(signer, signature.trusted_comment(), now).map(Some),
            Err(minisign_verify::Error::UnexpectedAlgorithm) => failure = SignatureError::Legacy { signer },
            Err(_) => {}
        }
    }
    Err(failure)
}

/// Whether a signature that was checked before still counts.
pub(super) fn is_current(text: &str, now: SystemTime) -> bool {
    let statement = Signature::decode(text).ok().and_then(|signature| signature.trusted_comment().parse().ok());
    statement.is_some_and(|Statement { expires, .. }| !expires.is_some_and(|expires| expires.is_past(now)))
}

/// What a trusted comment says, which was signed.
fn stated(signer: KeyId, comment: &str, now: SystemTime) -> Result<Signed, SignatureError> {
    let statement = comment.parse::<Statement>().map_err(|reason| SignatureError::NoStatement { signer, reason })?;
    match statement.expires.filter(|expires| expires.is_past(now)) {
        Some(expired) => Err(SignatureError::Expired { signer, expired }),
        None => Ok(Signed { by: signer, statement }),
    }
}

/// The id of the key in a signature's second line.
fn key_id(text: &str) -> Option<KeyId> {
    KeyId::of_decoded(&STANDARD.decode(text.lines().nth(1)?).ok()?)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::{SIGNATURE_LIMIT, SignatureError, Signed};
    use crate::config::gateway::Signer;

    /// Key and signature (of `test`) from the tests of the crate that checks them, whose author wrote minisign.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";

    fn verify(bytes: &[u8], signature: Option<&str>, signers: &[Signer]) -> Result<Option<Signed>, SignatureError> {
        super::verify(bytes, signature, signers, SystemTime::UNIX_EPOCH)
    }

    fn signers() -> Vec<Signer> {
        vec![KEY.parse().expect("a key")]
    }

    #[test]
    fn signed_bytes_whose_signature_says_nothing_of_them_are_refused_with_the_command_that_does() {
        let told = verify(b"test", Some(SIGNATURE), &signers()).expect_err("it is for anything").to_string();
        assert!(told.starts_with("the signature by key E7620F1842B4E81F is not valid: it does not name"), "{told}");
        assert!(told.contains("minisign -Sm provider.wasm -t \"$(quarry provider inspect --trusted-comment"), "{told}");
        assert_eq!(verify(b"test", Some("no signature"), &[]), Ok(None));
    }

    #[test]
    fn what_was_changed_does_not_fit() {
        let signer = signers()[0].id();
        let told = verify(b"tesT", Some(SIGNATURE), &signers());
        assert_eq!(told, Err(SignatureError::DoesNotFit { signer }));
        let comment = SIGNATURE.replace("file:test", "file:tesT");
        assert_eq!(verify(b"test", Some(&comment), &signers()), Err(SignatureError::DoesNotFit { signer }));
    }

    #[test]
    fn other_keys_and_no_signature_are_refused_with_what_to_do() {
        let other: Signer = format!("RWQg6L{}", &KEY[6..]).parse().expect("a key of another id");
        let told = verify(b"test", Some(SIGNATURE), std::slice::from_ref(&other)).expect_err("it is not trusted");
        assert_eq!(
            told.to_string(),
            format!(
                "the provider is signed by key E7620F1842B4E81F, and `quarry.provider.signers` trusts {}",
                other.id()
            )
        );
        let one_of_two = verify(b"test", Some(SIGNATURE), &[other, signers()[0].clone()]);
        assert!(matches!(one_of_two, Err(SignatureError::NoStatement { .. })), "{one_of_two:?}");
        let missing = verify(b"test", None, &signers()).expect_err("it is not signed");
        assert!(missing.to_string().contains("minisign -Sm provider.wasm"), "{missing}");
    }

    #[test]
    fn texts_that_are_no_signature_are_damaged() {
        let cut: Vec<String> =
            (0..4).map(|lines| SIGNATURE.lines().take(lines).collect::<Vec<_>>().join("\n")).collect();
        let long = format!("{SIGNATURE}{}", " ".repeat(SIGNATURE_LIMIT));
        let not_base64 = SIGNATURE.replace("RUQf", "RU*f");
        let other_algorithm = SIGNATURE.replace("RUQf", "AAQf");
        for text in cut.iter().chain([&long, &not_base64, &other_algorithm]) {
            assert_eq!(verify(b"test", Some(text), &signers()), Err(SignatureError::Malformed), "{text}");
        }
    }
}
