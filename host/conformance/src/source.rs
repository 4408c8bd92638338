//! Where cases come from: a component, or a folder.

use std::path::Path;

use super::cases::{self, Case, CaseError};
use super::own;

/// A source of cases.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// Those that a component brings along: its name and its bytes.
    Component(&'a str, &'a [u8]),
    /// A folder that holds one folder a verb.
    Folder(&'a Path),
}

impl Source<'_> {
    /// All cases; those of a folder are sorted by name.
    ///
    /// # Errors
    /// As [`cases::find`] and [`own::of_component`].
    pub fn cases(self) -> Result<Vec<Case>, CasesError> {
        Ok(match self {
            Source::Component(name, bytes) => own::of_component(name, bytes)?,
            Source::Folder(folder) => cases::find(folder)?,
        })
    }
}

/// Why the cases of a [`Source`] cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum CasesError {
    /// A folder is none of cases.
    Folder(#[from] CaseError),
    /// A component's section is none.
    Own(#[from] own::OwnCasesError),
}
