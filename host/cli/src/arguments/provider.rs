//! What can be typed about providers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use quarry_gateway::admin::AdminAddress;
use quarry_versions::Expiry;
use quarry_versions::source::{OciReference, Source};

use super::trials::{CanaryArguments, ShadowArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Create a provider project in Rust with the full source of the embedded provider
    New(NewArguments),
    /// Build a component from a provider project
    Build(BuildArguments),
    /// Show the imports, exports, contract version, size and digest of a component
    Inspect(InspectArguments),
    /// Write the embedded component to a file
    Export(ExportArguments),
    /// List the versions and show which one is active
    List(VersionsArguments),
    /// Show the health of the versions of a running gateway, and the last events
    Status(VersionsArguments),
    /// Show the last 1,000 events of the versions, the latest last
    History(VersionsArguments),
    /// Run the gate on a version without activating it
    Verify(VersionArguments),
    /// Activate a version for new requests; requests under way finish on their own version
    Activate(ActivateArguments),
    /// Activate the previous version again
    Rollback(AdminArguments),
    /// Serve a share of the new requests with a version; promote it, or stop it. A canary that fails significantly more often than the
    /// active version is stopped automatically
    Canary(CanaryArguments),
    /// Run a version on the inputs of a share of the requests and report the differences
    Shadow(ShadowArguments),
    /// Pin the active version, so that no other is activated
    Pin(AdminArguments),
    /// Remove the pin
    Unpin(AdminArguments),
    /// Delete components that are no longer needed
    Prune(PruneArguments),
    /// Push a component, with FILE.minisig if present, to a registry; print its pinned reference and SHA-256
    Push(PushArguments),
    /// Pull a component from a registry into a file, and its signature into FILE.minisig; print its pinned reference and SHA-256
    Pull(PullArguments),
    /// Run two components on the same inputs and list the differences
    Diff(DiffArguments),
    /// Compile a component from standard input: what the gateway starts itself for
    #[command(hide = true)]
    CompileIntoCache(CompileArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AdminArguments {
    /// Admin address of the gateway: unix:PATH or http://127.0.0.1:PORT. Default: the socket of this user's gateway
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
    /// Component file, digest (or its beginning) of a version that `list` shows, or `embedded`
    #[arg(value_name = "VERSION")]
    pub(crate) wanted: String,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}

/// Differences from the active version that are accepted.
#[derive(Debug, Args)]
pub(crate) struct AcceptArguments {
    /// Accept a kind of difference from the active version, as `diff` shows it, and what is below it: `request` covers
    /// `request/inferenceConfig.temperature`; `*` is any text. Repeatable
    #[arg(long, value_name = "KIND", conflicts_with = "accept_all")]
    pub(crate) accept: Vec<String>,
    /// Accept every difference from the active version
    #[arg(long)]
    pub(crate) accept_all: bool,
    /// JSON5 file of accepted differences, as for `diff`: { allow: [{ kind: "delta/done/*", reason: "why" }] }
    #[arg(long, value_name = "FILE")]
    pub(crate) allow: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ActivateArguments {
    #[command(flatten)]
    pub(crate) version: VersionArguments,
    #[command(flatten)]
    pub(crate) accept: AcceptArguments,
    /// Allow a version that is older than one of its name that served, where signatures are required
    #[arg(long)]
    pub(crate) allow_downgrade: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    /// Number of unneeded versions to keep
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
    /// Folder of the project; must be missing or empty
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Package name of the provider. Default: the folder's name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Write only the contract and the cases, for a provider in another language
    #[arg(long, conflicts_with = "name")]
    pub(crate) contract: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// Folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// File to write. Default: NAME.wasm in the project's folder
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Further arguments for cargo, such as `--locked`
    #[arg(last = true, value_name = "CARGO ARGUMENTS")]
    pub(crate) cargo: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Component file. Default: the embedded component
    pub(crate) component: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the trusted comment for its signature, for `minisign -S -t`
    #[arg(long, conflicts_with = "json")]
    pub(crate) trusted_comment: bool,
    /// When such a signature expires, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", requires = "trusted_comment")]
    pub(crate) expires: Option<Expiry>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// File to write; must not exist
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PushArguments {
    /// Component file
    pub(crate) file: PathBuf,
    /// Target: oci://registry/name:tag
    #[arg(value_parser = registry_reference)]
    pub(crate) reference: OciReference,
}

#[derive(Debug, Args)]
pub(crate) struct PullArguments {
    /// Source: oci://registry/name:tag, or oci://registry/name@sha256:… to pin it
    #[arg(value_parser = registry_reference)]
    pub(crate) reference: OciReference,
    /// File to write; must not exist
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
    /// Active component file, or `embedded`
    pub(crate) old: PathBuf,
    /// Candidate component file, or `embedded`
    pub(crate) new: PathBuf,
    /// Folder of cases to compare on. Default: the cases built into this binary, and generated inputs
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Folder of recorded streams to compare on as well: NAME.bin and NAME.json
    #[arg(long, value_name = "DIR")]
    pub(crate) recordings: Option<PathBuf>,
    /// JSON5 file of accepted differences: { allow: [{ kind: "delta/done/*", reason: "why" }] }
    #[arg(long, value_name = "FILE")]
    pub(crate) allow: Option<PathBuf>,
    /// Show the original text. Without it, text is replaced by filler of the same length
    #[arg(long)]
    pub(crate) prompts: bool,
    /// Print JSON, with the smallest specimen of each kind
    #[arg(long)]
    pub(crate) json: bool,
}
