//! Which operation of the runtime a request is for: `ConverseStream`, or `CountTokens` of what `ConverseStream` would send.

use crate::contract::conversation::Options;
use crate::contract::types::Model;
use crate::families::without_geography;

use super::report::Report;
use super::structured_output::Output;
use super::target::Target;

/// The option that names the operation, among `options.extras`. Its value is the name, as a JSON string.
const OPTION: &str = "operation";

/// An operation that takes a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Operation {
    /// Ask the model. What a request is for when nothing else is said.
    #[default]
    ConverseStream,
    /// Count the tokens of the input, without asking the model.
    CountTokens,
}

/// Takes the operation out of the options. A name that is not known is a problem: to leave it out would be to ask the model
/// where perhaps nothing was to be asked.
pub(super) fn operation(options: &mut Options, report: &mut Report) -> Operation {
    let mut asked = Operation::default();
    options.extras.retain(|extra| {
        if extra.name != OPTION {
            return true;
        }
        match serde_json::from_str::<String>(&extra.value).as_deref() {
            Ok("ConverseStream") => asked = Operation::ConverseStream,
            Ok("CountTokens") => asked = Operation::CountTokens,
            _ => report.problem(
                "options.extras.operation",
                format!("{} is not an operation of this provider", extra.value),
                "\"ConverseStream\" or \"CountTokens\"",
            ),
        }
        false
    });
    asked
}

/// Turns the target of a ConverseStream into that of a CountTokens, which takes the ids of foundation models alone: it
/// answers to the id of a profile that the model does not support counting (tried against the service by others:
/// pydantic-ai #4001). The region stays, since that is where the access is.
pub(super) fn counted(mut target: Target, model: &Model, report: &mut Report) -> Target {
    if target.prompt {
        report.problem("model.id", "a prompt has no tokens to count", "the id of a model");
    }
    target.model_id = foundation_model(model);
    target
}

/// The foundation model behind an id: what a listing said (`baseModelId`), else the id without the geography of a profile that
/// Bedrock defines. An ARN that no listing knows stays as it is: what it stands for, the service alone can tell.
fn foundation_model(model: &Model) -> String {
    let listed = model.extras.iter().find(|extra| extra.name == "baseModelId");
    listed
        .and_then(|extra| serde_json::from_str::<String>(&extra.value).ok())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| without_geography(&model.id).to_owned())
}

/// Tells what counts as input and yet cannot be handed to CountTokens.
pub(super) fn tell_what_is_not_counted(output: &Output, report: &mut Report) {
    if matches!(output, Output::Format(_)) {
        report.notice(
            "output-schema-not-counted",
            "CountTokens takes no output schema, so the tokens that one costs are not in the count",
        );
    }
}
