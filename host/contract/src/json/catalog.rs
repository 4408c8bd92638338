//! What models there are, and which one a name means.

use serde::Serialize;

use super::failure::{FailureForm, NoticeForm};
use super::model::ModelForm;
use crate::models::{Basis, Catalog, CatalogSource, LeftOut, Resolution, Source};

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

/// A source in one line: `ListInferenceProfiles type=APPLICATION`.
#[must_use]
pub fn source_text(Source { operation, parameters }: &Source) -> String {
    let parameters = parameters.iter().map(|(name, value)| format!(" {name}={value}"));
    std::iter::once(operation.clone()).chain(parameters).collect()
}

/// What is known of a resolved model, in a word.
#[must_use]
pub fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Configured => "configured",
        Basis::Listed => "listed",
        Basis::Assumed => "assumed",
    }
}

/// The JSON form of a resolution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolutionForm {
    model: ModelForm,
    basis: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup: Option<String>,
}

impl From<Resolution> for ResolutionForm {
    fn from(Resolution { model, basis, lookup }: Resolution) -> Self {
        ResolutionForm { model: model.into(), basis: basis_word(basis), lookup: lookup.as_ref().map(source_text) }
    }
}
