//! `quarry models list`.

use quarry::config::Override;
use quarry::contract::models::{Catalog, CatalogSource, LeftOut, ListingOptions};
use quarry::contract::types::{Failure, Model};
use quarry::discovery::cache::{CacheLimits, DiscoveryCache};
use quarry::discovery::discover;
use quarry::discovery::listing::SessionListing;
use quarry::json::catalog::CatalogForm;

use super::arguments::{Global, ListArguments};
use super::exit::Exit;
use super::setup::{ProblemsTold, Setup};
use super::terminal;

/// Names that stand for the whole of Bedrock rather than for one vendor.
const WHOLE: &[&str] = &["amazon-bedrock", "bedrock", "aws-bedrock"];

pub(crate) async fn list(global: &Global, arguments: ListArguments) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &overrides(&arguments))? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let aws = setup.aws(arguments.simulate).await?;
    let credentials = aws.source().map(|source| source.to_contract());
    let cache = DiscoveryCache::new(CacheLimits::default());
    let mut listing =
        SessionListing::open(setup.session, &setup.settings, ListingOptions { refresh: arguments.refresh })?;
    let catalog = discover(&mut listing, &aws, credentials, &cache).await?;
    show(&catalog, &arguments)?;
    let failed = matches!(catalog.source, CatalogSource::Failed | CatalogSource::StaleCache);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn overrides(arguments: &ListArguments) -> Vec<Override> {
    let mut overrides = Vec::new();
    if let Some(region) = &arguments.region {
        overrides.push(Override::new("models.bedrockDiscovery.region", region.as_str()));
    }
    if let Some(provider) = arguments.provider.as_deref().filter(|provider| !WHOLE.contains(provider)) {
        overrides.push(Override::new("models.bedrockDiscovery.providerFilter", vec![provider]));
    }
    overrides
}

fn show(catalog: &Catalog, arguments: &ListArguments) -> anyhow::Result<()> {
    if arguments.json {
        terminal::print(&format!("{}\n", serde_json::to_string_pretty(&CatalogForm::from(catalog.clone()))?))?;
    } else if arguments.plain {
        let ids: String = catalog.models.iter().map(|model| format!("{}\n", terminal::printable(&model.id))).collect();
        terminal::print(&ids)?;
    } else {
        terminal::print(&table(&catalog.models))?;
        if arguments.all {
            terminal::print(&left_out(&catalog.left_out))?;
        }
    }
    for Failure { message, hint, .. } in &catalog.failures {
        terminal::tell(&format!("error: {}\n", terminal::printable(message)));
        if let Some(hint) = hint {
            terminal::tell(&format!("  {}\n", terminal::printable(hint)));
        }
    }
    for notice in &catalog.notices {
        terminal::tell(&format!("note: {}\n", terminal::printable(&notice.message)));
    }
    if matches!(catalog.source, CatalogSource::Disabled) {
        terminal::tell(
            "note: discovery is off, or no credential source was found; `quarry auth status` tells, and \
             models.bedrockDiscovery.enabled: true lists without one in the environment (an instance role)\n",
        );
    }
    if !arguments.json && !arguments.plain && !arguments.all && !catalog.left_out.is_empty() {
        let region = &catalog.region;
        terminal::tell(&format!("{} more in {region} cannot be used here; --all shows them\n", catalog.left_out.len()));
    }
    Ok(())
}

/// The models, in columns as wide as what is in them.
fn table(models: &[Model]) -> String {
    if models.is_empty() {
        return "No models found.\n".to_owned();
    }
    let mut rows = vec![["MODEL", "INPUT", "CONTEXT", "OUTPUT", "THINKS", "NAME"].map(str::to_owned)];
    rows.extend(models.iter().map(|model| {
        [
            terminal::printable(&model.id),
            model.input.join("+"),
            thousands(model.context_window),
            thousands(model.max_tokens),
            if model.reasoning { "yes" } else { "-" }.to_owned(),
            terminal::printable(&model.name),
        ]
    }));
    columns(&rows)
}

fn left_out(models: &[LeftOut]) -> String {
    let mut rows = vec![["LEFT OUT", "REASON", ""].map(str::to_owned)];
    rows.extend(models.iter().map(|LeftOut { id, reason, message }| {
        [terminal::printable(id), reason.clone(), terminal::printable(message)]
    }));
    format!("\n{}", columns(&rows))
}

fn columns<const WIDTH: usize>(rows: &[[String; WIDTH]]) -> String {
    let widths: [usize; WIDTH] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Tokens, in thousands where that is exact enough: `200k`, `4096`.
fn thousands(tokens: u64) -> String {
    match tokens {
        10_000.. if tokens.is_multiple_of(1_000) => format!("{}k", tokens / 1_000),
        _ => tokens.to_string(),
    }
}
