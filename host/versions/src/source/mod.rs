//! Where the bytes of a provider's version come from: a file, a registry, this machine's store, this binary.
//!
//! A registry holds a provider as the OCI artifact for WebAssembly: a manifest with the config `application/vnd.wasm.config.v0+json`
//! and one layer `application/wasm`. The text of its minisign signature stands in the manifest's annotation
//! [`SIGNATURE_ANNOTATION`] and not in a second layer, because tools of the Bytecode Alliance take artifacts of one layer only.

mod error;
mod file;
mod folder;
mod kept;
mod oci;
mod text;

use std::path::PathBuf;
use std::time::Duration;

pub use self::error::{FetchError, SourceError};
pub use self::folder::Folder;
pub use self::kept::{DigestPrefix, Kept};
pub use self::oci::{
    CredentialsError, Interfaces, OciReference, Pushed, Registries, RegistryCredentials, RegistryError,
    SIGNATURE_ANNOTATION,
};
use crate::config::gateway::Signer;
use crate::embedded::EMBEDDED;
use crate::files::Flaw;
use crate::provider::{Digest, Limits};

/// How long a fetch from a registry, or a push to one, may take in all.
pub const REGISTRY_TIME: Duration = Duration::from_secs(300);

/// Where a version comes from. Its text is what [`Source::from_str`](std::str::FromStr) reads, and it is written so again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `embedded`: the component in this binary.
    Embedded,
    /// `sha256:…`: a version that is kept on this machine.
    Kept(DigestPrefix),
    /// `oci://registry/name:tag`, `oci://registry/name@sha256:…`, or with both.
    Oci(OciReference),
    /// Anything else: the path of a file. One that is called like the above is written with `./` before it.
    File(PathBuf),
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The component. Nothing of it has been parsed.
    pub bytes: Vec<u8>,
    /// Where it came from, as exactly as can be said: a tag with the manifest's digest that it stood for, a beginning of a digest
    /// as the whole. A file's path says nothing of its bytes; `digest` does.
    pub resolved: Source,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// The text of the minisign signature that came along, unchecked. The embedded version brings none.
    pub signature: Option<String>,
    /// What lets others change the file that the bytes are from, or put another in its place. Only a file has any.
    pub flaws: Vec<Flaw>,
}

impl Fetched {
    /// Refuses a component from a file that others can change, unless it must be signed: then the signature is what is trusted.
    ///
    /// # Errors
    /// Says who can change it, and what mends that.
    pub fn check_owner(&self, signers: &[Signer]) -> Result<(), FetchError> {
        match self.flaws.first() {
            Some(flaw) if signers.is_empty() => Err(FetchError::Untrusted { flaw: flaw.clone() }),
            _ => Ok(()),
        }
    }
}

/// Fetches versions.
#[derive(Debug)]
pub struct Fetcher {
    limit: usize,
    registries: Registries,
}

impl Fetcher {
    /// With the bound of a component's size, and the registries with their credentials.
    #[must_use]
    pub fn new(limits: &Limits, registries: Registries) -> Self {
        Fetcher { limit: limits.component, registries }
    }

    /// Fetches the version that a source names. `kept` are this machine's versions.
    ///
    /// # Errors
    /// When there is no such version, it is larger than the limit, it is not what the source pins, or the file or registry cannot
    /// be read.
    pub async fn fetch(&self, source: &Source, kept: &dyn Kept) -> Result<Fetched, FetchError> {
        let mut flaws = Vec::new();
        let (bytes, resolved, signature) = match source {
            Source::Embedded => (EMBEDDED.to_vec(), Source::Embedded, None),
            Source::Kept(prefix) => {
                let (digest, bytes) = prefix.find(kept)?;
                let failed = |source| FetchError::Kept { wanted: digest.into(), source };
                (bytes, Source::Kept(digest.into()), kept.signature(&digest).map_err(failed)?)
            }
            Source::Oci(reference) => {
                let pulled = self.registries.pull(reference, self.limit).await?;
                (pulled.component, Source::Oci(pulled.reference), pulled.signature)
            }
            Source::File(path) => {
                let read = file::read(path, self.limit).await?;
                flaws = read.flaws;
                (read.bytes, Source::File(path.clone()), read.signature)
            }
        };
        let digest = Digest::of(&bytes);
        Ok(Fetched { bytes, resolved, digest, signature, flaws })
    }
}

#[cfg(test)]
mod tests {
    use super::{FetchError, Fetcher, Kept, REGISTRY_TIME, Registries, RegistryCredentials, Source};
    use crate::embedded::EMBEDDED;
    use crate::provider::{Digest, Limits};

    type BoxError = Box<dyn std::error::Error + Send + Sync>;

    /// A machine that keeps one version.
    struct One(&'static [u8]);

    impl Kept for One {
        fn digests(&self) -> Result<Vec<Digest>, BoxError> {
            Ok(vec![Digest::of(self.0)])
        }

        fn bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, BoxError> {
            Ok((*digest == Digest::of(self.0)).then(|| self.0.to_vec()))
        }

        fn signature(&self, digest: &Digest) -> Result<Option<String>, BoxError> {
            Ok((*digest == Digest::of(self.0)).then(|| "signed".to_owned()))
        }
    }

    #[tokio::test]
    async fn what_needs_no_network_is_fetched_and_resolved() {
        let fetcher = Fetcher::new(&Limits::default(), Registries::new(RegistryCredentials::default(), REGISTRY_TIME));
        // On a task of its own, where the gateway fetches.
        let embedded = tokio::spawn(async move {
            let embedded = fetcher.fetch(&Source::Embedded, &()).await;
            (fetcher, embedded)
        });
        let (fetcher, embedded) = embedded.await.expect("it ends");
        let embedded = embedded.expect("it is here");
        assert_eq!((embedded.bytes.as_slice() == EMBEDDED, embedded.digest), (true, Digest::of(EMBEDDED)));

        let whole = format!("{:?}", Digest::of(b"kept"));
        let beginning: Source = whole[..15].parse().expect("a source");
        let kept = fetcher.fetch(&beginning, &One(b"kept")).await.expect("it is kept");
        assert_eq!((kept.bytes.as_slice(), kept.resolved.to_string()), (&b"kept"[..], whole));
        assert_eq!(kept.signature.as_deref(), Some("signed"), "what was asked for of its signer is asked for again");
        let missing = fetcher.fetch(&beginning, &()).await;
        assert!(matches!(missing, Err(FetchError::NotKept { .. })), "{missing:?}");
    }
}
