//! `prepare`: a conversation to the exact ConverseStream request, or the CountTokens request of the same conversation.
//!
//! The rules are pi 1.5.2's, but where the service is known to refuse what pi sends; each such place says why. Whatever is
//! changed or left out is reported with a notice, whatever cannot be sent is a problem, and all the problems come together.
//! Lone surrogates, which pi removes, cannot occur in text that crosses the boundary as UTF-8; from JSON, which can escape
//! them, they go here.

mod additional_fields;
mod assistant_content;
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
mod raw_json;
mod report;
mod request_options;
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
mod truth_value;
mod unique;
mod user_content;

use crate::contract::config::Settings;
use crate::contract::conversation::{BodyPart, Context, Options, Prepared, Problem};
use crate::contract::types::Model;
use crate::families::family_as_listed;

use blocks::{Block, WireMessage};
use body::{Body, Members};
use history::ToolHistory;
use inference::Inference;
use labels::ToolNames;
use operation::Operation;
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
    settings: &Settings,
    region: &str,
    model: &Model,
    mut context: Context,
    mut options: Options,
) -> Result<Prepared, Vec<Problem>> {
    let report = &mut Report::default();
    let family = &family_as_listed(model);
    let operation = operation::operation(&mut options, report);
    let mut target = target::target(region, model, report);
    if operation == Operation::CountTokens {
        target = operation::counted(target, model, report);
    }
    if !target.prompt {
        model_params::fill_in(&mut options, model, report);
    }

    let one_call_at_a_time = parallel_calls::one_at_a_time(&mut options, report);
    let guard_last_turn = guard_last_turn::is_asked(&mut options, report);
    let strict = truth_value::take(&mut options, "strictTools", report) != Some(false);
    let system_tools = system_tools::take(&mut options, report);
    let points = &mut cache_points::take(&mut options, context.system_prompt.as_deref(), context.tools.len(), report);
    let max_tokens = token_limits::max_tokens(model, family, &context, &options, report);
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
    // A prompt brings tools of its own, so its history keeps the blocks.
    let tool_history = if send_tools || target.prompt { ToolHistory::Blocks } else { ToolHistory::Text };
    let mut history = history::history(context.messages, model, family, &names, tool_history, report);

    let circumstances = Circumstances {
        model,
        family,
        gov_cloud: target.gov_cloud,
        max_tokens,
        tool_turn_without_thinking: answers_a_turn_without_thinking(&history.messages),
    };
    let plan = thinking::plan(circumstances, &options, report);
    let inference = inference::inference(family, &plan, &mut options, report);
    let mut tool_config = send_tools.then(|| {
        let choice = options.tool_choice.take();
        let asked = Asked { choice, system_tools, strict, claude_thinks: plan.claude_thinks, points };
        tools::tool_config(context.tools, asked, &names, family, report)
    });

    let retention =
        caching::retention(family, options.cache_retention.as_deref(), settings.cache_retention.as_deref(), report);
    let texts = std::mem::take(&mut history.system);
    let mut system =
        system::system(context.system_prompt, texts, &mut history.messages, family, retention, points, report);
    let (format, answer_tool) = match output {
        Output::Free => (None, None),
        Output::Format(schema) => (Some(schema), None),
        Output::Tool(name) => (None, Some(name)),
    };
    let guardrail = settings.guardrail.as_ref();
    let request = request_options::request_options(&mut options, guardrail, format, family, target.prompt, report);
    if guard_last_turn {
        guard_last_turn::guard(&mut history.messages, request.has_guardrail(), report);
    }
    caching::place(&mut history.messages, family, retention, report);
    caching::settle(tool_config.as_mut(), &mut system, &mut history.messages, report);

    let one_call = tool_config
        .as_ref()
        .filter(|_| one_call_at_a_time)
        .and_then(|tools| parallel_calls::field(tools.choice(), family, report));
    let own = [plan.fields.as_deref(), one_call].into_iter().flatten().map(str::to_owned);
    let own = own.reduce(|fields, more| raw_json::merged(&fields, &more));
    let fields = additional_fields::additional_fields(
        own.as_deref(),
        options.additional_request_fields.as_deref(),
        family,
        report,
    );
    if target.prompt {
        refuse_what_a_prompt_brings(&system, tool_config.is_some(), &options, &inference, fields.is_some(), report);
    } else if history.messages.is_empty() {
        report.problem("messages", "there is nothing to send", "at least one message of the user");
    }
    if !report.problems.is_empty() {
        return Err(std::mem::take(&mut report.problems));
    }

    let messages = history.messages;
    let body = Settled { messages, system, inference, tool_config, fields, request }.body(operation, &target, &names);
    Ok(Prepared {
        model_id: target.model_id,
        body,
        carry: if send_tools { names.carry(answer_tool.as_deref()) } else { Vec::new() },
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
    let begins_with_thinking =
        |message: &WireMessage| matches!(message.content.first(), Some(Block::Reasoning { .. } | Block::Redacted(_)));
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
            report.problem(path, "the prompt that the model id names brings its own", "nothing here, or a model's id");
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
