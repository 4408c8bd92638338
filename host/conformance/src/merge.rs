//! Cases of `merge`.

use serde::{Deserialize, Serialize};

use super::layout;
use super::provider::{Fault, Provider};
use crate::config::{of_variables, unmasked};
use crate::contract::config::{Layer, Merged};
use crate::json::Members;
use crate::json::problem::{ConfigProblemForm, origins};
use crate::json::settings::SettingsForm;

/// The input of a case of `merge`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    layers: Vec<LayerGiven>,
}

/// What one entry of `layers` makes: the layer of lines of JSON5, or a layer for each variable.
#[derive(Debug, Deserialize)]
#[serde(try_from = "LayerMembers")]
struct LayerGiven(Vec<Layer>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerMembers {
    name: String,
    #[serde(default)]
    source: String,
    json5: Option<Vec<String>>,
    variables: Option<Members<String>>,
}

impl TryFrom<LayerMembers> for LayerGiven {
    type Error = String;

    fn try_from(members: LayerMembers) -> Result<Self, Self::Error> {
        match (members.json5, members.variables) {
            (Some(lines), None) => {
                unmasked(&members.name, &members.source, &lines.join("\n")).map(|layer| LayerGiven(vec![layer]))
            }
            (None, Some(variables)) => Ok(LayerGiven(of_variables(variables.0))),
            _ => Err("a layer has either `json5` or `variables`".to_owned()),
        }
    }
}

impl Given {
    /// The layers, lowest first.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        self.layers.iter().flat_map(|layer| layer.0.iter().cloned()).collect()
    }
}

#[derive(Serialize)]
struct MergedForm {
    settings: SettingsForm,
    #[serde(skip_serializing_if = "Members::is_empty")]
    origins: Members<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ConfigProblemForm>,
}

#[derive(Serialize)]
struct ProblemsForm {
    problems: Vec<ConfigProblemForm>,
}

/// Merges the layers.
///
/// # Errors
/// When the call does not return.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    let forms = |problems: Vec<_>| problems.into_iter().map(ConfigProblemForm::from).collect();
    match provider.merge(&given.layers())? {
        Ok(Merged { settings, warnings }) => layout::text(&MergedForm {
            origins: origins(&settings.origins),
            settings: settings.into(),
            warnings: forms(warnings),
        }),
        Err(problems) => layout::text(&ProblemsForm { problems: forms(problems) }),
    }
}
