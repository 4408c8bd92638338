//! Repairs of refused requests, and the adjustments that they consist of.

use serde::{Deserialize, Serialize};

use super::raw::Json;
use crate::types::{Adjustment, NamedJson, PartForm, PartLimit, Repair};

/// The JSON form of an adjustment: `{"omit": PART}`, `{"limit": {"part": PART, "most": NUMBER}}` and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the arms are those of `adjustment` in the contract")]
pub enum AdjustmentForm {
    Omit(String),
    Limit { part: String, most: u64 },
    Replace { part: String, form: String },
    Other { name: String, value: Json },
}

impl From<Adjustment> for AdjustmentForm {
    fn from(adjustment: Adjustment) -> Self {
        match adjustment {
            Adjustment::Omit(part) => Self::Omit(part),
            Adjustment::Limit(PartLimit { part, most }) => Self::Limit { part, most },
            Adjustment::Replace(PartForm { part, form }) => Self::Replace { part, form },
            Adjustment::Other(NamedJson { name, value }) => Self::Other { name, value: Json(value) },
        }
    }
}

impl From<AdjustmentForm> for Adjustment {
    fn from(form: AdjustmentForm) -> Self {
        match form {
            AdjustmentForm::Omit(part) => Self::Omit(part),
            AdjustmentForm::Limit { part, most } => Self::Limit(PartLimit { part, most }),
            AdjustmentForm::Replace { part, form } => Self::Replace(PartForm { part, form }),
            AdjustmentForm::Other { name, value } => Self::Other(NamedJson { name, value: value.0 }),
        }
    }
}

/// The JSON form of a repair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepairForm {
    adjustments: Vec<AdjustmentForm>,
    lasting: bool,
}

impl From<Repair> for RepairForm {
    fn from(Repair { adjustments, lasting }: Repair) -> Self {
        RepairForm { adjustments: adjustments.into_iter().map(AdjustmentForm::from).collect(), lasting }
    }
}
