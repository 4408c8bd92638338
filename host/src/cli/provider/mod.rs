//! `quarry provider`.

pub(super) mod diff;

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use anyhow::{Context as _, anyhow};
use quarry::config::Environment;
use quarry::provider::{EMBEDDED, Host, Inspection, Limits, inspect as inspect_component};

use super::arguments::{ExportArguments, Global, InspectArguments};
use super::exit::Exit;
use super::{setup, terminal};

pub(crate) fn inspect(global: &Global, arguments: &InspectArguments) -> anyhow::Result<Exit> {
    let host = Host::new(Limits::default())?;
    let cache = setup::aot_cache(&Environment::of_process());
    let named = arguments.component.as_deref().or(global.provider_component.as_deref());
    let inspection = inspect_component(&host, named, cache.as_ref())?;
    if arguments.json {
        terminal::print(&format!("{}\n", serde_json::to_string_pretty(&inspection)?))?;
        return Ok(Exit::Done);
    }
    let Inspection { name, size, sha256, wit_version, imports, exports } = inspection;
    let wit = wit_version
        .map_or_else(|| "none: it is no provider".to_owned(), |version| format!("quarry:provider@{version}"));
    terminal::print(&format!(
        "component    {name}\nsize         {size} bytes\nsha256       {sha256}\nWIT          {wit}\nimports      {}\nexports      {}\n",
        listed(&imports),
        listed(&exports)
    ))?;
    Ok(Exit::Done)
}

/// One a line below each other, or `none`.
fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join("\n             ") }
}

pub(crate) fn export(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let path = &arguments.file;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{} exists already, and is not overwritten", path.display()),
        _ => anyhow::Error::new(error).context(format!("cannot create {}", path.display())),
    })?;
    file.write_all(EMBEDDED).with_context(|| format!("cannot write {}", path.display()))?;
    terminal::tell(&format!("{} bytes written to {}\n", EMBEDDED.len(), path.display()));
    Ok(Exit::Done)
}
