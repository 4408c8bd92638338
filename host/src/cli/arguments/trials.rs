//! What can be typed about candidates.

use clap::{ArgGroup, Args};

use super::positive;
use super::provider::AdminArguments;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["wanted", "promote", "stop"]))]
#[command(group = ArgGroup::new("part").args(["share", "key"]))]
pub(crate) struct CanaryArguments {
    /// A component's file, the digest of a version that `list` shows (its beginning is enough), or `embedded`
    #[arg(value_name = "VERSION", requires = "part")]
    pub(crate) wanted: Option<String>,
    /// Give it so many per cent of new requests, from 1 to 99
    #[arg(long, value_name = "PERCENT", requires = "wanted", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) share: Option<u8>,
    /// Give it the requests of the client key with this name
    #[arg(long, value_name = "NAME", requires = "wanted")]
    pub(crate) key: Option<String>,
    /// Put it to work by itself after so many of its requests, unless more of them fail than of the version that serves
    #[arg(long, value_name = "N", requires = "wanted", value_parser = positive)]
    pub(crate) promote_after: Option<u64>,
    /// Also when it is older than a version of its name that served, where signatures are asked for
    #[arg(long, requires = "wanted")]
    pub(crate) allow_downgrade: bool,
    /// Put the candidate to work
    #[arg(long)]
    pub(crate) promote: bool,
    /// Give the candidate no more requests
    #[arg(long)]
    pub(crate) stop: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["wanted", "report", "stop"]))]
pub(crate) struct ShadowArguments {
    /// A component's file, the digest of a version that `list` shows (its beginning is enough), or `embedded`
    #[arg(value_name = "VERSION", requires = "share")]
    pub(crate) wanted: Option<String>,
    /// Run it on what so many per cent of the requests are given, from 1 to 100
    #[arg(long, value_name = "PERCENT", requires = "wanted", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) share: Option<u8>,
    /// Keep values and specimens in their own words. Else texts in them are filler of the same length
    #[arg(long, requires = "wanted")]
    pub(crate) prompts: bool,
    /// Show what differs, by kind
    #[arg(long)]
    pub(crate) report: bool,
    /// Print the report as JSON, each kind with its smallest specimen
    #[arg(long, requires = "report")]
    pub(crate) json: bool,
    /// Stop; what was found can still be shown
    #[arg(long)]
    pub(crate) stop: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArguments,
}
