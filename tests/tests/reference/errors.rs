//! Kinds of errors.

use quarry_contract::json::failure::FailureKindForm;
use quarry_contract::types::{Failure, FailureKind};
use quarry_gateway::{Refusal, RefusalKind};

use crate::page::{self, table};
use crate::source::{arms, variants};

const PAGE: &str = "docs/reference/error-kinds.md";

#[test]
fn what_a_client_gets_is_what_the_gateway_has() {
    let documented = variants("host/gateway/src/refusal.rs", "RefusalKind");
    let names: Vec<_> = documented.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(RefusalKind::ALL.map(|kind| format!("{kind:?}")).to_vec(), names, "RefusalKind::ALL");
    let mut rows: Vec<_> = RefusalKind::ALL.into_iter().zip(documented).collect();
    rows.sort_by_key(|(kind, _)| kind.status());
    let rows = rows.into_iter().map(|(kind, (_, meaning))| {
        let retry = if Refusal::new(kind, "").retryable { "yes" } else { "no" };
        let meaning = meaning.trim_end_matches('.').to_owned();
        [format!("`{}`", kind.word()), kind.status().as_u16().to_string(), retry.to_owned(), meaning]
    });
    let table = table(["Word", "Status", "Retry may help", "Meaning"], rows);
    page::has_table(PAGE, "## What a client gets", &table);
}

/// Every kind that has a name of its own.
const KINDS: [FailureKind; 20] = [
    FailureKind::Throttled,
    FailureKind::Overloaded,
    FailureKind::Quota,
    FailureKind::ContextOverflow,
    FailureKind::Denied,
    FailureKind::CredentialsMissing,
    FailureKind::CredentialsInvalid,
    FailureKind::ModelNotEnabled,
    FailureKind::ModelNotFound,
    FailureKind::NeedsInferenceProfile,
    FailureKind::Validation,
    FailureKind::Transport,
    FailureKind::Timeout,
    FailureKind::Truncated,
    FailureKind::Damaged,
    FailureKind::ContentFiltered,
    FailureKind::Refused,
    FailureKind::ModelOutput,
    FailureKind::Service,
    FailureKind::Aborted,
];

#[test]
fn what_bedrock_says_is_what_the_contract_has() {
    let documented = arms("wit/types.wit", "failure-kind");
    let named: Vec<_> = documented.iter().filter(|(name, _)| name != "other").collect();
    assert_eq!(named.len(), KINDS.len());
    let rows = KINDS.into_iter().zip(named).map(|(kind, (name, meaning))| {
        assert_eq!(serde_json::to_value(FailureKindForm::from(kind.clone())).expect("JSON"), name.as_str());
        let failure = Failure {
            kind,
            message: String::new(),
            hint: None,
            retryable: false,
            retry_after_ms: None,
            code: None,
            status: None,
            request_id: None,
            suggestions: Vec::new(),
            repair: None,
        };
        [format!("`{name}`"), format!("`{}`", Refusal::from(&failure).kind.word()), meaning.clone()]
    });
    let table = table(["Kind", "Word for the client", "Meaning"], rows);
    page::has_table(PAGE, "## What Bedrock says", &table);
}
