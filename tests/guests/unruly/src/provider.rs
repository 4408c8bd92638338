//! The exports: the provider's own, with what this component was told to do before or after each.
#![allow(unsafe_code, unreachable_pub, missing_docs, reason = "the export macro places the component's entry points")]

use core::cell::RefCell;
use core::sync::atomic::Ordering;

use quarry_guest::contract::conversation::{Delta, Fragment, Message, UserBlock};
use quarry_guest::contract::{about, config, conversation, models, types};
use quarry_guest::{discover, explain, identity, merge, prepare, translate};

use crate::always::{Always, always};
use crate::breach::{self, breaks};
use crate::how::{Call, How};
use crate::misdeeds::{HAS_PREPARED, Misdeed, never_return, spin};
use crate::{elsewhere, foreign};

/// Bytes of a large piece of text, and how often it is given: a gigabyte.
const LARGE: usize = 1 << 20;
const TIMES: usize = 1 << 10;

/// More resources than a session may have.
const TOO_MANY_HANDLES: usize = 1000;

/// What a configuration has somewhere, even in a comment, that this version refuses and others do not.
const REFUSE: &str = "unruly-refuse";

/// What a configuration has somewhere in whose merging this version says [`HOSTILE`] wherever it can.
const SPEAK: &str = "unruly-speak";

/// Text that would forge lines, drive a terminal, leave a shell's quotes and hide what stands behind it.
const HOSTILE: &str = "x'; touch forged; '\nFORGED: all is well\r\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\u{202e}\u{2066}\u{2028}\u{200b}\ty\"";

/// The tool whose calls `wrong-tool` spoils.
const TOOL: &str = "mars_weather";

struct Provider;

quarry_guest::bindings::export!(Provider with_types_in quarry_guest::bindings);

/// What wit-component has called when a component is instantiated.
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    if always() == Always::StartLoop {
        never_return();
    }
}

impl about::Guest for Provider {
    fn identify() -> about::Identity {
        let own = identity::identify();
        let version = match always() {
            Always::Older => "0.0.9".to_owned(),
            _ if breaks("identity-is-whole") => "latest".to_owned(),
            _ => own.version,
        };
        about::Identity { name: "unruly".to_owned(), version, ..own }
    }
}

impl config::Guest for Provider {
    fn merge(layers: Vec<config::Layer>) -> Result<config::Merged, Vec<config::Problem>> {
        if let Some(layer) = layers.iter().find(|layer| holds(layer, REFUSE)) {
            let place = config::Place { layer: layer.name.clone(), source: layer.source.clone(), line: 1, column: 1 };
            let message = "this version was told to refuse it".to_owned();
            let (severity, path, expected) = (config::Severity::Error, String::new(), "another version".to_owned());
            return Err(vec![config::Problem { severity, place, path, message, expected }]);
        }
        for layer in &layers {
            texts(layer).for_each(breach::tell);
        }
        let mut merged = breach::merged(foreign::merged(merge::merge(&layers)), layers.is_empty())?;
        if elsewhere::is_wanted(&merged.settings) {
            elsewhere::settings(&mut merged.settings);
        }
        Ok(if layers.iter().any(|layer| holds(layer, SPEAK)) { speak(merged) } else { merged })
    }
}

/// What the component says wherever the contract has room for words of its own.
fn speak(mut merged: config::Merged) -> config::Merged {
    let said = HOSTILE.to_owned();
    let place = config::Place { layer: said.clone(), source: said.clone(), line: 1, column: 1 };
    for place in [place.clone(), config::Place { source: String::new(), ..place }] {
        let (severity, path, message, expected) = (config::Severity::Warning, said.clone(), said.clone(), said.clone());
        merged.warnings.push(config::Problem { severity, place, path, message, expected });
    }
    merged.settings.default_model = Some(said);
    merged
}

/// Whether a layer holds this word, anywhere.
fn holds(layer: &config::Layer, word: &str) -> bool {
    texts(layer).any(|text| text.contains(word))
}

/// The names and texts of a layer.
fn texts(layer: &config::Layer) -> impl Iterator<Item = &str> {
    layer.entries.iter().flat_map(|entry| {
        let text = match &entry.value {
            config::EntryValue::Text(text) => Some(text.as_str()),
            _ => None,
        };
        entry.name.as_deref().into_iter().chain(text)
    })
}

impl models::Guest for Provider {
    fn sources(settings: config::Settings) -> Vec<models::Source> {
        let mut sources = discover::sources(&settings);
        breach::sources(&mut sources);
        sources
    }

    fn assemble(settings: config::Settings, region: String, pages: Vec<models::Pages>) -> models::Catalog {
        assert!(!breach::is_unusable(settings.default_model.as_deref()), "it was told to");
        let mut catalog = discover::assemble(&settings, region, &pages);
        if elsewhere::is_wanted(&settings) {
            elsewhere::catalog(&mut catalog);
        }
        foreign::catalog(&mut catalog);
        breach::catalog(&mut catalog);
        catalog
    }

    fn resolve(
        names: Vec<String>,
        settings: config::Settings,
        rows: Vec<types::Model>,
    ) -> Vec<Option<models::Resolution>> {
        let mut resolved = discover::resolve(&names, &settings, &rows);
        if elsewhere::is_wanted(&settings) {
            elsewhere::resolved(&mut resolved);
        }
        breach::resolved(&mut resolved);
        resolved
    }
}

impl conversation::Guest for Provider {
    type Turn = Turn;

    fn prepare(
        settings: conversation::RequestSettings,
        region: String,
        model: types::Model,
        context: conversation::Context,
        options: conversation::Options,
    ) -> Result<conversation::Prepared, Vec<conversation::Problem>> {
        HAS_PREPARED.store(true, Ordering::Relaxed);
        if always() == Always::Compare || breaks("cost-grows-linearly") {
            breach::compare(&context);
        }
        if breaks("plain-requests-are-prepared") {
            let (path, message, expected) = (String::new(), "it was told to".to_owned(), String::new());
            return Err(vec![conversation::Problem { path, message, expected }]);
        }
        let text = last_text(&context).to_owned();
        let how = How::told(&text);
        if let Some(how) = how.filter(|how| how.call == Call::Prepare) {
            how.misdeed.commit();
        }
        let takes_none = always() == Always::NoTemperature && model.id.contains("nova-pro");
        let temperature = options.temperature.filter(|_| !takes_none);
        let options = conversation::Options { temperature, ..options };
        let mut prepared = match foreign::prepared(prepare::prepare(&settings, &region, &model, context, options)) {
            Err(_) if breaks("refusals-say-why") => return Err(Vec::new()),
            prepared => prepared?,
        };
        breach::prepared(&mut prepared);
        let is_spoilt = match always() {
            Always::WrongRegion => region == "ap-southeast-5",
            Always::WrongModel => model.id == "team-model",
            _ => false,
        };
        if is_spoilt {
            prepared.model_id = "us.anthropic.claude-opus-4-6-v1".to_owned();
        }
        match how {
            Some(How { misdeed: Misdeed::Spin, call: Call::Prepare, event: millions }) => {
                spin(millions as u64 * 1_000_000)
            }
            Some(How { misdeed: Misdeed::Blobs, event: times, .. }) => {
                prepared.body = vec![conversation::BodyPart::Blob(0); times];
            }
            Some(How { misdeed: Misdeed::Elsewhere, call: Call::Prepare, event }) => {
                let way = event.checked_sub(1).and_then(|place| elsewhere::MODEL_IDS.get(place));
                prepared.model_id = way.copied().unwrap_or_default().to_owned();
            }
            Some(How { misdeed: Misdeed::Json, event: mebibytes, .. }) => {
                prepared.body = vec![conversation::BodyPart::Json(vec![b' '; mebibytes << 20])];
            }
            _ => {}
        }
        if how.is_some() {
            prepared.carry = How::carried(&text, prepared.carry);
        }
        Ok(prepared)
    }

    fn count_tokens(
        settings: conversation::RequestSettings,
        region: String,
        model: types::Model,
        context: conversation::Context,
        options: conversation::Options,
    ) -> Result<conversation::Prepared, Vec<conversation::Problem>> {
        let mut prepared = foreign::prepared(prepare::count_tokens(&settings, &region, &model, context, options))?;
        breach::prepared(&mut prepared);
        Ok(prepared)
    }

    fn explain(error: types::ApiError) -> types::Failure {
        let mut failure = explain::explain(&error);
        foreign::failure(&mut failure, error.message.as_deref());
        breach::explained(&error, &mut failure);
        if error.model_id.as_deref() == Some(elsewhere::MARK) {
            elsewhere::failure(&mut failure);
        }
        failure
    }
}

/// A gigabyte for whoever reads it, and a megabyte here: all pieces are the same bytes.
fn gigabyte() -> Vec<Delta> {
    let text = String::leak("x".repeat(LARGE));
    let place = text.as_mut_ptr();
    let piece = || {
        // SAFETY: there is none. The pieces share their bytes, and would be freed more than once if the host took them. It must
        // not; if it does, it is this instance alone that is damaged.
        let delta = unsafe { String::from_raw_parts(place, LARGE, LARGE) };
        Delta::TextDelta(Fragment { content_index: 0, delta })
    };
    core::iter::repeat_with(piece).take(TIMES).collect()
}

fn last_text(context: &conversation::Context) -> &str {
    let Some(Message::User(blocks)) = context.messages.last() else { return "" };
    blocks
        .iter()
        .find_map(|block| if let UserBlock::Text(text) = block { Some(text.as_str()) } else { None })
        .unwrap_or("")
}

struct Turn {
    own: RefCell<translate::Turn>,
    opening: conversation::Opening,
    how: Option<How>,
    state: RefCell<State>,
}

/// What a turn remembers.
#[derive(Default)]
struct State {
    events: usize,
    blocks: breach::Blocks,
    /// Blocks that are calls of [`TOOL`].
    spoilt: Vec<u32>,
    is_done: bool,
}

impl conversation::GuestTurn for Turn {
    fn new(mut opening: conversation::Opening) -> Self {
        let (how, carry) = How::taken_off(opening.carry);
        opening.carry = carry;
        if let Some(how) = how.filter(|how| how.call == Call::Open) {
            how.misdeed.commit();
            if how.misdeed == Misdeed::Spin {
                spin(how.event as u64 * 1_000_000);
            }
        }
        let how = how.filter(|how| how.call == Call::Push);
        Turn { own: RefCell::new(translate::Turn::new(opening.clone())), opening, how, state: RefCell::default() }
    }

    fn push(&self, batch: conversation::Batch) -> Vec<Delta> {
        assert!(!breach::traps(&batch), "it was told to");
        let mut deltas = self.own.borrow_mut().push(&batch);
        foreign::deltas(&mut deltas);
        breach::deltas(&mut deltas, Some(batch.frames.len()), &mut self.state.borrow_mut().blocks);
        self.state.borrow_mut().events += batch.frames.len();
        if let Some(given) = self.misbehave(&mut deltas) {
            return given;
        }
        self.spoil(&mut deltas);
        deltas
    }

    fn finish(&self, ending: conversation::Ending) -> Vec<Delta> {
        if let Some(How { misdeed: Misdeed::Silent, .. }) = self.how {
            return Vec::new();
        }
        let mut deltas = self.own.borrow_mut().finish(ending);
        foreign::deltas(&mut deltas);
        breach::deltas(&mut deltas, None, &mut self.state.borrow_mut().blocks);
        deltas
    }
}

impl Turn {
    /// Does what this turn was told, when its event has come; what it gives in place of deltas, where it does.
    fn misbehave(&self, deltas: &mut Vec<Delta>) -> Option<Vec<Delta>> {
        let how = self.how?;
        if how.misdeed == Misdeed::Spin {
            spin(how.event as u64 * 1_000_000);
            return None;
        }
        if self.state.borrow().events < how.event || core::mem::replace(&mut self.state.borrow_mut().is_done, true) {
            return None;
        }
        match how.misdeed {
            Misdeed::Handles => {
                for _ in 0..TOO_MANY_HANDLES {
                    let turn = <Turn as conversation::GuestTurn>::new(self.opening.clone());
                    core::mem::forget(conversation::Turn::new(turn));
                }
                None
            }
            Misdeed::Gigabytes => Some(gigabyte()),
            Misdeed::Silent => Some(Vec::new()),
            Misdeed::Elsewhere => {
                elsewhere::deltas(deltas);
                None
            }
            other => {
                other.commit();
                None
            }
        }
    }

    fn spoil(&self, deltas: &mut [Delta]) {
        match always() {
            Always::WrongText => {
                for delta in deltas {
                    if let Delta::TextDelta(fragment) = delta {
                        fragment.delta.pop();
                    }
                }
            }
            Always::WrongTool => {
                let mut state = self.state.borrow_mut();
                for delta in deltas {
                    match delta {
                        Delta::ToolcallStart(call) if call.name == TOOL => state.spoilt.push(call.content_index),
                        Delta::ToolcallEnd(call) if state.spoilt.contains(&call.content_index) => {
                            call.arguments = "{}".to_owned();
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}
