//! What inputs reach: the models that they are about, the options that they set, and the kinds of content, events and errors in them.
//!
//! "Nothing differs" says as much as the inputs reach. What the contract and the service's own model have, and no input, is named.

mod contract;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use self::contract::{CONTENT, ENDINGS, OPTIONS, STAGES, of_assistant, of_ending, of_stage, of_user, set};
use super::specimen::{Input, Preparation, Specimen, Stream};
use crate::conformance::frames::OwnedFrame;
use crate::conformance::generated::models::series;
use crate::contract::conversation::{AssistantMessage, Context, Message, MessageType, ToolResult};
use crate::contract::types::ApiError;
use crate::json::Members;
use crate::service_model::ServiceModel;

/// Most names of a kind, and characters of a name: models and errors may be called anything.
const MOST: usize = 512;
const LONGEST: usize = 128;

/// Names that inputs have, by kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reach {
    /// Inputs for each function.
    pub inputs: BTreeMap<String, u64>,
    /// Ids of models that requests and streams are about.
    pub models: BTreeSet<String>,
    /// Lines of models, by the letters of their ids.
    pub series: BTreeSet<String>,
    /// Members of `options` that requests set.
    pub options: BTreeSet<String>,
    /// Kinds of content that conversations have.
    pub content: BTreeSet<String>,
    /// Events of streams; a block's with its kind, such as `contentBlockDelta/text`.
    pub events: BTreeSet<String>,
    /// Reasons to stop.
    pub stop_reasons: BTreeSet<String>,
    /// Exceptions in streams.
    pub exceptions: BTreeSet<String>,
    /// How streams end.
    pub endings: BTreeSet<String>,
    /// How far failed requests came.
    pub stages: BTreeSet<String>,
    /// Names and statuses of errors.
    pub errors: BTreeSet<String>,
}

impl Reach {
    /// Adds what a specimen has.
    pub fn add(&mut self, specimen: &Specimen) {
        *self.inputs.entry(specimen.verb().to_owned()).or_default() += 1;
        match &specimen.input {
            Input::Settings(_) | Input::Asked(_) | Input::Listing(_) => {}
            Input::Preparation(preparation) => self.preparation(preparation),
            Input::Stream(stream) => self.stream(stream),
            Input::Failure(error) => self.error(error),
        }
    }

    /// Adds what other inputs reach.
    pub fn merge(&mut self, other: &Reach) {
        for (verb, count) in &other.inputs {
            *self.inputs.entry(verb.clone()).or_default() += count;
        }
        for (names, others) in self.sets_mut().into_iter().zip(other.sets()) {
            others.iter().for_each(|name| insert(names, name));
        }
    }

    /// What there is to reach and no input has, by kind.
    #[must_use]
    pub fn missing(&self) -> BTreeMap<&'static str, Vec<String>> {
        let service = ServiceModel::get();
        let block =
            |event: &str, kinds: &[String]| kinds.iter().map(|kind| format!("{event}/{kind}")).collect::<Vec<_>>();
        let plain = |name: &&String| !["contentBlockStart", "contentBlockDelta"].contains(&name.as_str());
        let events = service.events.iter().filter(plain).cloned();
        let events = events
            .chain(block("contentBlockStart", &service.starts))
            .chain(block("contentBlockDelta", &service.deltas))
            .collect();
        let listed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let all: [(&str, &BTreeSet<String>, Vec<String>); 8] = [
            ("options", &self.options, OPTIONS.map(str::to_owned).to_vec()),
            ("content", &self.content, listed(CONTENT)),
            ("events", &self.events, events),
            ("stopReasons", &self.stop_reasons, service.stop_reasons.clone()),
            ("exceptions", &self.exceptions, service.exceptions.clone()),
            ("endings", &self.endings, listed(ENDINGS)),
            ("stages", &self.stages, listed(STAGES)),
            ("errors", &self.errors, service.errors.clone()),
        ];
        let missing = |(kind, reached, all): (&'static str, &BTreeSet<String>, Vec<String>)| {
            let missing: Vec<String> = all.into_iter().filter(|name| !reached.contains(name)).collect();
            (!missing.is_empty()).then_some((kind, missing))
        };
        all.into_iter().filter_map(missing).collect()
    }

    /// One line for a person, and a second one where something is not reached.
    #[must_use]
    pub fn summary(&self) -> String {
        let Reach {
            inputs,
            models,
            series,
            options,
            content,
            events,
            stop_reasons,
            exceptions,
            endings: _,
            stages: _,
            errors,
        } = self;
        let inputs: u64 = inputs.values().sum();
        let mut text = format!(
            "{inputs} inputs: {} models of {} series, {} of {} options, {} of {} kinds of content, {} events, {} stop reasons, {} exceptions, {} errors",
            models.len(),
            series.len(),
            options.len(),
            OPTIONS.len(),
            content.len(),
            CONTENT.len(),
            events.len(),
            stop_reasons.len(),
            exceptions.len(),
            errors.len()
        );
        let missing: Vec<String> =
            self.missing().into_iter().map(|(kind, names)| format!("{kind} {}", names.join(", "))).collect();
        if !missing.is_empty() {
            text += &format!("\nnot reached: {}", missing.join("; "));
        }
        text
    }

    fn sets(&self) -> [&BTreeSet<String>; 10] {
        let Reach {
            inputs: _,
            models,
            series,
            options,
            content,
            events,
            stop_reasons,
            exceptions,
            endings,
            stages,
            errors,
        } = self;
        [models, series, options, content, events, stop_reasons, exceptions, endings, stages, errors]
    }

    fn sets_mut(&mut self) -> [&mut BTreeSet<String>; 10] {
        let Reach {
            inputs: _,
            models,
            series,
            options,
            content,
            events,
            stop_reasons,
            exceptions,
            endings,
            stages,
            errors,
        } = self;
        [models, series, options, content, events, stop_reasons, exceptions, endings, stages, errors]
    }

    fn model(&mut self, id: &str) {
        insert(&mut self.models, id);
        insert(&mut self.series, series(id));
    }

    fn preparation(&mut self, preparation: &Preparation) {
        self.model(&preparation.model.id);
        for (name, is_set) in OPTIONS.into_iter().zip(set(&preparation.options)) {
            if is_set {
                insert(&mut self.options, name);
            }
        }
        self.context(&preparation.context);
    }

    fn context(&mut self, Context { system_prompt, messages, tools }: &Context) {
        let mut add = |name: &str| insert(&mut self.content, name);
        if system_prompt.is_some() {
            add("system-prompt");
        }
        tools.iter().for_each(|tool| add(if tool.strict.is_some() { "strict-tool" } else { "tool" }));
        for message in messages {
            match message {
                Message::User(blocks) => blocks.iter().for_each(|block| add(of_user(block))),
                Message::Assistant(AssistantMessage { content, .. }) => {
                    content.iter().for_each(|block| add(of_assistant(block)))
                }
                Message::ToolResult(ToolResult { is_error, content, .. }) => {
                    add(if *is_error { "tool-result/error" } else { "tool-result" });
                    content.iter().for_each(|block| add(of_user(block)));
                }
                Message::System(_) => add("system-message"),
                Message::Other(_) => add("other-message"),
            }
        }
    }

    fn stream(&mut self, stream: &Stream) {
        self.model(&stream.opening.model.id);
        if let Some(preparation) = &stream.preparation {
            self.preparation(preparation);
        }
        stream.batches.iter().flatten().for_each(|frame| self.frame(frame));
        insert(&mut self.endings, of_ending(&stream.ending));
    }

    fn frame(&mut self, OwnedFrame { message_type, name, payload }: &OwnedFrame) {
        match message_type {
            MessageType::Exception => return insert(&mut self.exceptions, name),
            MessageType::Error => return insert(&mut self.errors, name),
            MessageType::Other(other) => return insert(&mut self.events, other),
            MessageType::Event => {}
        }
        let read = || serde_json::from_slice::<Payload>(payload).unwrap_or_default();
        match name.as_str() {
            "contentBlockStart" | "contentBlockDelta" => {
                let Payload { start, delta, stop_reason: _ } = read();
                let kinds = start.into_iter().chain(delta).flat_map(|kinds| kinds.0);
                kinds.for_each(|(kind, _)| insert(&mut self.events, &format!("{name}/{kind}")));
            }
            "messageStop" => {
                insert(&mut self.events, name);
                read().stop_reason.iter().for_each(|reason| insert(&mut self.stop_reasons, reason));
            }
            _ => insert(&mut self.events, name),
        }
    }

    fn error(&mut self, ApiError { stage, status, code, model_id, .. }: &ApiError) {
        insert(&mut self.stages, of_stage(stage));
        if let Some(id) = model_id {
            self.model(id);
        }
        match (code, status) {
            (Some(code), _) => insert(&mut self.errors, code),
            (None, Some(status)) => insert(&mut self.errors, &status.to_string()),
            (None, None) => {}
        }
    }
}

/// What inputs reach, for whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReachReport {
    /// What they reach.
    #[serde(flatten)]
    pub reach: Reach,
    /// What there is to reach and none of them has, by kind.
    pub not_reached: BTreeMap<String, Vec<String>>,
}

impl From<&Reach> for ReachReport {
    fn from(reach: &Reach) -> Self {
        let not_reached = reach.missing().into_iter().map(|(kind, names)| (kind.to_owned(), names)).collect();
        ReachReport { reach: reach.clone(), not_reached }
    }
}

/// What of an event's payload says what it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Payload {
    start: Option<Members<IgnoredAny>>,
    delta: Option<Members<IgnoredAny>>,
    stop_reason: Option<String>,
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if names.len() < MOST && !names.contains(name) {
        names.insert(name.chars().take(LONGEST).collect());
    }
}

#[cfg(test)]
mod tests;
