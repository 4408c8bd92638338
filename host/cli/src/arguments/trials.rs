//! What can be typed about candidates.

use clap::{ArgGroup, Args};

use super::positive;
use super::provider::{AcceptArguments, AdminArguments};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["wanted", "promote", "stop"]))]
#[command(group = ArgGroup::new("part").args(["share", "key"]))]
pub(crate) struct CanaryArguments {
    /// Component file, digest (or its beginning) of a version that `list` shows, or `embedded`
    #[arg(value_name = "VERSION", requires = "part")]
    pub(crate) wanted: Option<String>,
    /// Percentage of new requests to serve, from 1 to 99
    #[arg(long, value_name = "PERCENT", requires = "wanted", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) share: Option<u8>,
    /// Serve the requests of the client key NAME
    #[arg(long, value_name = "NAME", requires = "wanted")]
    pub(crate) key: Option<String>,
    /// Promote automatically after N of its requests, unless it fails more often than the active version
    #[arg(long, value_name = "N", requires = "wanted", value_parser = positive)]
    pub(crate) promote_after: Option<u64>,
    /// Allow a version that is older than one of its name that served, where signatures are required
    #[arg(long, requires = "wanted")]
    pub(crate) allow_downgrade: bool,
    #[command(flatten)]
    pub(crate) accept: AcceptArguments,
    /// Activate the candidate
    #[arg(long)]
    pub(crate) promote: bool,
    /// Stop the canary
    #[arg(long)]
    pub(crate) stop: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["wanted", "report", "stop"]))]
pub(crate) struct ShadowArguments {
    /// Component file, digest (or its beginning) of a version that `list` shows, or `embedded`
    #[arg(value_name = "VERSION", requires = "share")]
    pub(crate) wanted: Option<String>,
    /// Percentage of requests to run it on, from 1 to 100
    #[arg(long, value_name = "PERCENT", requires = "wanted", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) share: Option<u8>,
    /// Keep the original text. Without it, text is replaced by filler of the same length
    #[arg(long, requires = "wanted")]
    pub(crate) prompts: bool,
    #[command(flatten)]
    pub(crate) accept: AcceptArguments,
    /// Show the differences by kind
    #[arg(long)]
    pub(crate) report: bool,
    /// Print the report as JSON, with the smallest specimen of each kind
    #[arg(long, requires = "report")]
    pub(crate) json: bool,
    /// Stop the shadow; its report stays available
    #[arg(long)]
    pub(crate) stop: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}
