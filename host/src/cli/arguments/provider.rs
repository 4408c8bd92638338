//! What can be typed about providers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use quarry::admin::AdminAddress;
use quarry::versions::Expiry;
use quarry::versions::source::{OciReference, Source};

use super::trials::{CanaryArguments, ShadowArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Begin a provider of your own: a Rust project with the whole source of the embedded one, to change a part of
    New(NewArguments),
    /// Make a component of such a project
    Build(BuildArguments),
    /// Show a component's imports, exports, WIT version, size and digest
    Inspect(InspectArguments),
    /// Write the embedded component to a file
    Export(ExportArguments),
    /// Show the versions that there are, and which one serves
    List(VersionsArguments),
    /// Show how the versions of a gateway that runs are doing, and what happened to them
    Status(VersionsArguments),
    /// Hold a version against everything that it has to pass, and do not put it to work
    Verify(VersionArguments),
    /// Put a version to work: new requests get it, those under way finish on theirs
    Activate(ActivateArguments),
    /// Put the version to work again that served before
    Rollback(AdminArguments),
    /// Give a version a part of the new requests, next to the one that serves; promote it, or stop it
    Canary(CanaryArguments),
    /// Run a version on what a share of the requests is given, next to the one that serves, and tell what differs
    Shadow(ShadowArguments),
    /// Let no other version take the place of the one that serves
    Pin(AdminArguments),
    /// Allow other versions again
    Unpin(AdminArguments),
    /// Remove the components of versions that nothing needs
    Prune(PruneArguments),
    /// Push a component to a registry, with FILE.minisig where that is; prints where it can be pulled from, pinned, and its SHA-256
    Push(PushArguments),
    /// Pull a component from a registry into a file, and its signature into FILE.minisig; prints where it came from, pinned, and its
    /// SHA-256
    Pull(PullArguments),
    /// Run two components on the same inputs, and list what differs
    Diff(DiffArguments),
    /// Compile a component from standard input: what the gateway starts itself for
    #[command(hide = true)]
    CompileIntoCache(CompileArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AdminArguments {
    /// Where the gateway's admin listener is: unix:PATH or http://127.0.0.1:PORT. Without it the socket of this user's gateway
    #[arg(long, value_name = "ADDRESS", env = "QUARRY_ADMIN")]
    pub(crate) admin: Option<AdminAddress>,
}

#[derive(Debug, Args)]
pub(crate) struct VersionsArguments {
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VersionArguments {
    /// A component's file, the digest of a version that `list` shows (its beginning is enough), or `embedded`
    #[arg(value_name = "VERSION")]
    pub(crate) wanted: String,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ActivateArguments {
    #[command(flatten)]
    pub(crate) version: VersionArguments,
    /// Also when it is older than a version of its name that served, where signatures are asked for
    #[arg(long)]
    pub(crate) allow_downgrade: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    /// How many of the versions that nothing needs are kept
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) keep: usize,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CompileArguments {
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: PathBuf,
    #[arg(long, value_name = "SECONDS")]
    pub(crate) seconds: u64,
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// Folder of the project; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// What the provider is called, as cargo names packages; the folder's name when none is given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Write the contract and the cases alone, for a provider in another language
    #[arg(long, conflicts_with = "name")]
    pub(crate) contract: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// Folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// File to write; NAME.wasm in the project's folder when none is given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// What cargo is told besides, such as `--locked`
    #[arg(last = true, value_name = "CARGO ARGUMENTS")]
    pub(crate) cargo: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// The component; the embedded one when none is named
    pub(crate) component: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what a signature of it has to say, for `minisign -S -t`
    #[arg(long, conflicts_with = "json")]
    pub(crate) trusted_comment: bool,
    /// When such a signature expires, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", requires = "trusted_comment")]
    pub(crate) expires: Option<Expiry>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// File to write; it must not exist
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PushArguments {
    /// The component
    pub(crate) file: PathBuf,
    /// Where to: oci://registry/name:tag
    #[arg(value_parser = registry_reference)]
    pub(crate) reference: OciReference,
}

#[derive(Debug, Args)]
pub(crate) struct PullArguments {
    /// Where from: oci://registry/name:tag, or oci://registry/name@sha256:… for exactly that one
    #[arg(value_parser = registry_reference)]
    pub(crate) reference: OciReference,
    /// File to write; it must not exist
    pub(crate) file: PathBuf,
}

fn registry_reference(text: &str) -> Result<OciReference, String> {
    match text.parse::<Source>() {
        Ok(Source::Oci(reference)) => Ok(reference),
        Ok(_) => Err("expected `oci://registry/name:tag`".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The component that serves, or `embedded`
    pub(crate) old: PathBuf,
    /// The candidate, or `embedded`
    pub(crate) new: PathBuf,
    /// Folder of cases whose inputs to compare on; the ones that this binary was built with when none is named
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Folder of recorded streams to compare on too: NAME.bin and NAME.json
    #[arg(long, value_name = "DIR")]
    pub(crate) recordings: Option<PathBuf>,
    /// JSON5 file of differences that are wanted: { allow: [{ kind: "delta/done/*", reason: "why" }] }
    #[arg(long, value_name = "FILE")]
    pub(crate) allow: Option<PathBuf>,
    /// Show values and specimens in their own words. Else texts in them are filler of the same length
    #[arg(long)]
    pub(crate) prompts: bool,
    /// Print JSON, each kind with its smallest specimen
    #[arg(long)]
    pub(crate) json: bool,
}
