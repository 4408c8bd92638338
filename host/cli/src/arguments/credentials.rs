//! What can be typed about credentials and the way to AWS.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Show the credentials in use (identity, expiry, source), the region and its source, and how to fix anything missing
    Status(StatusArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Make one free signed call (ListFoundationModels) to check that AWS accepts the credentials
    #[arg(long)]
    pub(crate) check: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Model to try. Default: the configured default model
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// AWS region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Skip the call to the model, which bills about ten tokens
    #[arg(long)]
    pub(crate) no_invoke: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
