//! Why a version cannot be had.

use std::path::PathBuf;

use super::DigestPrefix;
use super::oci::RegistryError;
use crate::files::Flaw;
use crate::provider::Digest;

/// Why a version was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is too large.
    #[error("{} has more than {limit} bytes, the limit", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
    /// Others can change the file, and nobody has to have signed it.
    #[error(
        "{flaw}; such a component needs a signature by one of quarry.provider.signers; to fix it: {}",
        flaw.remedy()
    )]
    Untrusted {
        /// How.
        flaw: Flaw,
    },
    /// The text beside a file is too large for a signature, or is no text.
    #[error("{} is not a minisign signature", path.display())]
    NotASignature {
        /// The file.
        path: PathBuf,
    },
    /// This machine does not keep it.
    #[error("the version {wanted} is not on this machine; `quarry provider list` shows the versions")]
    NotKept {
        /// What was asked for.
        wanted: DigestPrefix,
    },
    /// More than one version begins so.
    #[error("{} versions start with {wanted}: {}", found.len(), listed(found))]
    Ambiguous {
        /// What was asked for.
        wanted: DigestPrefix,
        /// The versions.
        found: Vec<Digest>,
    },
    /// What is kept cannot be read.
    #[error("cannot read version {wanted}: {source}")]
    Kept {
        /// What was asked for.
        wanted: DigestPrefix,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl FetchError {
    /// Whether something came, and was not what was asked for by its digest.
    #[must_use]
    pub fn is_of_a_digest(&self) -> bool {
        matches!(self, FetchError::Registry(RegistryError::Digest { .. }))
    }
}

fn listed(digests: &[Digest]) -> String {
    digests.iter().map(|digest| format!("{digest:?}")).collect::<Vec<_>>().join(", ")
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a reference to a provider: at character {column}: {message}")]
pub struct SourceError {
    /// The text.
    pub text: String,
    /// Where in the text, in characters from 1.
    pub column: usize,
    /// What is wrong there, and what would be right.
    pub message: String,
}

impl SourceError {
    /// Of a part of the text, which tells where it is.
    pub(super) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.char_indices().take_while(|(index, _)| *index < offset).count();
        SourceError { text: text.to_owned(), column: before + 1, message: message.into() }
    }
}
