//! `quarry models show`.

use quarry_aws::DestinationError;
use quarry_contract::json::catalog::source_word;
use quarry_contract::json::model::ModelForm;
use quarry_contract::models::{CatalogSource, LeftOut};
use quarry_gateway::models;
use quarry_pi::PROVIDER;
use serde::Serialize;

use super::super::arguments::{Global, ShowArguments};
use super::super::exit::Exit;
use super::super::setup::{ProblemsTold, Setup, overrides};
use super::super::{problems, terminal};
use super::asked::{Asked, Asking, ask};
use super::known::{Absent, KnownForm, KnownModel};
use super::lookup::{Meant, look_up};
use super::sheet;

pub(crate) async fn show(global: &Global, arguments: &ShowArguments) -> anyhow::Result<Exit> {
    let setup = match setup(global, arguments)? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let how = Asking {
        refresh: arguments.refresh,
        simulate: arguments.simulate,
        for_programs: arguments.json,
        name: Some(&arguments.id),
    };
    let asked = ask(setup, &how).await?;
    match look_up(&asked) {
        Meant::Known(known) => {
            if arguments.json {
                terminal::print_json(&ShowForm::of(&asked, &known))?;
            } else {
                terminal::print(&sheet::of_known(&asked, &known))?;
            }
            asked.tell();
            // The configuration answers where AWS does not.
            Ok(if known.listed { Exit::Done } else { asked.exit() })
        }
        Meant::LeftOut(left_out) => {
            if arguments.json {
                terminal::print_json(&LeftOutForm::of(&asked, &left_out))?;
            } else {
                terminal::print(&sheet::of_left_out(&asked, &left_out))?;
            }
            asked.tell();
            Ok(asked.exit())
        }
        Meant::Unknown(suggestions) => Ok(tell_unknown(&asked, &arguments.id, &suggestions)),
        Meant::NoDefault => {
            terminal::tell_line("error: no default model is configured");
            terminal::tell_line("  set it: `quarry config set agents.defaults.model.primary amazon-bedrock/MODEL`");
            Ok(Exit::Usage)
        }
    }
}

/// The setup for a model: with the region of its ARN, where it has one that requests may go to. A model is looked for where it is.
fn setup(global: &Global, arguments: &ShowArguments) -> anyhow::Result<Result<Setup, ProblemsTold>> {
    let setup = Setup::make(global, &overrides(None, arguments.region.as_deref()))?;
    let id = models::without_prefix(&arguments.id);
    let (Ok(made), None, true) = (&setup, &arguments.region, id.starts_with("arn:")) else { return Ok(setup) };
    match made.configuration.destination(id) {
        Ok(to) if to.region() != made.configuration.region() => {
            Setup::make(global, &overrides(None, Some(to.region().as_str())))
        }
        // What lies behind a global profile is listed in every region.
        Ok(_) | Err(DestinationError::NoRegion(_)) => Ok(setup),
        Err(error) => {
            terminal::tell(&problems::of_model("MODEL", &error));
            Ok(Err(ProblemsTold))
        }
    }
}

fn tell_unknown(asked: &Asked, name: &str, suggestions: &[String]) -> Exit {
    let region = &asked.region;
    let source = &asked.catalog.source;
    if matches!(source, CatalogSource::Failed | CatalogSource::StaleCache) || !asked.catalog.failures.is_empty() {
        asked.tell();
        terminal::tell_line(&format!("error: cannot tell whether the model {name} exists in {region}"));
        tell_suggestions(suggestions);
        return Exit::Failed;
    }
    if matches!(source, CatalogSource::Disabled) && asked.no_credentials && !asked.is_optional() {
        asked.tell_why_not("looked up");
        return Exit::Failed;
    }
    let place = match source {
        CatalogSource::Disabled => "in the configuration; AWS was not called".to_owned(),
        _ => format!("in {region}"),
    };
    terminal::tell_line(&format!("error: the model {name} was not found {place}"));
    tell_suggestions(suggestions);
    if suggestions.is_empty() && !name.contains("arn:") {
        terminal::tell_line("  `quarry models list` shows the models");
    } else if suggestions.is_empty() {
        terminal::tell_line("  listings do not contain every ARN: try the model with `quarry chat --model ARN`");
    }
    Exit::Usage
}

fn tell_suggestions(suggestions: &[String]) {
    if let [others @ .., last] = suggestions {
        let others: String = others.iter().map(|name| format!("{name}, ")).collect();
        let or = if others.is_empty() { "" } else { "or " };
        terminal::tell_line(&format!("  did you mean {others}{or}{last}?"));
    }
}

/// The JSON form of all that is known of a model.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShowForm<'k> {
    #[serde(flatten)]
    known: KnownForm<'k>,
    provider: &'static str,
    vendor: Option<String>,
    region: &'k str,
    discovery_source: &'static str,
    /// What AWS lists, where the configuration lists the model too and so decides.
    listing: Option<ModelForm>,
    left_out: Option<ReasonForm<'k>>,
}

impl<'k> ShowForm<'k> {
    fn of(asked: &'k Asked, known: &'k KnownModel) -> Self {
        let left_out = match &known.absent {
            Some(Absent::LeftOut(left_out)) => Some(ReasonForm::of(left_out)),
            Some(Absent::NotListed) | None => None,
        };
        ShowForm {
            known: known.form(),
            provider: PROVIDER,
            vendor: known.vendor(),
            region: &asked.region,
            discovery_source: source_word(&asked.catalog.source),
            listing: known.discovered.clone().filter(|_| known.listed).map(ModelForm::from),
            left_out,
        }
    }
}

/// The JSON form of a model that is left out and that the configuration does not name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LeftOutForm<'k> {
    id: &'k str,
    configured: bool,
    discovered: bool,
    provider: &'static str,
    region: &'k str,
    discovery_source: &'static str,
    left_out: ReasonForm<'k>,
}

impl<'k> LeftOutForm<'k> {
    fn of(asked: &'k Asked, left_out: &'k LeftOut) -> Self {
        LeftOutForm {
            id: &left_out.id,
            configured: false,
            discovered: false,
            provider: PROVIDER,
            region: &asked.region,
            discovery_source: source_word(&asked.catalog.source),
            left_out: ReasonForm::of(left_out),
        }
    }
}

/// Why a model is left out: a stable word, and a sentence.
#[derive(Debug, Serialize)]
struct ReasonForm<'k> {
    reason: &'k str,
    message: &'k str,
}

impl<'k> ReasonForm<'k> {
    fn of(LeftOut { id: _, reason, message }: &'k LeftOut) -> Self {
        ReasonForm { reason, message }
    }
}
