//! What models there are, and what discovery asks for.

use serde::{Deserialize, Serialize};

use super::failure::{FailureForm, NoticeForm};
use super::model::ModelForm;
use crate::contract::models::{CacheEntry, Catalog, CatalogSource, CredentialSource, LeftOut, Need};

/// The JSON form of a catalog.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogForm {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<ModelForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOutForm>,
    source: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<FailureForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeForm>,
}

/// The JSON form of a model that is not in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct LeftOutForm {
    id: String,
    reason: String,
    message: String,
}

impl From<Catalog> for CatalogForm {
    fn from(Catalog { models, left_out, source, failures, notices }: Catalog) -> Self {
        CatalogForm {
            models: models.into_iter().map(ModelForm::from).collect(),
            left_out: left_out
                .into_iter()
                .map(|LeftOut { id, reason, message }| LeftOutForm { id, reason, message })
                .collect(),
            source: source_word(&source),
            failures: failures.into_iter().map(FailureForm::from).collect(),
            notices: notices.into_iter().map(NoticeForm::from).collect(),
        }
    }
}

/// Where a catalog is from, in a word.
#[must_use]
pub fn source_word(source: &CatalogSource) -> &'static str {
    match source {
        CatalogSource::Config => "config",
        CatalogSource::Live => "live",
        CatalogSource::Cache => "cache",
        CatalogSource::StaleCache => "stale-cache",
        CatalogSource::Disabled => "disabled",
        CatalogSource::Failed => "failed",
    }
}

/// What a listing needs, in one line: `cache-read KEY`, `foundation-models`.
#[must_use]
pub fn need(need: &Need) -> String {
    match need {
        Need::CredentialSource => "credential-source".to_owned(),
        Need::CacheRead(key) => format!("cache-read {key}"),
        Need::CacheWrite(CacheEntry { key, ttl: _, value: _ }) => format!("cache-write {key}"),
        Need::FoundationModels => "foundation-models".to_owned(),
        Need::InferenceProfiles => "inference-profiles".to_owned(),
    }
}

/// The JSON form of a credential source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialSourceForm {
    kind: String,
    label: String,
}

impl From<CredentialSource> for CredentialSourceForm {
    fn from(CredentialSource { kind, label }: CredentialSource) -> Self {
        CredentialSourceForm { kind, label }
    }
}

impl From<CredentialSourceForm> for CredentialSource {
    fn from(CredentialSourceForm { kind, label }: CredentialSourceForm) -> Self {
        CredentialSource { kind, label }
    }
}
