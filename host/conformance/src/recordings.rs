//! Recorded answers, compared with what somebody made of them: `NAME.bin`, the body, and `NAME.json`, the message and what else is
//! known of the stream. The message is an independent reader's, or that of the provider that translated the stream when
//! `quarry record` wrote it down.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cases::{CaseError, entries, without_place};
use super::diff::{Difference, differences};
use super::frames::{Decoded, OwnedFrame, decode_chunks};
use super::properties::Stream;
use super::provider::{Fault, Providers};
use super::translate::{opening, turn};
use super::{prepare, protocol};
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Ending, Opening, Options};
use crate::contract::types::Model;
use crate::json::model::default_model;
use crate::json::turn::{EndingForm, OpeningForm};
use crate::pi::message::Fold;

/// One recording.
#[derive(Debug)]
pub struct Recording {
    /// The file's name without its extension.
    pub name: String,
    body: Vec<u8>,
    decoded: Decoded,
    notes: Notes,
    opening: Opening,
    request: Option<Request>,
}

/// Settings, region, model, context and options that a request was prepared from.
pub type Request = (Settings, String, Model, Context, Options);

/// The notes next to a recording.
#[derive(Debug, Deserialize)]
struct Notes {
    /// How many frames the independent reader counted, the one that stopped it included.
    frames: usize,
    message: Value,
    /// What the turn was told first, where it was recorded.
    opening: Option<OpeningForm>,
    /// How the frames ended, where the body does not say it.
    ending: Option<EndingForm>,
    /// How many frames came together each time, where it was recorded.
    batches: Option<Vec<usize>>,
    /// What the request was prepared from, where it was recorded.
    request: Option<prepare::Given>,
}

/// Frames that come together where it was not recorded.
const BATCH: usize = 16;

/// All recordings of a folder, by name.
///
/// # Errors
/// When the folder or a file cannot be read, a body has no notes, or there is no body.
pub fn find(folder: &Path) -> Result<Vec<Recording>, CaseError> {
    let recordings = files(folder)?.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    if recordings.is_empty() { Err(CaseError::None { path: folder.to_owned() }) } else { Ok(recordings) }
}

/// The bodies of a folder, by name.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
    Ok(files)
}

/// The recording of a body.
pub fn read(path: &Path) -> Result<Recording, CaseError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| CaseError::Unreadable { path, source }
    };
    let body = fs::read(path).map_err(unreadable(path))?;
    let beside = path.with_extension("json");
    let text = fs::read_to_string(&beside).map_err(unreadable(&beside))?;
    let notes: Notes = serde_json::from_str(&text).map_err(|error| CaseError::Malformed {
        path: beside.clone(),
        line: error.line(),
        column: error.column(),
        message: without_place(&error),
    })?;
    let malformed = |message: String| CaseError::Malformed { path: beside.clone(), line: 1, column: 1, message };
    let told_first = match notes.opening.clone() {
        None => opening(default_model(), None),
        Some(form) => form.try_into().map_err(|error| malformed(format!("opening.carry is not base64: {error}")))?,
    };
    let request = notes.request.as_ref().map(prepare::Given::input).transpose();
    let request = request.map_err(|error| malformed(format!("request.context: {error}")))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let decoded = decode_chunks([body.as_slice()]);
    Ok(Recording { name, decoded, body, notes, opening: told_first, request })
}

impl Recording {
    /// The stream, to check its properties.
    #[must_use]
    pub fn stream(&self) -> Stream<'_> {
        let ending = match (&self.decoded.damage, &self.notes.ending) {
            (Some(damage), _) => Ending::Damaged(damage.clone()),
            (None, Some(ending)) => ending.clone().into(),
            (None, None) => Ending::Complete,
        };
        Stream { opening: self.opening.clone(), frames: self.decoded.frames.clone(), ending, body: Some(&self.body) }
    }

    /// The frames in their recorded batches.
    #[must_use]
    pub fn batches(&self) -> Vec<&[OwnedFrame]> {
        let mut rest = self.decoded.frames.as_slice();
        let mut batches = Vec::new();
        for length in self.notes.batches.iter().flatten() {
            let (batch, left) = rest.split_at((*length).min(rest.len()));
            batches.push(batch);
            rest = left;
        }
        batches.extend(rest.chunks(BATCH));
        batches
    }

    /// What the request was prepared from, where it was recorded.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// Translates the recording and compares the message with the notes.
    ///
    /// # Errors
    /// When a call does not return, or the deltas break the protocol.
    pub fn run(&self, providers: &dyn Providers) -> Result<Vec<Difference>, Fault> {
        let stream = self.stream();
        let mut provider = providers.fresh()?;
        let identity = provider.identify()?;
        let deltas = turn(provider.as_mut(), &stream.opening, self.batches(), &stream.ending)?;
        protocol::check(&deltas).map_err(Fault)?;
        let mut fold = Fold::new(&identity.api, &identity.provider, &stream.opening.model.id, None);
        deltas.iter().for_each(|delta| fold.apply(delta));
        let message = serde_json::to_value(fold.message())
            .map_err(|error| Fault(format!("the message has no JSON form: {error}")))?;
        let read = self.decoded.frames.len() + usize::from(self.decoded.damage.is_some());
        let mut got = comparable(&message);
        got.insert("frames".to_owned(), read.into());
        Ok(differences(&Value::Object(self.expected()), &Value::Object(got)))
    }

    /// The notes in the form that is compared.
    fn expected(&self) -> Map<String, Value> {
        let mut expected = comparable(&self.notes.message);
        expected.insert("frames".to_owned(), self.notes.frames.into());
        expected
    }
}

/// What is compared of a message: content, how it ended, usage.
fn comparable(message: &Value) -> Map<String, Value> {
    let mut kept = Map::new();
    let blocks = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let content: Vec<Value> = blocks.iter().filter(|block| !is_blank_text(block)).map(comparable_block).collect();
    kept.insert("content".to_owned(), content.into());
    for name in ["stopReason", "rawStopReason"] {
        kept.insert(name.to_owned(), message.get(name).cloned().unwrap_or_default());
    }
    let counts = ["input", "output", "cacheRead", "cacheWrite", "totalTokens"];
    let count = |name| message.pointer(&format!("/usage/{name}")).cloned().unwrap_or_else(|| json!(0));
    kept.insert("usage".to_owned(), counts.map(|name| (name.to_owned(), count(name))).into_iter().collect());
    kept
}

/// Blank text without citations is no content to the independent reader.
fn is_blank_text(block: &Value) -> bool {
    let text = block.get("text").and_then(Value::as_str);
    text.is_some_and(|text| text.trim().is_empty()) && block.get("citations").is_none()
}

/// A block with the members that say nothing left out: also the placeholder that stands for redacted thinking, which is pi's
/// and not the service's.
fn comparable_block(block: &Value) -> Value {
    let Value::Object(members) = block else { return block.clone() };
    let redacted = members.get("redacted") == Some(&Value::Bool(true));
    let says_nothing = |value: &Value| *value == Value::Bool(false) || value.is_null() || *value == json!("");
    let kept = members.iter().filter(|(name, value)| match name.as_str() {
        "text" => true,
        "thinking" => !redacted,
        _ => !says_nothing(value),
    });
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}
