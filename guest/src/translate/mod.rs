//! `translate`: the events of a ConverseStream response to deltas.
//!
//! A [`Turn`] is pushed frames and gives deltas. How they were batched makes no difference. It ends exactly once: with
//! `error` as soon as the stream says so, otherwise with `done` or `error` from [`Turn::finish`]. It is `done` only where
//! `messageStop` *and* `metadata` were seen, which every complete stream has (154 of 154 recorded ones), so that a stream
//! that was cut off anywhere never looks like a finished one.

mod answer;
mod arguments;
mod blocks;
mod events;
mod fail;
mod guardrail;
mod markup;
mod options;
mod stop;
mod usage;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use self::answer::Answer;
use self::blocks::Blocks;
use self::options::TurnOptions;
use crate::carry::{Carry, KeyMap};
use crate::contract::conversation::{
    AnswerDetails, Batch, Delta, Ending, Frame, MessageType, Opening, Outcome, StopReason,
};
use crate::contract::types::{Model, Notice, Usage};
use crate::families::{Markup, family_of};

/// One answer, while it comes.
#[derive(Debug)]
pub struct Turn {
    /// The model that answers.
    model: Model,
    options: TurnOptions,
    /// What `prepare` mapped tool names from, by the name on the wire.
    tool_names: BTreeMap<String, String>,
    /// What `prepare` mapped keys of properties from, by the tool's name on the wire.
    keys: BTreeMap<String, KeyMap>,
    /// The names of the request's tools on the wire, for models that spoil them.
    known: Vec<String>,
    /// What the text of the answer has to be.
    answer: Answer,
    /// What the text of this model's answers may hold that is no text, and what reads it, by `contentBlockIndex`.
    markup: Markup,
    readers: BTreeMap<u64, markup::Reader>,
    /// The tool whose arguments are the answer itself, by its name on the wire; none any more once it was called.
    answer_tool: Option<String>,
    request_id: Option<String>,
    state: State,
    blocks: Blocks,
    /// Whether the answer holds a tool call for the client.
    called_tools: bool,
    /// Whether a tool call's arguments were no object, where that is to end the turn.
    malformed_call: bool,
    raw_stop_reason: Option<String>,
    /// None until `metadata` came.
    usage: Option<Usage>,
    details: AnswerDetails,
    /// What was told already: each notice comes once a turn.
    noticed: BTreeSet<String>,
}

/// How far a turn is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Nothing came yet.
    Waiting,
    /// The message began.
    Open,
    /// `done` or `error` was given.
    Ended,
}

impl Turn {
    /// Begins a turn.
    #[must_use]
    pub fn new(opening: Opening) -> Self {
        let Opening { model, carry, request_id } = opening;
        let Carry { tools, keys, known, answer_tool } = Carry::read(&carry);
        let answer = match &answer_tool {
            Some(_) => Answer::Awaited(String::new()),
            None => Answer::Free,
        };
        Turn {
            options: TurnOptions::read(model.params.as_deref()),
            markup: family_of(&model).markup,
            model,
            tool_names: tools,
            keys,
            known,
            answer,
            readers: BTreeMap::new(),
            answer_tool,
            request_id,
            state: State::Waiting,
            blocks: Blocks::default(),
            called_tools: false,
            malformed_call: false,
            raw_stop_reason: None,
            usage: None,
            details: no_details(),
            noticed: BTreeSet::new(),
        }
    }

    /// Takes frames, gives deltas. After an `error` it gives nothing more.
    ///
    /// A batch whose lengths do not add up is a bug of the host; the rest of it is reported as damage.
    pub fn push(&mut self, batch: &Batch) -> Vec<Delta> {
        let mut deltas = Vec::with_capacity(batch.frames.len() + 1);
        let mut rest = batch.bytes.as_slice();
        for Frame { message_type, name_length, payload_length } in &batch.frames {
            if self.state == State::Ended {
                break;
            }
            let cut = rest
                .split_at_checked(*name_length as usize)
                .and_then(|(name, rest)| Some((name, rest.split_at_checked(*payload_length as usize)?)));
            let Some((name, (payload, after))) = cut else {
                self.fail_damaged("the batch is shorter than the lengths of its frames", &mut deltas);
                break;
            };
            rest = after;
            let Ok(name) = std::str::from_utf8(name) else {
                self.fail_damaged("a frame's name is not UTF-8", &mut deltas);
                break;
            };
            match message_type {
                MessageType::Event => self.event(name, payload, &mut deltas),
                MessageType::Exception => self.exception(name, payload, &mut deltas),
                MessageType::Error => self.unmodelled_error(name, payload, &mut deltas),
                MessageType::Other(other) => self.notice(
                    "unknown-message-type",
                    &format!("{other}:{name}"),
                    || {
                        format!(
                            "Bedrock sent a frame of the unknown message type {other:?} named {name:?}; it was left out"
                        )
                    },
                    &mut deltas,
                ),
            }
        }
        deltas
    }

    /// Ends the turn. The last delta is `done` or `error`, unless `push` gave an `error` already.
    pub fn finish(&mut self, ending: Ending) -> Vec<Delta> {
        let mut deltas = Vec::new();
        if self.state == State::Ended {
            return deltas;
        }
        let whole = self.raw_stop_reason.is_some() && self.usage.is_some();
        match ending {
            Ending::Complete if whole => self.complete(&mut deltas),
            // Everything that a turn has was there; only the connection's own end is missing.
            Ending::Idle(_) | Ending::Broken(_) if whole => self.complete(&mut deltas),
            Ending::Damaged(words) if whole => {
                let message = || format!("bytes behind the end of the answer were left out: {words}");
                self.notice("damaged-end", "", message, &mut deltas);
                self.complete(&mut deltas);
            }
            ending => self.fail_ending(ending, &mut deltas),
        }
        deltas
    }

    /// Ends a turn of which everything came.
    fn complete(&mut self, deltas: &mut Vec<Delta>) {
        for wire_index in self.readers.keys().copied().collect::<Vec<_>>() {
            self.end_marked(wire_index, deltas);
        }
        let raw_stop_reason = self.raw_stop_reason.clone().unwrap_or_default();
        let reason = match stop::read(&raw_stop_reason, self.called_tools) {
            stop::Stop::Good(reason) => reason,
            stop::Stop::Bad(kind, hint) => return self.fail_stopped(kind, &raw_stop_reason, hint, deltas),
        };
        if self.end_open_blocks(reason == StopReason::Length, deltas).is_err() {
            return;
        }
        if self.malformed_call {
            return self.fail_malformed_tool_call(deltas);
        }
        if reason == StopReason::Stop && !self.has_its_form() {
            return self.fail_unstructured(deltas);
        }
        self.release_words(deltas);
        self.state = State::Ended;
        deltas.push(Delta::Done(Outcome {
            reason,
            raw_stop_reason,
            usage: self.usage.take().unwrap_or_else(usage::unknown),
            details: self.take_details(),
        }));
    }

    fn take_details(&mut self) -> AnswerDetails {
        std::mem::replace(&mut self.details, no_details())
    }

    /// Gives `start`, once.
    fn begin(&mut self, deltas: &mut Vec<Delta>) {
        if self.state == State::Waiting {
            self.state = State::Open;
            deltas.push(Delta::Start);
            for message in std::mem::take(&mut self.options.problems) {
                deltas.push(Delta::Notice(Notice { kind: "unknown-option".to_owned(), message }));
            }
        }
    }

    /// Tells something, once a turn for each `about`.
    fn notice(&mut self, kind: &str, about: &str, message: impl FnOnce() -> String, deltas: &mut Vec<Delta>) {
        if self.noticed.len() < NOTICES && self.noticed.insert(format!("{kind}:{about}")) {
            deltas.push(Delta::Notice(Notice { kind: kind.to_owned(), message: message() }));
        }
    }

    /// Tells of members that are not known, once a turn for each.
    fn unknown_members(&mut self, at: &str, names: &[std::borrow::Cow<'_, str>], deltas: &mut Vec<Delta>) {
        for name in names {
            let path = format!("{at}.{name}");
            self.notice(
                "unknown-member",
                &path,
                || format!("Bedrock sent the unknown member {path}, which was left out"),
                deltas,
            );
        }
    }
}

fn no_details() -> AnswerDetails {
    AnswerDetails {
        service_tier: None,
        server_tool_usage: None,
        additional_response_fields: None,
        metrics: None,
        trace: None,
        performance_config: None,
    }
}

/// How many different notices a turn gives at most: a peer that invents names without end must not fill the memory.
const NOTICES: usize = 64;
