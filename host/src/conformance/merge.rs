//! Cases of `merge`.

use serde::{Deserialize, Serialize};

use super::layout;
use super::provider::{Fault, Provider};
use crate::contract::config::{Layer, LayerContent, Merged};
use crate::json::Members;
use crate::json::problem::{ConfigProblemForm, origins};
use crate::json::settings::SettingsForm;

/// What a case of `merge` gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    layers: Vec<LayerGiven>,
}

/// One layer: lines of JSON5, or variables.
#[derive(Debug, Deserialize)]
#[serde(try_from = "LayerMembers")]
struct LayerGiven(Layer);

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
    type Error = &'static str;

    fn try_from(members: LayerMembers) -> Result<Self, Self::Error> {
        let content = match (members.json5, members.variables) {
            (Some(lines), None) => LayerContent::Json5(lines.join("\n")),
            (None, Some(variables)) => LayerContent::Variables(variables.0),
            _ => return Err("a layer has either `json5` or `variables`"),
        };
        Ok(LayerGiven(Layer { name: members.name, source: members.source, content }))
    }
}

impl Given {
    /// The layers, lowest first.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        self.layers.iter().map(|layer| layer.0.clone()).collect()
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
