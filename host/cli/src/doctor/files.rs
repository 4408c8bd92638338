//! Whose files are used: what others can change, and the command that mends it.

use std::path::PathBuf;

use quarry_gateway::Configuration;
use quarry_gateway::admin::runtime_folder;
use quarry_system::files::{Flaw, FlawKind, flaws};
use quarry_versions::source::{RegistryCredentials, Source};
use quarry_versions::state_folder;

use super::finding::Finding;
use crate::provider::token_file;
use crate::setup::cache_folder;

const STEP: &str = "files";

/// Every file and folder that decides what a gateway runs, who operates it and where it sends tokens. What is not there is no problem.
pub(super) fn files(configuration: &Configuration) -> Finding {
    let environment = &configuration.environment;
    let provider = &configuration.gateway.provider;
    let component = match provider.component.as_deref().map(str::parse::<Source>) {
        Some(Ok(Source::File(path))) => Some(path),
        _ => None,
    };
    let state = state_folder(environment).ok();
    let journal = state.as_ref().map(|state| state.join("journal.jsonl"));
    let used: Vec<PathBuf> = [
        configuration.file.clone(),
        state,
        journal,
        cache_folder(environment).map(|cache| cache.join("aot")),
        Some(runtime_folder(environment)),
        Some(token_file(environment)),
        provider.watch.clone(),
        component,
        RegistryCredentials::of_environment(environment).file().map(PathBuf::from),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut found: Vec<Flaw> = Vec::new();
    for path in &used {
        for flaw in flaws(path).unwrap_or_default() {
            if !found.iter().any(|known| known.path == flaw.path && known.kind == flaw.kind) {
                found.push(flaw);
            }
        }
    }
    if found.is_empty() {
        return Finding::fine(STEP, "only this user and root can change the files of a gateway");
    }
    let message: Vec<String> = found.iter().map(ToString::to_string).collect();
    let fix: Vec<String> = found.iter().map(Flaw::remedy).collect();
    let (message, fix) = (message.join("; "), fix.join("; "));
    let refused = configuration.file.as_ref().and_then(|file| flaws(file).ok()).unwrap_or_default();
    match refused.iter().any(|flaw| flaw.kind == FlawKind::WritableByAll) {
        true => Finding::broken(STEP, format!("{message}; `quarry serve` refuses such a configuration"), Some(fix)),
        false => Finding::doubtful(STEP, message, fix),
    }
}
