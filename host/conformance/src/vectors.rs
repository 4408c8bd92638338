//! Frames of the SDKs' own test suites, good and damaged as their names say: the good ones decode, the damaged ones are
//! refused with a reason. No provider takes part.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::cases::{CaseError, entries};
use crate::aws::frames::FrameDecoder;

/// One frame.
#[derive(Debug)]
pub struct Vector {
    /// The file's name without its extension.
    pub name: String,
    bytes: Vec<u8>,
}

/// All vectors of a folder; `None` where there is no such folder.
///
/// # Errors
/// When a file cannot be read.
pub fn find(folder: &Path) -> Result<Vec<Vector>, CaseError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let read = |path: std::path::PathBuf| match fs::read(&path) {
        Ok(bytes) => Ok(Vector { name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), bytes }),
        Err(source) => Err(CaseError::Unreadable { path, source }),
    };
    entries(folder)?.into_iter().map(read).collect()
}

impl Vector {
    /// Whether the name says that the frame is damaged.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.name.starts_with("corrupted_") || self.name.starts_with("invalid_")
    }

    /// Decodes the frame.
    ///
    /// # Errors
    /// When a good frame is refused, a damaged one is not, or the reason is empty.
    pub fn check(&self) -> Result<(), String> {
        match (self.decode(), self.is_damaged()) {
            (Ok(()), false) => Ok(()),
            (Err(reason), true) if !reason.trim().is_empty() => Ok(()),
            (Ok(()), true) => Err("a damaged frame was accepted".to_owned()),
            (Err(reason), _) => Err(format!("a good frame was refused, or a damaged one without a reason: {reason}")),
        }
    }

    /// One whole frame and nothing else. What its headers say does not matter here: the suites' frames are no events of Bedrock.
    fn decode(&self) -> Result<(), String> {
        let mut decoder = FrameDecoder::default();
        decoder.feed(Bytes::copy_from_slice(&self.bytes));
        let message = decoder.next_message().map_err(|error| error.to_string())?;
        decoder.end().map_err(|error| error.to_string())?;
        message.map(drop).ok_or_else(|| "there is no frame".to_owned())
    }
}
