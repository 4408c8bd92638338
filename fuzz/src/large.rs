//! Inputs of thousands: what a call allocates grows with what it gets, and no faster.

use arbitrary::{Result, Unstructured};
use quarry_guest::contract::config::Settings;
use quarry_guest::contract::conversation::{AssistantBlock, Context, Message, Options, RequestSettings, UserBlock};
use quarry_guest::{discover, explain, merge, prepare, translate};

use crate::allocations::allocated;
use crate::contexts::Choices;
use crate::contract::RequestKind;
use crate::cost_inputs::{Answer, Input, Kind, Listing, REGION, Request, kinds};

/// How many times as large the second input is, and how many times as much it may allocate.
const TIMES: usize = 4;
const MOST: u64 = 7;

/// Allocations and bytes that say nothing: tables and buffers grow in steps.
const CALLS: u64 = 2_000;
const BYTES: u64 = 1 << 20;

/// An input with much of something, or a conversation of which each part is there many times, takes no more than in proportion.
///
/// # Panics
/// When it does.
pub fn large(data: &[u8]) {
    // Where the bytes end, so does the input.
    let _ = chosen(data);
}

fn chosen(data: &[u8]) -> Result<()> {
    let mut bytes = Unstructured::new(data);
    let all: Vec<Kind> = kinds().collect();
    if bytes.arbitrary()? {
        let (kind, size) = (*bytes.choose(&all)?, bytes.int_in_range(200..=1500)?);
        in_proportion(kind.name, |times| (kind.input)(size * times));
        return Ok(());
    }
    let (distinct, times) = (bytes.arbitrary()?, bytes.int_in_range(20..=120)?);
    let (model, context, options) = Choices(bytes).request()?;
    let settings = merge::merge(&[]).expect("the defaults are right").settings;
    in_proportion("a conversation", |more| {
        let (context, options) = grown(&context, &options, times * more, distinct);
        Input::Request(Box::new(Request {
            kind: RequestKind::Answer,
            settings: settings.clone(),
            model: model.clone(),
            context,
            options,
        }))
    });
    Ok(())
}

/// Holds an input, and the same four times as large, against each other.
fn in_proportion(what: &str, input: impl Fn(usize) -> Input) {
    let [small, large] = [1, TIMES].map(|times| {
        let input = input(times);
        allocated(|| run(input))
    });
    assert!(large.calls <= MOST * small.calls + CALLS, "{what} is allocated for too often: {small:?}, then {large:?}");
    assert!(large.bytes <= MOST * small.bytes + BYTES, "{what} takes too many bytes: {small:?}, then {large:?}");
}

/// A conversation with each part so many times. Names and ids are the same each time, or have a number behind them.
fn grown(context: &Context, options: &Options, times: usize, distinct: bool) -> (Context, Options) {
    let numbered = |text: &str, number: usize| if distinct { format!("{text}{number}") } else { text.to_owned() };
    let mut grown = Context { system_prompt: context.system_prompt.clone(), messages: Vec::new(), tools: Vec::new() };
    for number in 0..times {
        grown.tools.extend(context.tools.iter().cloned().map(|mut tool| {
            tool.name = numbered(&tool.name, number);
            tool
        }));
        grown.messages.extend(context.messages.iter().cloned().map(|mut message| {
            match &mut message {
                Message::Assistant(message) => message.content.iter_mut().for_each(|block| {
                    if let AssistantBlock::ToolCall(call) = block {
                        call.id = numbered(&call.id, number);
                        call.name = numbered(&call.name, number);
                    }
                }),
                Message::ToolResult(result) => result.tool_call_id = numbered(&result.tool_call_id, number),
                Message::User(blocks) => blocks.iter_mut().for_each(|block| {
                    if let UserBlock::Document(document) = block {
                        document.name = document.name.as_deref().map(|name| numbered(name, number));
                    }
                }),
                Message::System(_) | Message::Other(_) => {}
            }
            message
        }));
    }
    let mut options = options.clone();
    let metadata = std::mem::take(&mut options.request_metadata);
    let stops = std::mem::take(&mut options.stop_sequences);
    for number in 0..times {
        let metadata = metadata.iter().map(|(name, value)| (numbered(name, number), value.clone()));
        options.request_metadata.extend(metadata);
        options.stop_sequences.extend(stops.iter().map(|stop| numbered(stop, number)));
    }
    (grown, options)
}

fn run(input: Input) {
    match input {
        Input::Layers(layers) => drop(merge::merge(&layers)),
        Input::Listing(listing) => list(*listing),
        Input::Request(request) => {
            let Request { kind, settings, model, context, options } = *request;
            let Settings { guardrail, cache_retention, .. } = settings;
            let settings = RequestSettings { guardrail, cache_retention };
            let prepare = match kind {
                RequestKind::Answer => prepare::prepare,
                RequestKind::TokenCount => prepare::count_tokens,
            };
            drop(prepare(&settings, REGION, &model, context, options));
        }
        Input::Answer(answer) => {
            let Answer { opening, batches, ending } = *answer;
            let mut turn = translate::Turn::new(opening);
            batches.iter().for_each(|batch| drop(turn.push(batch)));
            drop(turn.finish(ending));
        }
        Input::Failure(failure) => drop(explain::explain(&failure)),
    }
}

fn list(Listing { settings, pages }: Listing) {
    drop(discover::sources(&settings));
    let rows = discover::assemble(&settings, REGION.to_owned(), &pages).models;
    let names: Vec<String> = rows.iter().map(|model| model.id.clone()).collect();
    drop(discover::resolve(&names, &settings, &rows));
}
