//! `prepare`: a conversation to the exact ConverseStream request, or the CountTokens request of the same conversation.
//!
//! The rules are pi 1.5.2's, but where the service is known to refuse what pi sends; each such place says why. Whatever is
//! changed or left out is reported with a notice, whatever cannot be sent is a problem, and all the problems come together.
//! Lone surrogates, which pi removes, cannot occur in text that crosses the boundary as UTF-8; from JSON, which can escape
//! them, they go here.

mod additional_fields;
mod adjustments;
mod assistant_content;
mod betas;
mod blocks;
mod body;
mod cache_points;
mod caching;
mod closed_schema;
mod guard_last_turn;
mod history;
mod inference;
mod labels;
mod media;
mod model_params;
mod operation;
mod parallel_calls;
mod property_keys;
mod raw_json;
mod report;
mod request_options;
mod schema_tree;
mod structured_output;
mod system;
mod system_tools;
mod target;
#[cfg(test)]
mod tests;
mod thinking;
mod token_limits;
mod tokens;
mod tool_schema;
mod tools;
mod turns;
mod unique;
mod user_content;

use std::collections::BTreeMap;

use crate::carry::Carry;
use crate::contract::conversation::{BodyPart, Context, Options, Prepared, Problem, RequestSettings};
use crate::contract::types::Model;
use crate::families::{Markup, family_as_listed};
use crate::repair::part;

use adjustments::Adjustments;
use blocks::{Block, WireMessage};
use body::{Body, Members};
use history::{Labels, ToolHistory};
use inference::Inference;
use labels::ToolNames;
use operation::Operation;
use property_keys::KeyMaps;
pub(crate) use raw_json::with_keys;
use report::Report;
use request_options::RequestOptions;
use structured_output::Output;
use target::Target;
use thinking::Circumstances;
use tools::{Asked, ToolConfig};

/// Makes the request to a region.
///
/// # Errors
/// All the problems.
pub fn prepare(
    settings: &RequestSettings,
    region: &str,
    model: &Model,
    context: Context,
    options: Options,
) -> Result<Prepared, Vec<Problem>> {
    request(Operation::ConverseStream, settings, region, model, context, options)
}

/// Makes the request that counts the tokens of what [`prepare`] would send.
///
/// # Errors
/// All the problems.
pub fn count_tokens(
    settings: &RequestSettings,
    region: &str,
    model: &Model,
    context: Context,
    options: Options,
) -> Result<Prepared, Vec<Problem>> {
    request(Operation::CountTokens, settings, region, model, context, options)
}

fn request(
    operation: Operation,
    settings: &RequestSettings,
    region: &str,
    model: &Model,
    mut context: Context,
    mut options: Options,
) -> Result<Prepared, Vec<Problem>> {
    let report = &mut Report::default();
    let adjustments = Adjustments::take(&mut options);
    let mut family = family_as_listed(model);
    adjustments.correct(&mut family, &context, &options, report);
    let family = &family;
    let mut target = target::target(region, model, report);
    if operation == Operation::CountTokens {
        target = operation::counted(target, model, report);
    }
    if !target.prompt {
        model_params::fill_in(&mut options, model, report);
    }

    let system_tools = system_tools::take(&mut options, report);
    let points = &mut cache_points::take(&mut options, context.system_prompt.as_deref(), context.tools.len(), report);
    let max_tokens = token_limits::max_tokens(model, family, &context, &options, report);
    let max_tokens = adjustments.max_tokens(max_tokens, report);
    let mut output = structured_output::output(&mut context, &mut options, family, target.prompt, report);
    if operation == Operation::CountTokens {
        operation::tell_what_is_not_counted(&output, report);
    } else {
        structured_output::close(&mut output, report);
    }

    let send_tools = tools::are_sent(&context.tools, &system_tools, options.tool_choice.as_ref(), family, report);
    let names = ToolNames::new(
        family,
        context.tools.iter().map(|tool| &*tool.name).chain(history::calls(&context.messages).map(|call| &*call.name)),
    );
    let spoils_names = matches!(family.markup, Markup::Channels | Markup::KimiCalls) && send_tools;
    let wire_names = context.tools.iter().map(|tool| names.wire(&tool.name).to_owned());
    let known = if spoils_names { wire_names.collect() } else { Vec::new() };
    let keys = if send_tools {
        tools::adapt_schemas(&mut context.tools, &adjustments, report);
        KeyMaps::map(&mut context.tools, &names, family, report)
    } else {
        KeyMaps::default()
    };
    // A prompt brings tools of its own, so its history keeps the blocks.
    let tool_history = if send_tools || target.prompt { ToolHistory::Blocks } else { ToolHistory::Text };
    let mut history =
        history::history(context.messages, model, family, Labels { names: &names, keys: &keys }, tool_history, report);

    let circumstances = Circumstances {
        model,
        family,
        gov_cloud: target.gov_cloud,
        max_tokens,
        tool_turn_without_thinking: answers_a_turn_without_thinking(&history.messages),
    };
    let plan = thinking::plan(circumstances, &options, report);
    let inference = inference::inference(family, &plan, &mut options, &adjustments, report);
    let mut instruction = None;
    let mut tool_config = send_tools.then(|| {
        let choice = options.tool_choice.take();
        let asked = Asked {
            choice,
            system_tools,
            strict: !adjustments.omit(part::STRICT),
            claude_thinks: plan.claude_thinks,
            points,
        };
        let (config, said) = tools::tool_config(context.tools, asked, &names, family, report);
        instruction = said;
        config
    });

    let retention =
        caching::retention(family, options.cache_retention.as_deref(), settings.cache_retention.as_deref(), report);
    let texts = std::mem::take(&mut history.system);
    let mut system =
        system::system(context.system_prompt, texts, &mut history.messages, family, retention, points, report);
    // Behind the cache points: it is for this request alone.
    system.extend(instruction.filter(|_| family.system_prompt).map(Block::Text));
    let (format, answer_tool) = match output {
        Output::Free => (None, None),
        Output::Format(schema) => (Some(schema), None),
        Output::Tool(name) => (None, Some(name)),
    };
    let guardrail = settings.guardrail.as_ref();
    let request = request_options::request_options(&mut options, guardrail, format, family, target.prompt, report);
    if options.guard_last_turn_only {
        guard_last_turn::guard(&mut history.messages, request.has_guardrail(), report);
    }
    caching::place(&mut history.messages, family, retention, report);
    caching::settle(tool_config.as_mut(), &mut system, &mut history.messages, report);

    let one_call = tool_config
        .as_ref()
        .filter(|_| options.parallel_tool_calls == Some(false))
        .and_then(|tools| parallel_calls::field(tools.choice(), family, report));
    let own = [plan.fields.as_deref(), one_call].into_iter().flatten().map(str::to_owned);
    let own = own.reduce(|fields, more| raw_json::merged(&fields, &more));
    let fields = additional_fields::additional_fields(
        own.as_deref(),
        options.additional_request_fields.as_deref(),
        family,
        plan.claude_thinks,
        report,
    );
    let fields = adjustments.fields(fields, report);
    if target.prompt {
        refuse_what_a_prompt_brings(&system, tool_config.is_some(), &options, &inference, fields.is_some(), report);
    } else if history.messages.is_empty() {
        // What was left out says why nothing remains.
        let left_out = report.notices.iter().find(|notice| notice.message.starts_with("messages["));
        let why = left_out.map_or_else(String::new, |notice| format!(" ({})", notice.message));
        report.problem(
            "messages",
            format!("the conversation has no message to send{why}"),
            "at least one user message",
        );
    }
    if !report.problems.is_empty() {
        return Err(std::mem::take(&mut report.problems));
    }

    let carry = Carry {
        tools: if send_tools { names.back() } else { BTreeMap::new() },
        keys: keys.into_carry(),
        known,
        answer_tool: answer_tool.filter(|_| send_tools).map(|name| names.wire(&name).to_owned()),
    };
    let messages = history.messages;
    let body = Settled { messages, system, inference, tool_config, fields, request }.body(operation, &target, &names);
    Ok(Prepared {
        operation: operation.name().to_owned(),
        model_id: target.model_id,
        body,
        carry: carry.write(),
        notices: std::mem::take(&mut report.notices),
    })
}

/// What a request says, when all is decided.
struct Settled {
    messages: Vec<WireMessage>,
    system: Vec<Block>,
    inference: Inference,
    tool_config: Option<ToolConfig>,
    /// `additionalModelRequestFields`, an object.
    fields: Option<String>,
    request: RequestOptions,
}

impl Settled {
    /// The body that says it to this operation.
    fn body(&self, operation: Operation, target: &Target, names: &ToolNames) -> Vec<BodyPart> {
        let mut body = Body::default();
        match operation {
            Operation::ConverseStream => body.object(|o| {
                self.write_conversation(o, names, !target.prompt);
                self.request.write(o);
            }),
            Operation::CountTokens => body.object(|o| {
                o.object("input", |o| o.object("converse", |o| self.write_conversation(o, names, false)));
            }),
        }
        body.into_parts()
    }

    /// The members that both operations take, in pi's order. `with_inference` is for the one that answers.
    fn write_conversation(&self, o: &mut Members<'_>, names: &ToolNames, with_inference: bool) {
        if !self.messages.is_empty() {
            o.member("messages").array(&self.messages, |body, message| message.write(body));
        }
        if !self.system.is_empty() {
            o.member("system").array(&self.system, blocks::write);
        }
        if with_inference {
            // Always there, if only empty (pi does).
            o.object("inferenceConfig", |o| self.inference.write(o));
        }
        if let Some(tools) = &self.tool_config {
            o.object("toolConfig", |o| tools.write(o, names));
        }
        if let Some(fields) = &self.fields {
            o.member("additionalModelRequestFields").raw(fields);
        }
    }
}

/// Whether the last message answers tool calls of a turn that does not begin with thinking.
///
/// A turn is all that came since a user last said something of their own. A model that does not think between its calls thinks
/// once, at the turn's beginning, and its later messages begin with a call (Anthropic's page on extended thinking).
fn answers_a_turn_without_thinking(messages: &[WireMessage]) -> bool {
    let is_result = |block: &Block| matches!(block, Block::ToolResult { .. });
    let begins_with_thinking = |message: &WireMessage| message.content.first().is_some_and(Block::is_reasoning);
    // Messages alternate, so the end of the conversation is pairs of calls and their results.
    let mut rounds = messages.rchunks_exact(2);
    let Some([assistant, user]) = rounds.next() else { return false };
    if !user.content.iter().any(is_result) || begins_with_thinking(assistant) {
        return false;
    }
    let only_answers = |user: &WireMessage| user.content.iter().all(|block| is_result(block) || block.is_cache_point());
    let mut of_the_turn = rounds.take_while(|round| matches!(round, [_, user] if only_answers(user)));
    !of_the_turn.any(|round| matches!(round, [assistant, _] if begins_with_thinking(assistant)))
}

/// A prompt of Prompt management has these already, and the service refuses them beside it (API doc of ConverseStream).
fn refuse_what_a_prompt_brings(
    system: &[Block],
    tools: bool,
    options: &Options,
    inference: &Inference,
    fields: bool,
    report: &mut Report,
) {
    let mut refuse = |given: bool, path: &str| {
        if given {
            report.problem(
                path,
                "the model id names a stored prompt, which sets this itself",
                "no value here, or the id of a model",
            );
        }
    };
    refuse(!system.is_empty(), "systemPrompt");
    refuse(tools, "tools");
    refuse(options.max_tokens.is_some(), "options.maxTokens");
    refuse(options.temperature.is_some(), "options.temperature");
    refuse(options.top_p.is_some(), "options.topP");
    refuse(!inference.stop_sequences.is_empty(), "options.stopSequences");
    refuse(fields, "options.additionalRequestFields");
}
