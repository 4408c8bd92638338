//! Whom a command asks: the gateway that runs, or the folder of versions where none does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use quarry_config::Environment;
use quarry_gateway::Status;
use quarry_gateway::admin::client::{AdminClient, ClientError};
use quarry_gateway::admin::{AdminAddress, AdminToken, Answered, Asked, default_socket, runtime_folder};
use quarry_provider_host::Digest;
use quarry_versions::source::Source;
use quarry_versions::{Store, state_folder};

use super::registry::{fetcher, tell_flaws};
use super::versions::STATUS;
use crate::arguments::AdminArguments;

/// The token that a gateway keeps for the commands of its user.
pub(crate) fn token_file(environment: &Environment) -> PathBuf {
    runtime_folder(environment).join("admin.token")
}

/// The client for the gateway that is named, or this user's.
pub(super) fn client(arguments: &AdminArguments) -> anyhow::Result<AdminClient> {
    let environment = Environment::of_process();
    let Some(address) = arguments.admin.clone() else {
        return Ok(AdminClient::of_this_user(default_socket(&environment)));
    };
    let token = match (&address, AdminToken::of(&environment)) {
        (AdminAddress::Tcp(_), None) => {
            let file = token_file(&environment);
            let read = AdminToken::read(&file).with_context(|| {
                format!(
                    "set QUARRY_ADMIN_TOKEN: the token of this user's gateway cannot be read from {}",
                    file.display()
                )
            })?;
            Some(read)
        }
        (_, token) => token,
    };
    Ok(AdminClient::new(address, token))
}

/// Whether nobody listens where this user's gateway would, so that the folder of versions can be worked on.
pub(super) fn is_at_rest(arguments: &AdminArguments, error: &ClientError) -> bool {
    arguments.admin.is_none() && matches!(error, ClientError::NobodyThere { .. })
}

/// [`is_at_rest`], of an error that says more.
pub(super) fn nobody_there(arguments: &AdminArguments, error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|error| is_at_rest(arguments, error))
}

/// Asks for a change with the version that is named, under these terms. Files are read here, with their signatures; a registry is
/// asked by the gateway.
pub(super) async fn change(
    client: &AdminClient,
    path: &str,
    source: &Source,
    terms: Asked,
) -> anyhow::Result<Answered> {
    let version = match source {
        Source::Embedded | Source::Oci(_) => source.to_string(),
        Source::Kept(beginning) => only(&client.get(STATUS).await?, &beginning.to_string())?.to_string(),
        Source::File(_) => {
            let fetched = fetcher(&Environment::of_process()).fetch(source, &()).await?;
            tell_flaws(&fetched);
            let (name, signature) = (fetched.resolved.to_string(), fetched.signature.as_deref());
            return Ok(client.post_component(path, &name, &terms, fetched.bytes, signature).await?);
        }
    };
    Ok(client.post(path, &Asked { version: Some(version), ..terms }).await?)
}

/// How long a command waits for another one that has the folder of versions: long enough for one that looks, and not for a gateway.
const PATIENCE: Duration = Duration::from_secs(1);

/// The folder of versions of this user's gateway.
pub(super) fn store() -> anyhow::Result<Store> {
    Ok(Store::open_within(&state_folder(&Environment::of_process())?, PATIENCE)?)
}

/// What a version is named by: as [`Source`] reads it, or the beginning of a digest as `list` shows it.
pub(super) fn named(text: &str) -> anyhow::Result<Source> {
    let is_digest = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let text = if is_digest && !Path::new(text).exists() { format!("sha256:{text}") } else { text.to_owned() };
    Ok(text.parse::<Source>()?)
}

/// The one version whose digest begins so.
pub(super) fn only(status: &Status, beginning: &str) -> anyhow::Result<Digest> {
    let beginning = beginning.trim_start_matches("sha256:");
    let mut found =
        status.versions.iter().map(|version| version.digest).filter(|digest| digest.to_string().starts_with(beginning));
    match (found.next(), found.next()) {
        (Some(digest), None) => Ok(digest),
        (None, _) => bail!("no version starts with {beginning}; `quarry provider list` shows the versions"),
        (Some(_), Some(_)) => bail!("several versions start with {beginning}; give more digits of the digest"),
    }
}
