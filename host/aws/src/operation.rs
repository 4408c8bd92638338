//! The operations that requests can be for. There are no others: a provider may choose among them and cannot name one.

use std::fmt;

/// An operation of Amazon Bedrock that this host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `POST /model/{modelId}/converse` of the runtime.
    Converse,
    /// `POST /model/{modelId}/converse-stream` of the runtime.
    ConverseStream,
    /// `POST /model/{modelId}/count-tokens` of the runtime.
    CountTokens,
    /// `GET /foundation-models` of the control plane.
    ListFoundationModels,
    /// `GET /inference-profiles` of the control plane.
    ListInferenceProfiles,
    /// `GET /inference-profiles/{inferenceProfileIdentifier}` of the control plane.
    GetInferenceProfile,
}

impl Operation {
    /// Its name, as AWS has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Converse => "Converse",
            Operation::ConverseStream => "ConverseStream",
            Operation::CountTokens => "CountTokens",
            Operation::ListFoundationModels => "ListFoundationModels",
            Operation::ListInferenceProfiles => "ListInferenceProfiles",
            Operation::GetInferenceProfile => "GetInferenceProfile",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
