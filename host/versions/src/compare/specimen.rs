//! What both versions are handed.

use crate::conformance::frames::{OwnedFrame, unbatch};
use crate::contract::RequestKind;
use crate::contract::config::{Layer, Settings};
use crate::contract::conversation::{Batch, Context, Ending, Opening, Options};
use crate::contract::models::Pages;
use crate::contract::types::{ApiError, Model};
use crate::json::Json;

use super::form;

/// One input, and where it is from.
#[derive(Debug, Clone)]
pub struct Specimen {
    /// Where it is from: a case's or a recording's name, or AWS's id of the request.
    pub name: String,
    /// What is handed over.
    pub input: Input,
}

/// What is handed to a provider.
#[derive(Debug, Clone)]
pub enum Input {
    /// Layers of configuration for `merge`.
    Settings(Vec<Layer>),
    /// The same configuration for `merge`, to each version as it asks for it: they ask for different parts.
    Asked(Box<AskedLayers>),
    /// A catalog with its pages.
    Listing(Box<Listing>),
    /// A conversation for `prepare`.
    Preparation(Box<Preparation>),
    /// A stream for a turn.
    Stream(Box<Stream>),
    /// An error for `explain`.
    Failure(Box<ApiError>),
}

/// Where settings come from.
#[derive(Debug, Clone)]
pub enum SettingsFrom {
    /// They were merged before: both versions get the same.
    Merged(Box<Settings>),
    /// Each version merged the same configuration, and has what came of it.
    Each(Box<Each>),
    /// Each version merges the layers itself, and goes on with what came of it.
    Layers(Vec<Layer>),
}

/// The layers that each version gets of one configuration.
#[derive(Debug, Clone)]
pub struct AskedLayers {
    /// Those of the active version.
    pub old: Vec<Layer>,
    /// Those of the candidate.
    pub new: Vec<Layer>,
}

/// The settings that each version made of one configuration.
#[derive(Debug, Clone)]
pub struct Each {
    /// Those of the active version.
    pub old: Settings,
    /// Those of the candidate.
    pub new: Settings,
    /// What the candidate is told of the model by its settings, in place of what the other is told; `None` where there is no model.
    pub new_model: Option<Model>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The active version.
    Old,
    /// The candidate.
    New,
}

impl SettingsFrom {
    /// What the candidate is told of the model in place of what the other is told.
    pub(super) fn model(&self, side: Side) -> Option<&Model> {
        match self {
            SettingsFrom::Each(each) if side == Side::New => each.new_model.as_ref(),
            _ => None,
        }
    }
}

/// A listing.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The configuration.
    pub settings: SettingsFrom,
    /// The region.
    pub region: String,
    /// What AWS answered, or the cache. Both versions read the same, whatever each wants listed.
    pub pages: Vec<Pages>,
}

/// A conversation to be sent.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// What is asked.
    pub kind: RequestKind,
    /// The configuration.
    pub settings: SettingsFrom,
    /// The region that the request goes to.
    pub region: String,
    /// The model to ask.
    pub model: Model,
    /// The conversation. The bytes of attachments are no part of it: they stay in the host.
    pub context: Context,
    /// How to ask.
    pub options: Options,
}

/// A stream as it came.
#[derive(Debug, Clone)]
pub struct Stream {
    /// What the turn is told first.
    pub opening: Opening,
    /// The frames, those of one read together.
    pub batches: Vec<Vec<OwnedFrame>>,
    /// How they ended.
    pub ending: Ending,
    /// What the request was prepared from. Where it is there, each version prepares it too, the requests are compared, and each
    /// turn gets the `carry` of its own version; else both get the opening's.
    pub preparation: Option<Box<Preparation>>,
}

impl Stream {
    /// A stream from the batches that a turn was handed.
    #[must_use]
    pub fn new(opening: Opening, batches: &[Batch], ending: Ending) -> Self {
        Stream { opening, batches: batches.iter().map(unbatch).collect(), ending, preparation: None }
    }
}

impl Specimen {
    /// A stream.
    #[must_use]
    pub fn stream(name: impl Into<String>, stream: Stream) -> Self {
        Specimen { name: name.into(), input: Input::Stream(Box::new(stream)) }
    }

    /// A conversation to be sent.
    #[must_use]
    pub fn preparation(name: impl Into<String>, preparation: Preparation) -> Self {
        Specimen { name: name.into(), input: Input::Preparation(Box::new(preparation)) }
    }

    /// A listing.
    #[must_use]
    pub fn listing(name: impl Into<String>, listing: Listing) -> Self {
        Specimen { name: name.into(), input: Input::Listing(Box::new(listing)) }
    }

    /// An error.
    #[must_use]
    pub fn failure(name: impl Into<String>, error: ApiError) -> Self {
        Specimen { name: name.into(), input: Input::Failure(Box::new(error)) }
    }

    /// The verb that it is for, such as `translate`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match &self.input {
            Input::Settings(_) | Input::Asked(_) => "merge",
            Input::Listing(_) => "discover",
            Input::Preparation(_) => "prepare",
            Input::Stream(_) => "translate",
            Input::Failure(_) => "explain",
        }
    }

    /// Its JSON form: what a conformance case of the verb has as `given`. A listing is a settings and a list of pages, and
    /// a stream has what its request was prepared from as `request`, and what the candidate gets in place of the other's settings,
    /// model or layers stands beside it as `candidate…`; no case has these. Attachments have three bytes each.
    #[must_use]
    pub fn json(&self) -> Json {
        form::specimen_json(&self.input)
    }

    /// Size of the JSON form.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.json().0.len()
    }
}
