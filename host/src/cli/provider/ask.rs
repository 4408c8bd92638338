//! Whom a command asks: the gateway that runs, or the folder of versions where none does.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use quarry::admin::client::{AdminClient, ClientError};
use quarry::admin::{AdminAddress, AdminToken, Answered, Asked, default_socket, runtime_folder};
use quarry::config::Environment;
use quarry::gateway::Status;
use quarry::provider::Digest;
use quarry::versions::{Store, state_folder};

use super::versions::{STATUS, read};
use crate::cli::arguments::AdminArguments;

/// The token that a gateway keeps for the commands of its user.
pub(crate) fn token_file(environment: &Environment) -> PathBuf {
    runtime_folder(environment).join("admin.token")
}

/// The client for the gateway that is named, or this user's.
pub(super) fn client(arguments: &AdminArguments) -> anyhow::Result<AdminClient> {
    let environment = Environment::of_process();
    let address = arguments.admin.clone().unwrap_or_else(|| default_socket(&environment));
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

/// Asks for a change with the version that is named, under these terms.
pub(super) async fn change(client: &AdminClient, path: &str, wanted: &str, terms: Asked) -> anyhow::Result<Answered> {
    let version = match Named::read(wanted) {
        Named::Embedded => "embedded".to_owned(),
        Named::Digest(beginning) => only(&client.get(STATUS).await?, &beginning)?.to_string(),
        Named::File(file) => {
            return Ok(client.post_component(path, &file.display().to_string(), &terms, read(&file)?).await?);
        }
    };
    Ok(client.post(path, &Asked { version: Some(version), ..terms }).await?)
}

/// The folder of versions of this user's gateway.
pub(super) fn store() -> anyhow::Result<Store> {
    Ok(Store::open(&state_folder(&Environment::of_process())?)?)
}

/// What a version is named by.
pub(super) enum Named {
    /// `embedded`.
    Embedded,
    /// The beginning of a digest, or all of it.
    Digest(String),
    /// A component's file.
    File(PathBuf),
}

impl Named {
    pub(super) fn read(text: &str) -> Self {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let is_digest = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text == "embedded" {
            return Named::Embedded;
        }
        let path = PathBuf::from(text);
        if is_digest && !path.exists() { Named::Digest(digits.to_ascii_lowercase()) } else { Named::File(path) }
    }
}

/// The one version whose digest begins so.
pub(super) fn only(status: &Status, beginning: &str) -> anyhow::Result<Digest> {
    let mut found =
        status.versions.iter().map(|version| version.digest).filter(|digest| digest.to_string().starts_with(beginning));
    match (found.next(), found.next()) {
        (Some(digest), None) => Ok(digest),
        (None, _) => bail!("there is no version {beginning}; `quarry provider list` shows those that there are"),
        (Some(_), Some(_)) => bail!("more than one version begins with {beginning}; give more of its digest"),
    }
}
