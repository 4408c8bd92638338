//! An answer that keeps to a schema: `outputConfig` where the family takes it, else a tool whose arguments are the answer.
//!
//! The model is made to call that tool, and the turn gives the call back as text (`carry`), so that callers see the same answer
//! from every model.

use std::borrow::Cow;

use crate::contract::conversation::{Context, Options, OutputSchema, Tool, ToolChoice};
use crate::families::Family;

use super::closed_schema;
use super::raw_json::{RawObject, string_of};
use super::report::Report;
use super::schema_tree::{self, Node};

/// What the tool is for, where the schema does not say.
const DESCRIPTION: &str = "Gives the answer to the user. Call it once, with the whole answer as its arguments.";
const NAME: &str = "answer";

/// How the answer is held to the schema.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// Not at all.
    Free,
    /// By `outputConfig.textFormat`.
    Format(OutputSchema),
    /// By the tool of this name, which is among the context's tools now.
    Tool(String),
}

/// Decides, and puts the tool and the choice of it into the request.
pub(super) fn output(
    context: &mut Context,
    options: &mut Options,
    family: &Family,
    is_prompt: bool,
    report: &mut Report,
) -> Output {
    let Some(output) = options.output_schema.take() else { return Output::Free };
    let path = "options.outputSchema.schema";
    let schema = match RawObject::parse(&output.schema) {
        Ok(schema) => schema,
        Err(message) => {
            report.problem(path, message, "a JSON Schema, which is an object");
            return Output::Free;
        }
    };
    let is_object = schema.get("type").is_none_or(|kind| string_of(kind).as_deref() == Some("object"));
    // What takes any members cannot be closed, as the format wants it; a tool takes it as it is.
    let fits = || !family.tools || !is_object || closed_schema::closed(&output.schema).is_some();
    // A prompt of Prompt management brings its own tools, and takes none beside them.
    if is_prompt || (family.output_format && fits()) {
        return Output::Format(output);
    }
    if !family.tools {
        report.problem(
            "options.outputSchema",
            "this model family supports neither an output format nor tools, so it cannot follow an output schema",
            "another model, or no output schema",
        );
        return Output::Free;
    }
    if !is_object {
        report.problem(
            path,
            "with this model family the schema becomes the parameters of a tool, so its root must be an object",
            "a schema whose root is an object",
        );
        return Output::Free;
    }
    let no_tools = context.tools.is_empty() || options.tool_choice == Some(ToolChoice::None);
    if matches!(options.tool_choice, Some(ToolChoice::Any | ToolChoice::Tool(_))) && !no_tools {
        // What has to be answered by a call has no text that could keep to a schema.
        report.notice(
            "output-schema-ignored",
            "the output schema was ignored: the tool choice requires a tool call, so the answer has no text",
        );
        return Output::Free;
    }
    if no_tools {
        context.tools.clear();
    }
    let mut name = if output.name.is_empty() { NAME.to_owned() } else { output.name };
    while context.tools.iter().any(|tool| tool.name == name) {
        name.push('_');
    }
    let description =
        output.description.map_or_else(|| DESCRIPTION.to_owned(), |what| format!("{what}\n{DESCRIPTION}"));
    context.tools.push(Tool { name: name.clone(), description, parameters: output.schema, strict: None });
    // Beside other tools the model may call those, or answer; in either case it calls one.
    options.tool_choice = Some(if context.tools.len() == 1 { ToolChoice::Tool(name.clone()) } else { ToolChoice::Any });
    Output::Tool(name)
}

/// Makes a schema that goes out one that the service takes: without members that say nothing, its constraints in words, its
/// objects closed. One that is open on purpose goes out so: the service says what it does not like of it.
pub(super) fn close(output: &mut Output, report: &mut Report) {
    let Output::Format(output) = output else { return };
    if let Some(cleaned) = schema_tree::without_empty_members(&output.schema) {
        output.schema = cleaned;
    }
    if let Some(mut tree) = Node::parse(&output.schema)
        && tree.describe_constraints()
    {
        report.notice(
            "output-schema-changed",
            "constraints of the output schema were moved into descriptions, because Bedrock does not support them",
        );
        output.schema = tree.into_text();
    }
    if let Some(Cow::Owned(closed)) = closed_schema::closed(&output.schema) {
        report.notice(
            "output-schema-changed",
            "`additionalProperties: false` was added to the objects of the output schema, which Bedrock requires",
        );
        output.schema = closed;
    }
}
