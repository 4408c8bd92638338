//! What can be typed about credentials and the way to AWS.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Show which source of credentials is used, whom for, until when, and in which region
    Status(StatusArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Make one signed call that costs nothing (ListFoundationModels), to see whether AWS takes the credentials
    #[arg(long)]
    pub(crate) check: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The model to try; the configuration's default model when it is not given
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// AWS region to look at
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Do not ask the model, which is billed some ten tokens
    #[arg(long)]
    pub(crate) no_invoke: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
