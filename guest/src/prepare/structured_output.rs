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
    // A prompt of Prompt management brings its own tools, and takes none beside them.
    if family.output_format || is_prompt {
        return Output::Format(output);
    }
    if !family.tools {
        report.problem(
            "options.outputSchema",
            "this family of models can be held to a schema neither by its output format nor by a tool",
            "another model, or no schema",
        );
        return Output::Free;
    }
    if schema.get("type").is_some_and(|kind| string_of(kind).as_deref() != Some("object")) {
        report.problem(path, "a tool holds this family of models to the schema", "a schema whose root is an object");
        return Output::Free;
    }
    let no_tools = context.tools.is_empty() || options.tool_choice == Some(ToolChoice::None);
    if matches!(options.tool_choice, Some(ToolChoice::Any | ToolChoice::Tool(_))) && !no_tools {
        // What has to be answered by a call has no text that could keep to a schema.
        report.notice("output-schema-ignored", "a tool call is asked for, so there is no text to hold to a schema");
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

/// Closes the objects of a schema that goes out. One that is open on purpose goes out as it is: the service says what it does not
/// like of it.
pub(super) fn close(output: &mut Output, report: &mut Report) {
    let Output::Format(output) = output else { return };
    if let Some(Cow::Owned(closed)) = closed_schema::closed(&output.schema) {
        report.notice("output-schema-changed", "objects of an output schema take no members beside their own");
        output.schema = closed;
    }
}
