//! What push and pull share.

use quarry_config::gateway::{GatewayConfig, ProviderConfig};
use quarry_config::{ConfigFile, Environment, locate};
use quarry_provider_host::{Digest, Limits};
use quarry_versions::signature::Signed;
use quarry_versions::source::{Fetched, Fetcher, OciReference, REGISTRY_TIME, Registries, RegistryCredentials};

use crate::arguments::Global;
use crate::setup::{self, ProblemsTold};
use crate::terminal;

pub(super) fn registries(environment: &Environment) -> Registries {
    Registries::new(RegistryCredentials::of_environment(environment), REGISTRY_TIME)
}

pub(crate) fn fetcher(environment: &Environment) -> Fetcher {
    Fetcher::new(&Limits::default(), registries(environment))
}

/// Tells who else can change a component that was named on the command line: whoever named it decides.
pub(crate) fn tell_flaws(fetched: &Fetched) {
    if let Some(flaw) = fetched.flaws.first() {
        terminal::tell_line(&format!("warning: {flaw}; to fix it: {}", flaw.remedy()));
    }
}

/// What the configuration says of versions. Its problems are reported, all at once.
pub(super) fn provider_config(
    global: &Global,
    environment: &Environment,
) -> anyhow::Result<Result<ProviderConfig, ProblemsTold>> {
    let location = locate(global.config.as_deref(), environment)?;
    let file = location.as_ref().map(ConfigFile::read).transpose()?;
    Ok(GatewayConfig::read(file.as_ref()).map(|config| config.provider).map_err(|problems| {
        setup::tell_problems(&problems);
        ProblemsTold
    }))
}

/// The answer, a line each for scripts: the reference, pinned, and the component's digest.
pub(super) fn print(reference: &OciReference, component: &Digest) -> std::io::Result<()> {
    terminal::print_line(&reference.to_string())?;
    terminal::print_line(&format!("{component:?}"))
}

/// What is told of a signature.
pub(super) fn signed(has_signature: bool, signed: Option<&Signed>) -> String {
    match (has_signature, signed) {
        (_, Some(signed)) => format!("signed by key {}", signed.by),
        (true, None) => "signed; not checked, because `quarry.provider.signers` is empty".to_owned(),
        (false, None) => "not signed".to_owned(),
    }
}
