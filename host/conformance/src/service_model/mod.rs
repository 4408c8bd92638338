//! Bedrock's own model of the requests and events of a conversation, as data, and whether a body fits it.
//!
//! `model.json` is derived from the service model that AWS publishes in botocore (`tests/peers/service_model.py`; a test derives it
//! again). It names every member, which of them are required, types, enumerations, lengths, ranges, patterns and unions. The gate
//! holds the requests of a provider against it, and the simulator what it is sent, so that neither goes by what the other believes.

mod body;
mod violation;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex_lite::Regex;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use self::violation::{Rule, Step, Violation};

/// An operation whose requests are modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// `Converse`.
    Converse,
    /// `ConverseStream`.
    ConverseStream,
    /// `CountTokens`.
    CountTokens,
}

/// The model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceModel {
    /// What it was derived from, with its licence.
    pub source: String,
    operations: BTreeMap<String, String>,
    /// Events of a stream.
    pub events: Vec<String>,
    /// Exceptions of a stream.
    pub exceptions: Vec<String>,
    /// Kinds of blocks that a `contentBlockStart` has.
    pub starts: Vec<String>,
    /// Kinds of pieces that a `contentBlockDelta` has.
    pub deltas: Vec<String>,
    /// Reasons to stop.
    pub stop_reasons: Vec<String>,
    /// Errors before a stream.
    pub errors: Vec<String>,
    shapes: BTreeMap<String, Shape>,
}

/// A shape of the model: lengths and numbers have a least and a greatest.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Shape {
    Structure {
        #[serde(default)]
        document: bool,
        #[serde(default)]
        union: bool,
        #[serde(default)]
        members: BTreeMap<String, String>,
        #[serde(default)]
        required: Vec<String>,
    },
    List {
        member: String,
        min: Option<f64>,
        max: Option<f64>,
    },
    Map {
        key: String,
        value: String,
        min: Option<f64>,
        max: Option<f64>,
    },
    String {
        #[serde(default, rename = "enum")]
        values: Vec<String>,
        pattern: Option<Pattern>,
        min: Option<f64>,
        max: Option<f64>,
    },
    Blob {
        min: Option<f64>,
        max: Option<f64>,
    },
    Integer {
        min: Option<f64>,
        max: Option<f64>,
    },
    Float {
        min: Option<f64>,
        max: Option<f64>,
    },
    Boolean {},
}

/// A pattern that a whole text has to have.
#[derive(Debug)]
struct Pattern {
    text: String,
    whole: Regex,
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let whole = Regex::new(&format!("^(?:{text})$")).map_err(serde::de::Error::custom)?;
        Ok(Pattern { text, whole })
    }
}

impl ServiceModel {
    /// The model that this binary was built with.
    #[must_use]
    pub fn get() -> &'static ServiceModel {
        static MODEL: OnceLock<ServiceModel> = OnceLock::new();
        MODEL.get_or_init(|| {
            serde_json::from_str(include_str!("model.json"))
                .expect("the model of this binary can be read, as a test says")
        })
    }

    /// What a body breaks, in the order of the body, at most 64.
    #[must_use]
    pub fn violations(&self, request: Request, body: &Value) -> Vec<Violation> {
        let name = match request {
            Request::Converse => "Converse",
            Request::ConverseStream => "ConverseStream",
            Request::CountTokens => "CountTokens",
        };
        body::violations(self, &self.operations[name], body)
    }
}

#[cfg(test)]
mod tests;
