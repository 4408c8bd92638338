//! `quarry provider push`.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use quarry_config::Environment;
use quarry_provider_host::{Digest, Host, Inspection, Limits, inspect, read_component};
use quarry_versions::signature;
use quarry_versions::source::{Fetched, Interfaces, Source};

use super::registry;
use crate::arguments::{Global, PushArguments};
use crate::exit::Exit;
use crate::{setup, terminal};

pub(crate) async fn run(global: &Global, arguments: &PushArguments) -> anyhow::Result<Exit> {
    let environment = Environment::of_process();
    let Ok(provider) = registry::provider_config(global, &environment)? else { return Ok(Exit::Usage) };
    let file = Source::File(arguments.file.clone());
    let Fetched { bytes, digest, signature, .. } = registry::fetcher(&environment).fetch(&file, &()).await?;
    // What the gateways of this configuration would refuse is not offered to them.
    let signer = signature::verify(&bytes, signature.as_deref(), &provider.signers, SystemTime::now())?;
    let interfaces = interfaces(&arguments.file, &digest, &environment)?;
    let size = bytes.len();
    let pushed = registry::registries(&environment)
        .push(&arguments.reference, bytes, &interfaces, signature.as_deref())
        .await
        .context("the provider was not pushed")?;
    registry::print(&pushed.reference, &pushed.component)?;
    let signed = registry::signed(signature.is_some(), signer.as_ref());
    terminal::tell_line(&format!("{size} bytes pushed to {}; {signed}", arguments.reference));
    Ok(Exit::Done)
}

/// The interfaces of a component, which must be a provider.
fn interfaces(file: &Path, digest: &Digest, environment: &Environment) -> anyhow::Result<Interfaces> {
    let host = Host::new(Limits::default())?;
    let name = file.display().to_string();
    let Inspection { sha256, wit_version, imports, exports, .. } =
        inspect(&host, &name, &read_component(&host, file)?, setup::aot_cache(environment).as_ref())?;
    if sha256 != digest.to_string() {
        bail!("{} changed while it was read; try again", file.display());
    }
    if wit_version.is_none() {
        bail!("{} is a component but not a provider: it does not export quarry:provider", file.display());
    }
    Ok(Interfaces { exports: names(&exports), imports: names(&imports) })
}

/// The interfaces that functions belong to, each once.
fn names(functions: &[String]) -> Vec<String> {
    let mut names: Vec<String> =
        functions.iter().map(|function| function.split('#').next().unwrap_or(function).to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn functions_become_the_interfaces_that_they_belong_to() {
        let functions = ["b:c/d@0.1.0#[method]turn.push", "a:b/c@1.0.0#f", "b:c/d@0.1.0#explain", "plain"];
        assert_eq!(names(&functions.map(str::to_owned)), ["a:b/c@1.0.0", "b:c/d@0.1.0", "plain"]);
    }
}
