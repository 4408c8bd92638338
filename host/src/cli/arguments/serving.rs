//! What can be typed about serving.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quarry::admin::AdminAddress;
use quarry::versions::recording::Bounds;

use super::positive;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address to listen on in place of quarry.listen (127.0.0.1:8484); port 0 takes a free one. Other than loopback needs a
    /// client key: `quarry keys add NAME`
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Model for requests that name none, or `default`
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// AWS region to ask in
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Ask a simulator in this process in place of AWS: no account is needed
    #[arg(long)]
    pub(crate) simulate: bool,
    /// How fast the simulated model speaks
    #[arg(long, value_enum, value_name = "PACE", env = "QUARRY_SIMULATE_PACE", default_value_t = SimulatedPace::Model)]
    pub(crate) simulate_pace: SimulatedPace,
    /// Where to listen for administration: unix:PATH, http://127.0.0.1:PORT or off. Without it a socket of this user's
    #[arg(long, value_name = "ADDRESS", env = "QUARRY_ADMIN")]
    pub(crate) admin: Option<AdminAddress>,
    /// Put the newest component of this folder to work, and every newer one that appears there, in place of quarry.provider.watch
    #[arg(long, value_name = "DIR")]
    pub(crate) provider_folder: Option<PathBuf>,
    /// Write recordings of what is streamed into this folder: see `quarry record`. Texts in them are filler of the same length
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Record so many per cent of the streams, from 1 to 100
    #[arg(long, value_name = "PERCENT", requires = "record", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) record_share: u8,
    /// Record until the folder holds so many recordings; those that are there stay
    #[arg(long, value_name = "N", requires = "record", default_value_t = Bounds::default().recordings)]
    pub(crate) record_most: usize,
    /// Record until the folder's recordings have so many bytes
    #[arg(long, value_name = "BYTES", requires = "record", default_value_t = Bounds::default().bytes)]
    pub(crate) record_bytes: u64,
    /// Record requests too, and all texts in their own words
    #[arg(long, requires = "record")]
    pub(crate) record_prompts: bool,
    /// How long the compilation of a component may take, by the clock and of the processor
    #[arg(long, value_name = "SECONDS", hide = true, default_value_t = 300, value_parser = positive)]
    pub(crate) compile_seconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum SimulatedPace {
    /// Like a model
    Model,
    /// At once
    Instant,
}
