//! `quarry provider`.

mod ask;
mod build;
mod diff;
mod differences;
mod history;
mod new;
mod pull;
mod push;
mod registry;
mod trials;
mod versions;

pub(crate) use self::ask::token_file;
pub(crate) use self::registry::{fetcher, tell_flaws};

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use quarry_config::Environment;
use quarry_conformance::own;
use quarry_provider_host::{AotCache, Generation, Host, Inspection, Limits, inspect as inspect_component};
use quarry_versions::{CompileInto, Expiry, Statement, compile_into_cache};
use serde::Serialize;

use super::arguments::{CompileArguments, ExportArguments, Global, InspectArguments, ProviderCommand};
use super::exit::Exit;
use super::{setup, terminal};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};

pub(crate) async fn run(global: &Global, command: ProviderCommand) -> anyhow::Result<Exit> {
    match command {
        ProviderCommand::New(arguments) => new::run(&arguments),
        ProviderCommand::Build(arguments) => build::run(&arguments),
        ProviderCommand::Inspect(arguments) => inspect(global, &arguments),
        ProviderCommand::Export(arguments) => export(&arguments),
        ProviderCommand::Diff(arguments) => diff::run(&arguments),
        ProviderCommand::Push(arguments) => push::run(global, &arguments).await,
        ProviderCommand::Pull(arguments) => pull::run(global, &arguments).await,
        ProviderCommand::List(arguments) => versions::list(&arguments).await,
        ProviderCommand::Status(arguments) => versions::status(&arguments).await,
        ProviderCommand::History(arguments) => history::run(&arguments).await,
        ProviderCommand::Verify(arguments) => versions::verify(global, &arguments).await,
        ProviderCommand::Activate(arguments) => versions::activate(global, &arguments).await,
        ProviderCommand::Rollback(arguments) => versions::rollback(&arguments).await,
        ProviderCommand::Canary(arguments) => trials::canary(&arguments).await,
        ProviderCommand::Shadow(arguments) => trials::shadow(&arguments).await,
        ProviderCommand::Pin(arguments) => versions::pin(&arguments).await,
        ProviderCommand::Unpin(arguments) => versions::unpin(&arguments).await,
        ProviderCommand::Prune(arguments) => versions::prune(&arguments).await,
        ProviderCommand::CompileIntoCache(arguments) => compile(arguments),
    }
}

/// What the gateway starts itself for.
fn compile(arguments: CompileArguments) -> anyhow::Result<Exit> {
    let CompileArguments { cache, seconds } = arguments;
    let host = Arc::new(Host::compiling(Limits::default())?);
    compile_into_cache(&host, &CompileInto { cache, seconds }, io::stdin().lock())?;
    Ok(Exit::Done)
}

fn inspect(global: &Global, arguments: &InspectArguments) -> anyhow::Result<Exit> {
    let host = Host::new(Limits::default())?;
    let cache = setup::aot_cache(&Environment::of_process());
    let named = arguments.component.as_deref().or(global.provider_component.as_deref());
    if arguments.trusted_comment {
        let statement = statement(&Arc::new(host), named, cache.as_ref(), arguments.expires)?;
        terminal::print_line(&statement.to_string())?;
        return Ok(Exit::Done);
    }
    let (name, bytes) = setup::component_bytes(&host, named)?;
    let inspection = inspect_component(&host, &name, &bytes, cache.as_ref())?;
    let cases = own::count(&name, &bytes)?;
    if arguments.json {
        terminal::print_json(&Inspected { inspection, cases })?;
        return Ok(Exit::Done);
    }
    let Inspection { name, size, sha256, wit_version, imports, exports } = inspection;
    let wit = wit_version.map_or_else(
        || "none: the component is not a provider".to_owned(),
        |version| format!("quarry:provider@{version}"),
    );
    let mut text = String::new();
    let mut line = |title: &str, value: &str| terminal::push_line(&mut text, &format!("{title:<13}{value}"));
    line("component", &name);
    line("size", &format!("{size} bytes"));
    line("sha256", &sha256);
    line("WIT", &wit);
    for (title, names) in [("imports", &imports), ("exports", &exports)] {
        line(title, names.first().map_or("none", String::as_str));
        names.iter().skip(1).for_each(|name| line("", name));
    }
    let cases: Vec<String> = cases.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
    line("cases", &if cases.is_empty() { "none".to_owned() } else { cases.join(", ") });
    terminal::print(&text)?;
    Ok(Exit::Done)
}

/// What `inspect --json` prints.
#[derive(Serialize)]
struct Inspected {
    #[serde(flatten)]
    inspection: Inspection,
    /// How many cases the component brings along, by verb.
    cases: BTreeMap<String, usize>,
}

/// What a signature of a component must say.
fn statement(
    host: &Arc<Host>,
    component: Option<&Path>,
    cache: Option<&AotCache>,
    expires: Option<Expiry>,
) -> anyhow::Result<Statement> {
    let generation = match component {
        Some(path) => Generation::from_file(host, path, cache)?,
        None => Generation::load(host, EMBEDDED_NAME, EMBEDDED, cache)?,
    };
    let identity = generation.session()?.identify()?;
    Statement::new(&identity.name, &identity.version, generation.contract(), expires)
        .with_context(|| format!("a signature of {} {} cannot be stated", identity.name, identity.version))
}

fn export(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let path = &arguments.file;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{} exists already and was not overwritten", path.display()),
        _ => anyhow::Error::new(error).context(format!("cannot create {}", path.display())),
    })?;
    file.write_all(EMBEDDED).with_context(|| format!("cannot write {}", path.display()))?;
    terminal::tell_line(&format!("{} bytes written to {}", EMBEDDED.len(), path.display()));
    Ok(Exit::Done)
}
