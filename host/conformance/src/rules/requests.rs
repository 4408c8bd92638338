//! Rules of `prepare`: what a conversation becomes.

use serde_json::Value;

use super::Rule;
use super::evidence::{Answer, Evidence, PrepareResult, Request};
use super::turns::is_json;
use crate::aws::{AllowedRegions, Region};
use crate::blobs::join;
use crate::contract::conversation::{Delta, Ending, Message, MessageType, Opening, Prepared, ToolcallStart, UserBlock};
use crate::frames::{OwnedFrame, batch};
use crate::service;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "plain-requests-are-prepared",
        holds: "a conversation of plain text becomes a request",
        source: "`prepare`",
        holds_for: |evidence, _| each(evidence, plain_is_prepared),
    },
    Rule {
        name: "refusals-say-why",
        holds: "a rejected conversation has at least one problem, and every problem has a message",
        source: "`prepare`, `problem.message`",
        holds_for: |evidence, _| each(evidence, refusal_says_why),
    },
    Rule {
        name: "attachments-are-placed-once",
        holds: "a request body refers to existing attachments only, to each at most once",
        source: "`body-part.blob`",
        holds_for: |evidence, _| each_prepared(evidence, attachments_are_placed_once),
    },
    Rule {
        name: "bodies-are-json",
        holds: "a request body is a JSON object",
        source: "`prepared.body`",
        holds_for: |evidence, _| each_prepared(evidence, |request, prepared| body(request, prepared).map(drop)),
    },
    Rule {
        name: "text-goes-out",
        holds: "the request body of a plain text conversation contains the user's text",
        source: "`prepare`, `user-block.text`",
        holds_for: |evidence, _| each_prepared(evidence, text_goes_out),
    },
    Rule {
        name: "operations-are-allowed",
        holds: "a request names the operation of the function that made it",
        source: "`prepared.operation`",
        holds_for: |evidence, _| each_prepared(evidence, operation_is_allowed),
    },
    Rule {
        name: "model-ids-are-labels",
        holds: "the model id of a request is one label of a URL, and an ARN has the configured region",
        source: "`prepared.model-id`",
        holds_for: |evidence, _| each_prepared(evidence, model_id_is_a_label),
    },
    Rule {
        name: "tool-names-come-back",
        holds: "a tool call has the tool's name of the conversation, even if Bedrock was sent another name",
        source: "`toolcall-start.name`, `prepared.carry`",
        holds_for: |evidence, _| {
            each_prepared(evidence, |request, prepared| tool_names_come_back(evidence, request, prepared))
        },
    },
    Rule {
        name: "bodies-fit-the-service",
        holds: "the members and types of a request body are those of the service's own model",
        source: "`prepare`, `prepared.body`",
        holds_for: |evidence, _| {
            each_prepared(evidence, |request, prepared| match body(request, prepared) {
                Ok(Some(_)) => service::check(prepared),
                // That has a rule of its own.
                _ => Ok(()),
            })
        },
    },
];

/// The first request whose answer breaks something.
fn each(evidence: &Evidence<'_>, holds: impl Fn(&Request, &PrepareResult) -> Result<(), String>) -> Result<(), String> {
    evidence.requests.iter().try_for_each(|Answer { name, input, answer }| {
        answer.as_ref().map_or(Ok(()), |answer| holds(input, answer)).map_err(|what| format!("{name}: {what}"))
    })
}

/// The first request that was prepared and breaks something.
fn each_prepared(
    evidence: &Evidence<'_>,
    holds: impl Fn(&Request, &Prepared) -> Result<(), String>,
) -> Result<(), String> {
    each(evidence, |request, answer| answer.as_ref().map_or(Ok(()), |prepared| holds(request, prepared)))
}

/// The texts of a conversation that has nothing else in it, no options and no tools; none of another.
fn plain_texts(request: &Request) -> Option<Vec<&str>> {
    let context = &request.context;
    let has_options = request.options != crate::json::options::OptionsForm::default().into();
    if has_options || !context.tools.is_empty() || context.messages.is_empty() {
        return None;
    }
    let mut texts = Vec::new();
    for message in &context.messages {
        let Message::User(blocks) = message else { return None };
        for block in blocks {
            let UserBlock::Text(text) = block else { return None };
            texts.push(text.as_str());
        }
    }
    texts.iter().all(|text| !text.trim().is_empty()).then_some(texts)
}

fn plain_is_prepared(request: &Request, answer: &PrepareResult) -> Result<(), String> {
    match (plain_texts(request), answer) {
        (Some(_), Err(problems)) => Err(format!("it was rejected: {problems:?}")),
        _ => Ok(()),
    }
}

fn refusal_says_why(_: &Request, answer: &PrepareResult) -> Result<(), String> {
    let Err(problems) = answer else { return Ok(()) };
    if problems.is_empty() {
        return Err("it was rejected without a problem".to_owned());
    }
    match problems.iter().find(|problem| problem.message.trim().is_empty()) {
        Some(problem) => Err(format!("a problem has no message: {problem:?}")),
        None => Ok(()),
    }
}

/// The places in the body alone: without them the bytes say nothing of their being JSON.
fn attachments_are_placed_once(request: &Request, prepared: &Prepared) -> Result<(), String> {
    join(&prepared.body, &request.blobs).map(drop).map_err(|error| error.to_string())
}

/// The body as it goes over the wire. `None` where its attachments break a rule of their own.
pub(super) fn body(request: &Request, prepared: &Prepared) -> Result<Option<Value>, String> {
    let Ok(bytes) = join(&prepared.body, &request.blobs) else { return Ok(None) };
    let text = std::str::from_utf8(&bytes).map_err(|error| format!("the body is not UTF-8: {error}"))?;
    is_json(text).map_err(|error| format!("the body is not JSON: {error}: {text}"))?;
    match serde_json::from_str(text) {
        Ok(body @ Value::Object(_)) => Ok(Some(body)),
        _ => Err(format!("the body is not an object: {text}")),
    }
}

fn text_goes_out(request: &Request, prepared: &Prepared) -> Result<(), String> {
    let (Some(texts), Ok(Some(body))) = (plain_texts(request), body(request, prepared)) else { return Ok(()) };
    match texts.iter().find(|text| !has_text(&body["messages"], text)) {
        Some(text) => Err(format!("the messages of the body do not contain the text {text:?}: {}", body["messages"])),
        None => Ok(()),
    }
}

fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(elements) => elements.iter().any(|element| has_text(element, text)),
        Value::Object(members) => members.values().any(|member| has_text(member, text)),
        _ => false,
    }
}

fn operation_is_allowed(request: &Request, prepared: &Prepared) -> Result<(), String> {
    let allowed = request.kind.operation();
    if prepared.operation == allowed { Ok(()) } else { Err(format!("{:?} in place of {allowed}", prepared.operation)) }
}

fn model_id_is_a_label(request: &Request, prepared: &Prepared) -> Result<(), String> {
    let region = Region::new(&request.region).ok_or_else(|| format!("{:?} is not a region", request.region))?;
    let destination = AllowedRegions::new(region, None).destination(&prepared.model_id);
    destination.map(drop).map_err(|error| error.to_string())
}

/// Has the model call each tool by the name that Bedrock was told.
fn tool_names_come_back(evidence: &Evidence<'_>, request: &Request, prepared: &Prepared) -> Result<(), String> {
    let Ok(Some(body)) = body(request, prepared) else { return Ok(()) };
    let told = body.pointer("/toolConfig/tools").and_then(Value::as_array).into_iter().flatten();
    let told: Vec<&str> = told.filter_map(|tool| tool.pointer("/toolSpec/name").and_then(Value::as_str)).collect();
    if told.len() != request.context.tools.len() {
        return Ok(());
    }
    for (told, tool) in told.iter().zip(&request.context.tools) {
        let start = serde_json::json!({
            "contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "tooluse_A1", "name": told}}
        });
        let frame = |name: &str, payload: String| OwnedFrame {
            message_type: MessageType::Event,
            name: name.to_owned(),
            payload: payload.into_bytes(),
        };
        let frames = [
            frame("messageStart", "{\"role\":\"assistant\"}".to_owned()),
            frame("contentBlockStart", start.to_string()),
        ];
        let opening = Opening { model: request.model.clone(), carry: prepared.carry.clone(), request_id: None };
        let run = || {
            let mut provider = evidence.providers.fresh()?;
            provider.open_turn(&opening)?;
            let deltas = provider.push(&batch(&frames))?;
            provider.finish(&Ending::Aborted).map(|_| deltas)
        };
        let deltas = run().map_err(|fault| fault.to_string())?;
        let name = deltas.iter().find_map(|delta| match delta {
            Delta::ToolcallStart(ToolcallStart { name, .. }) => Some(name),
            _ => None,
        });
        if name != Some(&tool.name) {
            return Err(format!("the tool {:?} was sent as {told:?}, and its call has the name {name:?}", tool.name));
        }
    }
    Ok(())
}
