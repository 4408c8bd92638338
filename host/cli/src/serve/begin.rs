//! The version that `quarry serve` begins with, and where it listens for administration.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use quarry_config::gateway::{GatewayConfig, LogFormat, ProviderConfig, Signer};
use quarry_config::{ConfigFile, Environment, locate};
use quarry_gateway::admin::{Admin, AdminAddress, AdminToken, TOKEN_VARIABLE, default_socket};
use quarry_gateway::{Restored, UncleanEnd, book_last_end, restore_allowing};
use quarry_provider_host::{Host, Limits};
use quarry_system::crash::Record;
use quarry_versions::source::Source;
use quarry_versions::{Acceptance, Candidate, Compiler, Downgrades, EVERYTHING, Gate, Store, StoreError, state_folder};
use tempfile::TempDir;

use super::sockets::AdminSocket;
use crate::arguments::Global;
use crate::provider::{fetcher, tell_flaws, token_file};
use crate::{progress, setup, terminal};

/// How long a start waits for the folder of versions. A command that lists them has it for a moment, and a gateway that did without
/// would begin with another version than it ended with.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the gateway's versions are kept and checked with.
pub(super) struct Begun {
    pub(super) gate: Gate,
    pub(super) store: Store,
    pub(super) restored: Restored,
    /// How the process before ended, where it did not end by itself.
    pub(super) unclean: Option<UncleanEnd>,
    /// Says to the next process how this one ended.
    pub(super) record: Arc<Record>,
    /// Where the folder of versions is, when it is to last no longer than this process.
    pub(super) passing: Option<TempDir>,
}

/// Loads the version that the gateway begins with.
pub(super) async fn begin(global: &Global, compile: Duration, environment: &Environment) -> anyhow::Result<Begun> {
    let (mut store, passing) = open_store(environment)?;
    let last_end = Record::last_end(store.trusted())?;
    let unclean = last_end.map(|end| book_last_end(&mut store, end)).transpose()?;
    // Before there is an engine: see `Record::begin`.
    let record = Arc::new(Record::begin(Arc::clone(store.trusted()))?);
    let host = Arc::new(Host::new(Limits::default())?);
    let cache = setup::aot_cache_beside(environment, store.folder());
    let program = this_program().context("cannot find this program's own file")?;
    let gate = Gate::new(host, cache, Compiler::Child { program, time: compile });
    let rules = rules(global, environment)?;
    let named = match (global.provider_component.clone(), &rules.component) {
        // A person who names a file on the command line gets a warning, and knows what it is.
        (Some(file), _) => Some((Source::File(file), None)),
        (None, Some(text)) => Some((named(text)?, Some(rules.signers.as_slice()))),
        (None, None) => None,
    };
    let named = match named {
        Some((source, signers)) => Some(candidate(&source, signers, &store, environment).await?),
        None => None,
    };
    let downgrades = if rules.allow_downgrade { Downgrades::Allowed } else { Downgrades::Refused };
    let mut acceptance = Acceptance::of_configuration(&rules.accept);
    if global.provider_component.is_some() {
        // Nobody is served yet by a gateway that a person starts with this file.
        acceptance.flags.push(EVERYTHING.to_owned());
    }
    let restored = progress::telling_of_call(setup::COMPILING, progress::is_wanted(false), || {
        restore_allowing(downgrades, &acceptance, &gate, &mut store, named, &rules.signers)
    })?;
    for (digest, reason) in &restored.skipped {
        terminal::tell_line(&format!("the version {digest} was not restored: {reason}"));
    }
    Ok(Begun { gate, store, restored, unclean, record, passing })
}

/// The program that runs, to be started once more. On Linux it is not named by its path: another release may lie there by the time that
/// it is started, and what that compiles is nothing for this one.
fn this_program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe() }
}

/// Whether the log is one of JSON lines. A configuration that cannot be found or read is reported later.
pub(super) fn logs_json(global: &Global, environment: &Environment) -> bool {
    let location = locate(global.config.as_deref(), environment).ok().flatten();
    let file = location.and_then(|location| ConfigFile::read(&location).ok());
    file.is_some_and(|file| LogFormat::of_file(&file) == LogFormat::Json)
}

/// What the configuration says of versions. Its problems are reported with all others, by whoever reads the rest.
fn rules(global: &Global, environment: &Environment) -> anyhow::Result<ProviderConfig> {
    let location = locate(global.config.as_deref(), environment)?;
    let file = location.as_ref().map(ConfigFile::read).transpose()?;
    file.as_ref().map_or(Ok(()), ConfigFile::check_for_service)?;
    Ok(GatewayConfig::read(file.as_ref()).map(|config| config.provider).unwrap_or_default())
}

/// The version that the configuration names.
pub(super) fn named(text: &str) -> anyhow::Result<Source> {
    text.parse::<Source>().context("quarry.provider.component")
}

/// The version that is named; one of a file that others can change must be signed by one of `signers`. One of a registry that is pinned, and that passed before, is not asked for again: the registry may
/// be away.
async fn candidate(
    source: &Source,
    signers: Option<&[Signer]>,
    store: &Store,
    environment: &Environment,
) -> anyhow::Result<Candidate> {
    let name = source.to_string();
    let before = store.history().proofs.iter().find(|(_, proof)| name.contains("@sha256:") && proof.source == name);
    if let Some((digest, _)) = before
        && let Ok(Some(bytes)) = store.components().bytes(digest)
    {
        let signature = store.components().signature(digest)?;
        return Ok(Candidate { source: name, bytes, expected: Some(*digest), signature });
    }
    let fetched = fetcher(environment).fetch(source, &**store.components()).await?;
    match signers {
        Some(signers) => fetched.check_owner(signers)?,
        None => tell_flaws(&fetched),
    }
    Ok(Candidate::from(fetched))
}

/// The folder of versions. Where there is none to be had, or another gateway has it, versions last as long as this process.
fn open_store(environment: &Environment) -> anyhow::Result<(Store, Option<TempDir>)> {
    let error = match state_folder(environment).and_then(|folder| Store::open_within(&folder, PATIENCE)) {
        Ok(store) => return Ok((store, None)),
        Err(error @ (StoreError::NoFolder | StoreError::InUse { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    terminal::tell_line(&format!("warning: provider versions activated in this process will not be saved: {error}"));
    let folder = tempfile::Builder::new().prefix("quarry-").tempdir().context("cannot make a temporary folder")?;
    let store = Store::open(folder.path())?;
    Ok((store, Some(folder)))
}

/// Listens for administration. Where the default place is taken or cannot be used there is no such listener, and it is reported.
/// A socket that the service manager opened comes first.
pub(super) async fn listen(
    inherited: Option<AdminSocket>,
    named: Option<AdminAddress>,
    environment: &Environment,
) -> anyhow::Result<Option<Admin>> {
    match inherited {
        Some(AdminSocket::Unix(socket)) => return Ok(Some(Admin::inherited_unix(socket)?)),
        Some(AdminSocket::Tcp(socket)) => return Ok(Some(Admin::inherited_tcp(socket, token(environment)?)?)),
        None => {}
    }
    let by_default = named.is_none();
    let address = named.unwrap_or_else(|| default_socket(environment));
    let made = match &address {
        AdminAddress::Off => return Ok(None),
        AdminAddress::Unix(path) => Admin::unix(path),
        AdminAddress::Tcp(address) => Admin::tcp(*address, token(environment)?).await,
    };
    match made {
        Ok(admin) => Ok(Some(admin)),
        Err(error) if by_default => {
            terminal::tell_line(&format!("administration is not available: {error}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where whoever opens the admin listener's page finds the token, in words.
pub(super) fn token_place(environment: &Environment) -> String {
    match AdminToken::of(environment) {
        Some(_) => format!("the value of {TOKEN_VARIABLE}"),
        None => format!("in {}", token_file(environment).display()),
    }
}

/// The token of the environment, else one that this user's commands find.
fn token(environment: &Environment) -> anyhow::Result<AdminToken> {
    if let Some(token) = AdminToken::of(environment) {
        return Ok(token);
    }
    let file = token_file(environment);
    AdminToken::make(&file)
        .with_context(|| format!("cannot keep an admin token in {}; set QUARRY_ADMIN_TOKEN", file.display()))
}
