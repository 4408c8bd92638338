//! The two files of a recording.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::writer::Bounds;
use crate::aws::frames::encode;
use crate::compare::{Input, SettingsFrom, Specimen, Stream, preparation_json};
use crate::conformance::layout;
use crate::conformance::provider::Fault;
use crate::conformance::translate::turn;
use crate::json::Json;
use crate::json::turn::{EndingForm, OpeningForm};
use crate::pi::message::Fold;
use crate::provider::Generation;

/// How long a folder that is full counts as full before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A recording that was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct RecordingError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's word for it.
    #[source]
    pub source: io::Error,
}

/// A folder of recordings, and how much room is in it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    bounds: Bounds,
    /// Recordings that may still come.
    recordings: usize,
    /// Bytes that they may have.
    bytes: u64,
    counted: Instant,
    /// Whether the last one did not fit.
    is_full: bool,
}

/// `NAME.json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notes {
    source: Source,
    frames: usize,
    batches: Vec<usize>,
    opening: OpeningForm,
    ending: EndingForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Json>,
    message: Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    recorded_by: &'static str,
    provider: String,
    sha256: String,
    model: String,
    /// Whether texts are filler.
    redacted: bool,
}

impl Folder {
    /// Makes the folder where it is not there, readable for its owner alone, and counts what is in it.
    pub(super) fn open(path: &Path, bounds: Bounds) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError { path: path.to_owned(), source };
        let mut making = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
        making.recursive(true).create(path).map_err(failed)?;
        let (path, counted) = (path.to_owned(), Instant::now());
        let mut folder = Folder { path, bounds, recordings: 0, bytes: 0, counted, is_full: false };
        folder.count()?;
        Ok(folder)
    }

    /// Counts what is in it.
    fn count(&mut self) -> Result<(), RecordingError> {
        let path = &self.path;
        let failed = |source| RecordingError { path: path.clone(), source };
        let (mut recordings, mut bytes) = (self.bounds.recordings, self.bounds.bytes);
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let is_part = |ending: &str| Path::new(&name).extension().is_some_and(|found| found == ending);
            if is_part("bin") {
                recordings = recordings.saturating_sub(1);
            }
            if is_part("bin") || is_part("json") {
                bytes = bytes.saturating_sub(entry.metadata().map_err(failed)?.len());
            }
        }
        (self.recordings, self.bytes) = (recordings, bytes);
        (self.counted, self.is_full) = (Instant::now(), recordings == 0);
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another recording may fit. Where one did not, it is looked from time to time whether somebody made room: nothing
    /// that is there is ever removed here, for somebody may be reading it.
    pub(super) fn has_room(&mut self) -> bool {
        if self.is_full && self.counted.elapsed() >= LOOK_AGAIN {
            // A folder that cannot be read now is looked at again later.
            self.counted = Instant::now();
            let _ = self.count();
        }
        !self.is_full
    }

    /// Writes a stream; false where there is no room for it. The body gets its name last, and whoever reads recordings looks for
    /// bodies: there is never half a recording.
    pub(super) fn write(
        &mut self,
        specimen: &Specimen,
        generation: &Arc<Generation>,
        prompts: bool,
    ) -> Result<bool, RecordingError> {
        let Input::Stream(stream) = &specimen.input else { return Ok(false) };
        let body = body(stream).map_err(|source| RecordingError { path: self.path.clone(), source })?;
        let notes = notes(stream, generation, prompts)
            .map_err(|fault| RecordingError { path: self.path.clone(), source: io::Error::other(fault) })?;
        let bytes = (body.len() + notes.len()) as u64;
        if self.recordings == 0 || bytes > self.bytes {
            self.is_full = true;
            return Ok(false);
        }
        let name = name(&stream.opening.model.id);
        self.put(&format!("{name}.json"), &notes)?;
        self.put(&format!("{name}.bin"), &body)?;
        self.recordings -= 1;
        self.bytes -= bytes;
        Ok(true)
    }

    fn put(&self, name: &str, content: &[u8]) -> Result<(), RecordingError> {
        let path = self.path.join(name);
        let written = || {
            // Its name begins with a dot until it is whole, and it is its owner's alone.
            let mut file = tempfile::Builder::new().prefix(".recording-").tempfile_in(&self.path)?;
            file.write_all(content)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(&path).map_err(|error| error.error)
        };
        written().map(drop).map_err(|source| RecordingError { path: path.clone(), source })
    }
}

/// The model, the moment in milliseconds, and something by chance: no two are the same.
fn name(model: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '-' };
    let model: String = model.chars().take(80).map(plain).collect();
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{model}-{moment}-{:08x}", fastrand::u32(..))
}

fn body(stream: &Stream) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    for frame in stream.batches.iter().flatten() {
        encode(&frame.message_type, &frame.name, &frame.payload, &mut body).map_err(io::Error::other)?;
    }
    Ok(body)
}

fn notes(stream: &Stream, generation: &Arc<Generation>, prompts: bool) -> Result<Vec<u8>, Fault> {
    let Stream { opening, batches, ending, preparation } = stream;
    let mut session = generation.session()?;
    let identity = session.identify()?;
    let mut fold = Fold::new(&identity.api, &identity.provider, &opening.model.id, None);
    let translated = turn(&mut session, opening, batches.iter().map(Vec::as_slice), ending);
    // A stream at which the provider traps is worth recording too: the message says so, and nothing else.
    let fault = translated.as_ref().err().map(ToString::to_string);
    translated.unwrap_or_default().iter().for_each(|delta| fold.apply(delta));
    let message = match fault {
        None => serde_json::to_string(fold.message()),
        Some(fault) => serde_json::to_string(&serde_json::json!({ "stopReason": "error", "errorMessage": fault })),
    };
    // Settings that are layers still have no place in a case of `prepare`.
    let request = preparation.as_deref().filter(|asked| matches!(asked.settings, SettingsFrom::Merged(_)));
    let notes = Notes {
        source: Source {
            recorded_by: concat!("quarry ", env!("CARGO_PKG_VERSION")),
            provider: format!("{} {}", identity.name, identity.version),
            sha256: generation.digest().to_string(),
            model: opening.model.id.clone(),
            redacted: !prompts,
        },
        frames: batches.iter().map(Vec::len).sum(),
        batches: batches.iter().map(Vec::len).collect(),
        opening: opening.clone().into(),
        ending: ending.clone().into(),
        request: request.map(preparation_json),
        message: Json(message.unwrap_or_else(|_| "null".to_owned())),
    };
    let text = layout::text(&notes)?;
    let laid_out = layout::pretty(&text, 0).map_err(|error| Fault(error.to_string()))?;
    Ok(format!("{laid_out}\n").into_bytes())
}
