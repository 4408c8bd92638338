//! Inputs of any size for every call: what a call costs must grow with its input and no faster, whatever there is much of.
//!
//! Each kind has much of one thing. The fuzz targets include this module, so it knows nothing but the contract.

use crate::contract::RequestKind;
use crate::contract::config::{Discovery, Layer, Settings};
use crate::contract::conversation::{Batch, Context, Ending, Opening, Options};
use crate::contract::models::{Pages, Source};
use crate::contract::types::{ApiError, Cost, Model};

mod answers;
mod configurations;
mod conversations;
mod failures;
mod listings;
mod options;
mod schemas;

/// Something that there may be much of.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The call and what there is much of: `prepare/tools-of-one-name`.
    pub name: &'static str,
    /// Makes an input with so many of it.
    pub input: fn(usize) -> Input,
}

/// What a call gets.
#[derive(Debug, Clone)]
pub enum Input {
    /// `config.merge`.
    Layers(Vec<Layer>),
    /// The catalog of these pages, and a name out of it.
    Listing(Box<Listing>),
    /// `conversation.prepare`.
    Request(Box<Request>),
    /// A turn.
    Answer(Box<Answer>),
    /// `conversation.explain`.
    Failure(Box<ApiError>),
}

/// What a listing gets.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The settings.
    pub settings: Settings,
    /// The pages of its sources.
    pub pages: Vec<Pages>,
}

/// What `prepare` gets.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is asked.
    pub kind: RequestKind,
    /// The settings.
    pub settings: Settings,
    /// The model.
    pub model: Model,
    /// The conversation.
    pub context: Context,
    /// How to ask.
    pub options: Options,
}

/// What a turn gets.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What it is told first.
    pub opening: Opening,
    /// The frames, a batch a read.
    pub batches: Vec<Batch>,
    /// How they end.
    pub ending: Ending,
}

/// All kinds.
pub fn kinds() -> impl Iterator<Item = Kind> {
    let of_requests = [conversations::KINDS, schemas::KINDS, options::KINDS];
    let others = [configurations::KINDS, listings::KINDS, answers::KINDS, failures::KINDS];
    others.into_iter().chain(of_requests).flatten().copied()
}

/// A model that takes everything.
fn model() -> Model {
    Model {
        id: "anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned(),
        name: "Claude".to_owned(),
        reasoning: true,
        input: Vec::new(),
        cost: Cost { input: 1.0, output: 1.0, cache_read: 1.0, cache_write: 1.0, tiers: Vec::new() },
        context_window: 200_000,
        max_tokens: 8192,
        params: None,
        extras: Vec::new(),
    }
}

/// Where requests go.
pub const REGION: &str = "us-east-1";

/// Written out: the fuzz targets take these files too, and nothing else of the host.
fn settings() -> Settings {
    Settings {
        models: Vec::new(),
        discovery: Discovery {
            enabled: Some(true),
            provider_filter: Vec::new(),
            refresh_interval: 3600,
            default_context_window: 32_000,
            default_max_tokens: 4096,
        },
        default_model: None,
        fallback_models: Vec::new(),
        aliases: Vec::new(),
        guardrail: None,
        cache_retention: None,
        origins: Vec::new(),
        extras: Vec::new(),
    }
}

/// The pages of the two operations that list.
#[must_use]
pub fn listed(models: Vec<String>, profiles: Vec<String>) -> Vec<Pages> {
    let pages = |operation: &str, parameters: &[(&str, &str)], bodies| {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let source = Source { operation: operation.to_owned(), parameters };
        Pages { source, bodies, failed: None, cached: false, earlier: None }
    };
    vec![
        pages("ListFoundationModels", &[], models),
        pages("ListInferenceProfiles", &[("type", "SYSTEM_DEFINED")], profiles),
    ]
}

/// Members or elements, joined by commas.
fn joined(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect::<Vec<_>>().join(",")
}

/// A name without a letter or digit of ASCII, of which many ways to spell it in ASCII make the same.
fn foreign_name(number: usize) -> String {
    let digit =
        |place: u32| char::from_u32(0x4e00 + (number / 200_usize.pow(place) % 200) as u32).unwrap_or('\u{4e00}');
    [digit(2), digit(1), digit(0)].iter().collect()
}
