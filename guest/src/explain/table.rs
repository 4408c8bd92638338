//! Exceptions of the Bedrock APIs and of AWS's front door, and what each means.

use crate::contract::types::FailureKind;

/// What an exception means.
#[derive(Debug)]
pub(super) struct Row {
    /// Its name, lower case: the same exception is `ThrottlingException` over HTTP and `throttlingException` in a stream.
    pub(super) name: &'static str,
    pub(super) kind: FailureKind,
    pub(super) retryable: bool,
    /// What stands before AWS's message: pi's words, by which clients decide about another try. The name itself when absent.
    pub(super) title: Option<&'static str>,
    pub(super) hint: &'static str,
}

const fn row(
    name: &'static str,
    kind: FailureKind,
    retryable: bool,
    title: Option<&'static str>,
    hint: &'static str,
) -> Row {
    Row { name, kind, retryable, title, hint }
}

pub(super) const LOGIN: &str =
    "get new credentials (for SSO: `aws sso login`); `quarry auth status` shows which source is used";
const CLOCK: &str =
    "check the secret key and the clock of this machine; `quarry auth status` shows which source is used";
const LATER: &str = "try again later";
const SLOWER: &str = "wait and try again, send fewer requests at once, or request a higher quota from AWS";

pub(super) const FORM: &str =
    "fill out the use case form of the model's provider in the Bedrock console, and try again 15 minutes later";

/// Names from the Bedrock service models (runtime and control plane), AWS's common errors, the user guide's "Troubleshooting API
/// error codes", and recorded 403s.
pub(super) static ROWS: &[Row] = &[
    row("throttlingexception", FailureKind::Throttled, true, Some("Throttling error"), SLOWER),
    row("throttledexception", FailureKind::Throttled, true, Some("Throttling error"), SLOWER),
    row("throttling", FailureKind::Throttled, true, Some("Throttling error"), SLOWER),
    row("requestlimitexceeded", FailureKind::Throttled, true, Some("Throttling error"), SLOWER),
    row("toomanyrequestsexception", FailureKind::Throttled, true, Some("Throttling error"), SLOWER),
    row(
        "servicequotaexceededexception",
        FailureKind::Quota,
        false,
        None,
        "request a higher quota from AWS, or use another model",
    ),
    row("serviceunavailableexception", FailureKind::Overloaded, true, Some("Service unavailable"), LATER),
    row("serviceunavailable", FailureKind::Overloaded, true, Some("Service unavailable"), LATER),
    row(
        "modelnotreadyexception",
        FailureKind::Overloaded,
        true,
        None,
        "the model is being loaded; try again in a minute",
    ),
    row(
        "modeltimeoutexception",
        FailureKind::Timeout,
        true,
        None,
        "request a shorter answer or send less input, then try again",
    ),
    row(
        "modelerrorexception",
        FailureKind::ModelOutput,
        true,
        None,
        "try again; if the error persists, change the prompt or the tools",
    ),
    row("modelstreamerrorexception", FailureKind::Service, true, Some("Model stream error"), LATER),
    row("internalserverexception", FailureKind::Service, true, Some("Internal server error"), LATER),
    row("internalservererror", FailureKind::Service, true, Some("Internal server error"), LATER),
    row("internalfailure", FailureKind::Service, true, Some("Internal server error"), LATER),
    row("validationexception", FailureKind::Validation, false, Some("Validation error"), ""),
    row("validationerror", FailureKind::Validation, false, Some("Validation error"), ""),
    row("invalidaction", FailureKind::Validation, false, None, "check that the endpoint is Bedrock's"),
    row("serializationexception", FailureKind::Validation, false, None, ""),
    row("unknownoperationexception", FailureKind::Validation, false, None, "check that the endpoint is Bedrock's"),
    row("accessdeniedexception", FailureKind::Denied, false, None, "grant the permission that the message names"),
    row("accessdenied", FailureKind::Denied, false, None, "grant the permission that the message names"),
    row("notauthorized", FailureKind::Denied, false, None, "grant the permission that the message names"),
    row("optinrequired", FailureKind::Denied, false, None, "sign the account up for Bedrock"),
    row("ftuformnotfilled", FailureKind::ModelNotEnabled, false, None, FORM),
    row(
        "badcscoreexception",
        FailureKind::ModelNotEnabled,
        false,
        None,
        "contact AWS Support for access to this model",
    ),
    row(
        "mpagreementbeingcreated",
        FailureKind::ModelNotEnabled,
        true,
        None,
        "AWS is creating the subscription to this model; try again some minutes later",
    ),
    row("expiredtokenexception", FailureKind::CredentialsInvalid, false, None, LOGIN),
    row("expiredtoken", FailureKind::CredentialsInvalid, false, None, LOGIN),
    row("requestexpired", FailureKind::CredentialsInvalid, false, None, CLOCK),
    row("unrecognizedclientexception", FailureKind::CredentialsInvalid, false, None, LOGIN),
    row("invalidclienttokenid", FailureKind::CredentialsInvalid, false, None, LOGIN),
    row("missingauthenticationtokenexception", FailureKind::CredentialsInvalid, false, None, LOGIN),
    row("missingauthenticationtoken", FailureKind::CredentialsInvalid, false, None, LOGIN),
    row("incompletesignatureexception", FailureKind::CredentialsInvalid, false, None, CLOCK),
    row("incompletesignature", FailureKind::CredentialsInvalid, false, None, CLOCK),
    row("invalidsignatureexception", FailureKind::CredentialsInvalid, false, None, CLOCK),
    row("signaturedoesnotmatch", FailureKind::CredentialsInvalid, false, None, CLOCK),
    row(
        "resourcenotfoundexception",
        FailureKind::ModelNotFound,
        false,
        None,
        "`quarry models list` shows the models you can use",
    ),
    row("conflictexception", FailureKind::Service, true, None, LATER),
];

/// What a status means where the exception's name says nothing, such as an answer of a proxy.
static STATUSES: &[(u16, Row)] = &[
    (400, row("", FailureKind::Validation, false, None, "")),
    (401, row("", FailureKind::CredentialsInvalid, false, None, LOGIN)),
    (403, row("", FailureKind::Denied, false, None, "check the credentials and their permissions for Bedrock")),
    (404, row("", FailureKind::ModelNotFound, false, None, "check the model id, the region and the endpoint")),
    (408, row("", FailureKind::Timeout, true, None, LATER)),
    (413, row("", FailureKind::Validation, false, None, "send less in one request")),
    (424, row("", FailureKind::ModelOutput, true, None, LATER)),
    (429, row("", FailureKind::Throttled, true, None, SLOWER)),
    (500, row("", FailureKind::Service, true, None, LATER)),
    (502, row("", FailureKind::Overloaded, true, None, LATER)),
    (503, row("", FailureKind::Overloaded, true, None, LATER)),
    (504, row("", FailureKind::Timeout, true, None, LATER)),
    (529, row("", FailureKind::Overloaded, true, None, LATER)),
];

/// The bare name of an exception: `x-amzn-errortype` may go on after a colon, `__type` may begin with a namespace and `#`.
pub(super) fn exception_name(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}

/// The row of an exception, however its name is capitalised.
pub(super) fn by_name(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

/// The row of a status.
pub(super) fn by_status(status: u16) -> Option<&'static Row> {
    STATUSES.iter().find(|(known, _)| *known == status).map(|(_, row)| row)
}

#[cfg(test)]
mod tests {
    use super::{by_name, exception_name};

    #[test]
    fn names_lose_their_namespace_and_address() {
        assert_eq!(exception_name("com.amazon.coral.service#ThrottlingException"), "ThrottlingException");
        assert_eq!(exception_name("ValidationException:http://internal.amazon.com/coral/"), "ValidationException");
        assert!(by_name("throttlingException").is_some() && by_name("ThrottlingException").is_some());
    }
}
