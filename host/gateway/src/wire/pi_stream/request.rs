//! Reading a request.

use super::super::reader::{Object, Reader, Value};
use super::super::thinking_token::ThinkingToken;
use super::super::{Asked, ReadError, Received, Request, no_options};
use super::events::Events;
use super::model::{self, AskedModel};
use crate::blobs::Blobs;
use crate::contract::conversation::{AssistantBlock, Context, Message, Options, ToolChoice};
use crate::pi::context::{ContextError, read_context};
use crate::pi::{API, PROVIDER};
use crate::refusal::Refusal;

/// Options that do not count, see the module above.
const IGNORED: &[&str] = &[
    "samplingParams",
    "metadata",
    "sessionId",
    "headers",
    "transport",
    "timeoutMs",
    "maxRetries",
    "maxRetryDelayMs",
    "websocketConnectTimeoutMs",
];

/// Reads a request.
pub(super) fn read(received: &Received<'_>) -> Result<Request, ReadError> {
    let reader = Reader::new(received.fetched);
    let body = reader.body(received.body)?;
    let model =
        body.require("model", "pi's record of a model").and_then(|it| it.require_object("pi's record of a model"));
    let model = model.map(|model| {
        let read = model::read(&model);
        // pi adds members to the record from version to version, and none of them but those above could count.
        drop(model);
        read
    });
    let context = body.require("context", "pi's context").and_then(|context| conversation(&context));
    let options = body.take("options").and_then(|options| options.require_object("an object")).map(options);
    body.finish();
    // The attachments are those of the context; this format names none by address.
    let (_, notices) = reader.finish()?;
    let (Some(model), Some((mut context, blobs))) = (model, context) else {
        return Err(ReadError::Refused(Refusal::invalid("model", "it is not valid JSON")));
    };
    own_messages(&mut context, &model);
    let asked = Asked {
        model: model.known.id.clone(),
        context,
        blobs,
        options: options.unwrap_or_else(no_options),
        stream: true,
        notices,
        known: Some(model.known),
    };
    Ok(Request { writer: Box::new(Events::new(&asked.model)), asked })
}

fn conversation(context: &Value<'_, '_>) -> Option<(Context, Blobs)> {
    match read_context(context.raw.get()) {
        Ok(read) => Some(read),
        Err(ContextError::Syntax { message, .. }) => {
            context.problem(message);
            None
        }
        Err(ContextError::Invalid(problems)) => {
            for problem in problems {
                let path = [context.path.as_str(), problem.path.as_str()].join(".");
                let message = format!("{}; expected {}", problem.message, problem.expected);
                context.reader().problem(path.trim_end_matches('.'), message);
            }
            None
        }
    }
}

/// Says of the assistant's messages which model they are from, as the provider must know it to send thinking back: a token
/// says it itself, and what the client names as it names the model that it asks for is of this provider.
fn own_messages(context: &mut Context, asked: &AskedModel) {
    for message in &mut context.messages {
        let Message::Assistant(message) = message else { continue };
        if message.provider == asked.provider && message.api == asked.api && message.model == asked.known.id {
            PROVIDER.clone_into(&mut message.provider);
            API.clone_into(&mut message.api);
        }
        for block in &mut message.content {
            let AssistantBlock::Thinking(thinking) = block else { continue };
            let Some(token) = thinking.signature.as_deref().and_then(ThinkingToken::read) else { continue };
            thinking.signature = token.signature;
            thinking.redacted = token.redacted;
            message.model = token.model;
            PROVIDER.clone_into(&mut message.provider);
            API.clone_into(&mut message.api);
        }
    }
}

fn options(given: Object<'_, '_>) -> Options {
    given.refuse("deferred", &["false"], "Bedrock's ConverseStream does not support deferred answers");
    given.ignore(IGNORED);
    let budgets = given.take("thinkingBudgets").and_then(|budgets| budgets.require_object("an object of token counts"));
    let thinking_budgets = budgets.map_or_else(Vec::new, |budgets| {
        let levels = ["minimal", "low", "medium", "high", "xhigh", "max"];
        let read = levels.iter().filter_map(|level| Some(((*level).to_owned(), budgets.count(level)?))).collect();
        budgets.finish();
        read
    });
    let metadata = given.take("requestMetadata").and_then(|metadata| metadata.require_object("an object of strings"));
    let options = Options {
        max_tokens: given.count("maxTokens"),
        temperature: given.number("temperature"),
        top_p: given.number("topP"),
        stop_sequences: given.items("stopSequences", "an array").filter_map(|value| value.string()).collect(),
        tool_choice: given.take("toolChoice").and_then(|choice| tool_choice(&choice)),
        thinking: given.string("reasoning"),
        thinking_budgets,
        interleaved_thinking: given.flag("interleavedThinking"),
        thinking_display: given.string("thinkingDisplay"),
        cache_retention: given.string("cacheRetention"),
        request_metadata: metadata.map_or_else(Vec::new, |metadata| metadata.strings()),
        ..no_options()
    };
    given.finish();
    options
}

/// `auto`, `any`, `none`, or `{type: "tool", name}`.
fn tool_choice(choice: &Value<'_, '_>) -> Option<ToolChoice> {
    const EXPECTED: &str = "`auto`, `any`, `none`, or an object with `type` and `name`";
    if let Some(object) = choice.object() {
        let (kind, name) = (object.require_string("type"), object.require_string("name"));
        object.finish();
        if kind != "tool" {
            choice.problem(format!("its type is `{kind}`; expected `tool`"));
        }
        return Some(ToolChoice::Tool(name));
    }
    if !choice.is_string() {
        choice.expected(EXPECTED);
        return None;
    }
    match choice.string()?.as_str() {
        "auto" => Some(ToolChoice::Auto),
        "any" => Some(ToolChoice::Any),
        "none" => Some(ToolChoice::None),
        other => {
            choice.problem(format!("`{other}` is unknown; expected {EXPECTED}"));
            None
        }
    }
}
