//! What can be typed about serving.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quarry_gateway::admin::AdminAddress;
use quarry_versions::recording::Bounds;

use super::positive;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address to listen on, overriding quarry.listen (127.0.0.1:8484); port 0 selects a free port. Other than loopback requires a
    /// client key: `quarry keys add NAME`
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Model for requests that name none, or `default`
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// AWS region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Use a simulator in this process instead of AWS; needs no account
    #[arg(long)]
    pub(crate) simulate: bool,
    /// Pace of the simulated model
    #[arg(long, value_enum, value_name = "PACE", env = "QUARRY_SIMULATE_PACE", default_value_t = SimulatedPace::Model)]
    pub(crate) simulate_pace: SimulatedPace,
    /// Admin address: unix:PATH, http://127.0.0.1:PORT or off. Default: a socket of this user
    #[arg(long, value_name = "ADDRESS", env = "QUARRY_ADMIN")]
    pub(crate) admin: Option<AdminAddress>,
    /// Activate the newest component of this folder, and every newer one that appears there; overrides quarry.provider.watch
    #[arg(long, value_name = "DIR")]
    pub(crate) provider_folder: Option<PathBuf>,
    /// Record streams into this folder, as `quarry record` does. Text is replaced by filler of the same length
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Percentage of streams to record, from 1 to 100
    #[arg(long, value_name = "PERCENT", requires = "record", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) record_share: u8,
    /// Stop at this number of recordings; existing ones are kept
    #[arg(long, value_name = "N", requires = "record", default_value_t = Bounds::default().recordings)]
    pub(crate) record_most: usize,
    /// Stop at this size of the folder's recordings
    #[arg(long, value_name = "BYTES", requires = "record", default_value_t = Bounds::default().bytes)]
    pub(crate) record_bytes: u64,
    /// Record requests too, and the original text
    #[arg(long, requires = "record")]
    pub(crate) record_prompts: bool,
    /// Let debuggers of the same user attach: tokens and keys are in memory
    #[arg(long, hide = true)]
    pub(crate) debuggable: bool,
    /// How long the compilation of a component may take, by the clock and of the processor
    #[arg(long, value_name = "SECONDS", hide = true, default_value_t = 300, value_parser = positive)]
    pub(crate) compile_seconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum SimulatedPace {
    /// At a model's pace
    Model,
    /// Without delay
    Instant,
}
