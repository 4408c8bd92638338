//! Which operation of the runtime a request is for: `ConverseStream`, or `CountTokens` of what `ConverseStream` would send.

use crate::contract::types::Model;
use crate::families::without_geography;

use super::report::Report;
use super::structured_output::Output;
use super::target::Target;

/// An operation that takes a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Ask the model.
    ConverseStream,
    /// Count the tokens of the input, without asking the model.
    CountTokens,
}

impl Operation {
    /// Its name in the API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::ConverseStream => "ConverseStream",
            Operation::CountTokens => "CountTokens",
        }
    }
}

/// Turns the target of a ConverseStream into that of a CountTokens, which takes the ids of foundation models alone: it
/// answers to the id of a profile that the model does not support counting (tried against the service by others:
/// pydantic-ai #4001). The region stays, since that is where the access is.
pub(super) fn counted(mut target: Target, model: &Model, report: &mut Report) -> Target {
    if target.prompt {
        report.problem("model.id", "the tokens of a stored prompt cannot be counted", "the id of a model");
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
            "the count excludes the tokens of the output schema, because CountTokens does not accept one",
        );
    }
}
