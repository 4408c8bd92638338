//! `quarry models list`.

use anyhow::bail;
use quarry::config::Override;
use quarry::contract::models::{Catalog, CatalogSource, LeftOut, ListingOptions};
use quarry::contract::types::{Failure, Model};
use quarry::discovery::listing::SessionListing;
use quarry::discovery::{discover, told};
use quarry::json::catalog::CatalogForm;

use super::arguments::{Global, ListArguments};
use super::exit::Exit;
use super::setup::{ProblemsTold, Setup};
use super::{credentials, terminal};

/// Names that stand for the whole of Bedrock rather than for one vendor.
const WHOLE: &[&str] = &["amazon-bedrock", "bedrock", "aws-bedrock"];

pub(crate) async fn list(global: &Global, arguments: ListArguments) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &overrides(&arguments))? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let aws = setup.aws(arguments.simulate).await?;
    if let Some(message) = credentials::half_a_pair(aws.source(), &setup.configuration.environment) {
        bail!(message);
    }
    let enabled = setup.configuration.settings.discovery.enabled;
    // Whether credentials are there is asked only where the answer counts: it can take a request.
    let wanted = enabled.is_none() && setup.configuration.settings.models.is_empty();
    let source = if wanted { aws.credential_source().await } else { None };
    let cache = setup.listings(arguments.simulate);
    let mut listing = SessionListing::open(
        setup.session,
        &setup.configuration.settings,
        ListingOptions { refresh: arguments.refresh },
    )?;
    let no_credentials = source.is_none() && enabled.is_none();
    let catalog = discover(&mut listing, &aws, source, &cache).await?;
    show(&catalog, &arguments)?;
    if matches!(catalog.source, CatalogSource::Disabled) && no_credentials {
        terminal::tell(&format!(
            "error: No AWS credentials were found, so nothing was listed\n  {}; `quarry auth status` shows what is seen\n",
            credentials::advice(None)
        ));
        return Ok(Exit::Failed);
    }
    if matches!(catalog.source, CatalogSource::Disabled) {
        terminal::tell(
            "note: discovery is switched off in the configuration (models.bedrockDiscovery.enabled), and it lists no \
             models of its own\n",
        );
    }
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
        if arguments.all && !catalog.left_out.is_empty() {
            terminal::print(&left_out(&catalog.left_out))?;
        }
    }
    let mut told = Vec::new();
    for Failure { message, hint, .. } in &catalog.failures {
        // Both lists are asked for at once, and often fail for one reason.
        if told.contains(&message) {
            continue;
        }
        told.push(message);
        terminal::tell(&format!("error: {}\n", terminal::printable(message)));
        if let Some(hint) = hint {
            terminal::tell(&format!("  {}\n", terminal::printable(hint)));
        }
    }
    // That there are no credentials is told as the error that it is here.
    let missing = |kind: &str| kind == "no-credential-source";
    for notice in catalog.notices.iter().filter(|notice| !missing(&notice.kind)) {
        terminal::tell(&format!("note: {}\n", terminal::printable(&notice.message)));
    }
    if arguments.json || arguments.plain {
        return Ok(());
    }
    let region = &catalog.region;
    if catalog.models.is_empty() && catalog.failures.is_empty() && !matches!(catalog.source, CatalogSource::Disabled) {
        terminal::tell(&format!("No models found in {region}.\n"));
    }
    if !arguments.all && !catalog.left_out.is_empty() {
        let count = catalog.left_out.len();
        terminal::tell(&format!("{count} more in {region} are left out; --all shows them, and why\n"));
    }
    Ok(())
}

/// The models, in columns as wide as what is in them.
fn table(models: &[Model]) -> String {
    if models.is_empty() {
        return String::new();
    }
    let mut rows = vec![["MODEL", "INPUT", "CONTEXT", "OUTPUT", "THINKS", "NAME"].map(str::to_owned)];
    rows.extend(models.iter().map(|model| {
        [
            terminal::printable(&model.id),
            model.input.join("+"),
            limit(model, "contextWindow", model.context_window),
            limit(model, "maxTokens", model.max_tokens),
            if model.reasoning { "yes" } else { "-" }.to_owned(),
            format!("{}{}", terminal::printable(&model.name), if told::is_stale(model) { " (stale)" } else { "" }),
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

/// A limit, with a question mark where it is the configured default and nothing is known of the model.
fn limit(model: &Model, name: &str, tokens: u64) -> String {
    format!("{}{}", thousands(tokens), if told::is_guessed(model, name) { "?" } else { "" })
}

/// Tokens, in thousands where that is exact enough: `200k`, `4096`.
fn thousands(tokens: u64) -> String {
    match tokens {
        10_000.. if tokens.is_multiple_of(1_000) => format!("{}k", tokens / 1_000),
        _ => tokens.to_string(),
    }
}
