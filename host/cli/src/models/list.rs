//! `quarry models list`.

use std::io;

use quarry_config::Override;
use quarry_config::connection::PROVIDER_NAMES;
use quarry_contract::json::catalog::{CatalogForm, source_word};
use quarry_contract::models::{Catalog, CatalogSource, LeftOut};
use quarry_gateway::discovery::told;
use quarry_system::printable::one_line;
use serde::Serialize;

use super::super::arguments::{Global, ListArguments};
use super::super::columns::{Fit, Table, wrapped};
use super::super::exit::Exit;
use super::super::setup::{self, ProblemsTold, Setup};
use super::super::terminal;
use super::asked::{Asked, Asking, ask};
use super::known::{self, KnownForm, KnownModel};
use super::text::thousands;

pub(crate) async fn list(global: &Global, arguments: &ListArguments) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &overrides(arguments))? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let how = Asking {
        refresh: arguments.refresh,
        simulate: arguments.simulate,
        for_programs: arguments.json || arguments.plain,
        name: None,
    };
    let asked = ask(setup, &how).await?;
    let mut models = known::all(&asked);
    if let Some(vendor) = vendor(arguments) {
        models.retain(|model| model.may_be_of(vendor));
    }
    show(&asked, &models, arguments)?;
    asked.tell_why_not("listed");
    Ok(asked.exit())
}

/// The vendor whose models are wanted alone. Names of the provider stand for the whole of Bedrock.
fn vendor(arguments: &ListArguments) -> Option<&str> {
    arguments.provider.as_deref().filter(|provider| !PROVIDER_NAMES.contains(provider))
}

fn overrides(arguments: &ListArguments) -> Vec<Override> {
    let mut overrides = setup::overrides(None, arguments.region.as_deref());
    if let Some(provider) = vendor(arguments) {
        overrides.push(Override::new("models.bedrockDiscovery.providerFilter", vec![provider]));
    }
    overrides
}

fn show(asked: &Asked, models: &[KnownModel], arguments: &ListArguments) -> anyhow::Result<()> {
    let catalog = &asked.catalog;
    if arguments.json {
        terminal::print_json(&ListForm::of(asked, models))?;
    } else if arguments.plain {
        let mut ids = String::new();
        models.iter().for_each(|known| terminal::push_line(&mut ids, &known.model.id));
        terminal::print(&ids)?;
    } else {
        let width = terminal::width_of(&io::stdout());
        print_table(&table(models, width))?;
        if arguments.all && !catalog.left_out.is_empty() {
            terminal::print_line("")?;
            print_table(&left_out(&catalog.left_out, width))?;
        }
    }
    asked.tell();
    if arguments.json || arguments.plain {
        return Ok(());
    }
    let region = &asked.region;
    let nothing_failed = catalog.failures.is_empty() && !matches!(catalog.source, CatalogSource::Disabled);
    if models.is_empty() && nothing_failed {
        terminal::tell_line(&format!("No models found in {region}."));
    }
    if !arguments.all && !catalog.left_out.is_empty() {
        let count = catalog.left_out.len();
        terminal::tell_line(&format!("{count} more in {region} are left out; --all shows them with the reasons"));
    }
    Ok(())
}

/// The JSON form of the list: that of a catalog, with more members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListForm<'k> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<KnownForm<'k>>,
    #[serde(flatten)]
    rest: CatalogForm,
    /// The region that was listed.
    region: &'k str,
    /// Where what is discovered is from; `source` says `config` where the configuration lists models.
    discovery_source: &'static str,
}

impl<'k> ListForm<'k> {
    fn of(asked: &'k Asked, models: &'k [KnownModel]) -> Self {
        let catalog = asked.catalog.clone();
        let discovery_source = source_word(&catalog.source);
        let source = if asked.settings.models.is_empty() { catalog.source } else { CatalogSource::Config };
        ListForm {
            models: models.iter().map(KnownModel::form).collect(),
            rest: CatalogForm::from(Catalog { models: Vec::new(), source, ..catalog }),
            region: &asked.region,
            discovery_source,
        }
    }
}

/// The models. In a narrow terminal names and tags are cut, and what matters least is left out; ids stay whole.
fn table(models: &[KnownModel], width: Option<usize>) -> Vec<String> {
    if models.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(&[
        ("MODEL", Fit::Whole),
        ("INPUT", Fit::Goes(2)),
        ("CONTEXT", Fit::Goes(5)),
        ("OUTPUT", Fit::Goes(4)),
        ("THINKS", Fit::Goes(1)),
        ("FROM", Fit::Goes(6)),
        ("TAGS", Fit::Cut { least: 10, goes: 7 }),
        ("NAME", Fit::Cut { least: 16, goes: 3 }),
    ]);
    for known in models {
        let model = &known.model;
        let limit = |name: &str, tokens: u64| {
            format!("{}{}", thousands(tokens), if told::is_guessed(model, name) { "?" } else { "" })
        };
        let or_unknown = |text: String| if known.is_assumed() { "?".to_owned() } else { text };
        table.row([
            // An ARN would leave no room for anything else.
            told::text(model, "inferenceProfileId").unwrap_or_else(|| model.id.clone()),
            or_unknown(model.input.join("+")),
            limit("contextWindow", model.context_window),
            limit("maxTokens", model.max_tokens),
            or_unknown(if model.reasoning { "yes" } else { "-" }.to_owned()),
            known.known_from().to_owned(),
            known.tags().join(","),
            if model.name == model.id { String::new() } else { model.name.clone() },
        ]);
    }
    table.lines(width)
}

/// What was left out. Why is reported in full: where it does not fit beside the id, it stands below.
fn left_out(models: &[LeftOut], width: Option<usize>) -> Vec<String> {
    let columns = [("LEFT OUT", Fit::Whole), ("REASON", Fit::Goes(1)), ("", Fit::Goes(0))];
    let mut whole = Table::new(&columns);
    let mut heads = Table::new(&columns[..2]);
    for LeftOut { id, reason, message } in models {
        whole.row([id, reason, message].map(Clone::clone));
        heads.row([id, reason].map(Clone::clone));
    }
    match width {
        Some(width) if whole.width() > width => {
            let mut lines = heads.lines(Some(width));
            for (line, LeftOut { message, .. }) in lines.iter_mut().skip(1).zip(models) {
                for part in wrapped(&one_line(message).to_string(), width.saturating_sub(4)) {
                    line.push_str(&format!("\n    {part}"));
                }
            }
            lines
        }
        _ => whole.lines(width),
    }
}

/// Prints the rows of a table below its head.
fn print_table(lines: &[String]) -> io::Result<()> {
    let Some((head, rows)) = lines.split_first() else { return Ok(()) };
    terminal::print_head(head)?;
    terminal::print(&rows.iter().map(|row| format!("{row}\n")).collect::<String>())
}
