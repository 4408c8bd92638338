//! Failures, the errors that they come from, and notices.

use serde::{Deserialize, Serialize};

use super::adjustment::RepairForm;
use crate::types::{ApiError, ApiStage, Failure, FailureKind, Notice};

/// The JSON form of a failure.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureForm {
    kind: FailureKindForm,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repair: Option<RepairForm>,
}

impl From<Failure> for FailureForm {
    fn from(failure: Failure) -> Self {
        let Failure { kind, message, hint, retryable, retry_after_ms, code, status, request_id, suggestions, repair } =
            failure;
        let (kind, repair) = (FailureKindForm::from(kind), repair.map(RepairForm::from));
        FailureForm { kind, message, hint, retryable, retry_after_ms, code, status, request_id, suggestions, repair }
    }
}

/// The JSON form of what went wrong: its name in kebab case, or `{"other": NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the arms are those of `failure-kind` in the contract")]
pub enum FailureKindForm {
    Throttled,
    Overloaded,
    Quota,
    ContextOverflow,
    Denied,
    CredentialsMissing,
    CredentialsInvalid,
    ModelNotEnabled,
    ModelNotFound,
    NeedsInferenceProfile,
    Validation,
    Transport,
    Timeout,
    Truncated,
    Damaged,
    ContentFiltered,
    Refused,
    ModelOutput,
    Service,
    Aborted,
    Other(String),
}

impl From<FailureKind> for FailureKindForm {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Throttled => Self::Throttled,
            FailureKind::Overloaded => Self::Overloaded,
            FailureKind::Quota => Self::Quota,
            FailureKind::ContextOverflow => Self::ContextOverflow,
            FailureKind::Denied => Self::Denied,
            FailureKind::CredentialsMissing => Self::CredentialsMissing,
            FailureKind::CredentialsInvalid => Self::CredentialsInvalid,
            FailureKind::ModelNotEnabled => Self::ModelNotEnabled,
            FailureKind::ModelNotFound => Self::ModelNotFound,
            FailureKind::NeedsInferenceProfile => Self::NeedsInferenceProfile,
            FailureKind::Validation => Self::Validation,
            FailureKind::Transport => Self::Transport,
            FailureKind::Timeout => Self::Timeout,
            FailureKind::Truncated => Self::Truncated,
            FailureKind::Damaged => Self::Damaged,
            FailureKind::ContentFiltered => Self::ContentFiltered,
            FailureKind::Refused => Self::Refused,
            FailureKind::ModelOutput => Self::ModelOutput,
            FailureKind::Service => Self::Service,
            FailureKind::Aborted => Self::Aborted,
            FailureKind::Other(name) => Self::Other(name),
        }
    }
}

/// The JSON form of an error of a request that failed before its stream began. The stage is `response` where none is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiErrorForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<ApiStageForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<String>,
}

/// The JSON form of how far a request came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ApiStageForm {
    CredentialsMissing,
    CredentialsFailed,
    Connect,
    Timeout,
    Response,
    Unreadable,
    Aborted,
    Other(String),
}

impl ApiErrorForm {
    /// The error, of this operation where the form names none.
    #[must_use]
    pub fn of_operation(self, default_operation: &str) -> ApiError {
        let ApiErrorForm { operation, model_id, region, stage, status, code, message, request_id, retry_after } = self;
        ApiError {
            operation: operation.unwrap_or_else(|| default_operation.to_owned()),
            model_id,
            region,
            stage: match stage {
                None | Some(ApiStageForm::Response) => ApiStage::Response,
                Some(ApiStageForm::CredentialsMissing) => ApiStage::CredentialsMissing,
                Some(ApiStageForm::CredentialsFailed) => ApiStage::CredentialsFailed,
                Some(ApiStageForm::Connect) => ApiStage::Connect,
                Some(ApiStageForm::Timeout) => ApiStage::Timeout,
                Some(ApiStageForm::Unreadable) => ApiStage::Unreadable,
                Some(ApiStageForm::Aborted) => ApiStage::Aborted,
                Some(ApiStageForm::Other(name)) => ApiStage::Other(name),
            },
            status,
            code,
            message,
            request_id,
            retry_after,
        }
    }
}

impl From<ApiError> for ApiErrorForm {
    fn from(error: ApiError) -> Self {
        let ApiError { operation, model_id, region, stage, status, code, message, request_id, retry_after } = error;
        ApiErrorForm {
            operation: Some(operation),
            model_id,
            region,
            stage: match stage {
                ApiStage::Response => None,
                ApiStage::CredentialsMissing => Some(ApiStageForm::CredentialsMissing),
                ApiStage::CredentialsFailed => Some(ApiStageForm::CredentialsFailed),
                ApiStage::Connect => Some(ApiStageForm::Connect),
                ApiStage::Timeout => Some(ApiStageForm::Timeout),
                ApiStage::Unreadable => Some(ApiStageForm::Unreadable),
                ApiStage::Aborted => Some(ApiStageForm::Aborted),
                ApiStage::Other(name) => Some(ApiStageForm::Other(name)),
            },
            status,
            code,
            message,
            request_id,
            retry_after,
        }
    }
}

/// The JSON form of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeForm {
    kind: String,
    message: String,
}

impl From<Notice> for NoticeForm {
    fn from(Notice { kind, message }: Notice) -> Self {
        NoticeForm { kind, message }
    }
}
