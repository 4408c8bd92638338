//! `quarry models`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models that can be used: those of the configuration, and those that AWS lists
    List(ListArguments),
    /// Show all that is known of a model
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Print the catalog as JSON
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// Print the ids alone, one a line
    #[arg(long)]
    pub(crate) plain: bool,
    /// Show what was left out too, and why
    #[arg(long)]
    pub(crate) all: bool,
    /// Ask AWS even where a listing is cached
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Models of this vendor only, such as `anthropic`; `amazon-bedrock` stands for all
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,
    /// AWS region to list
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// List the models of a simulator in this process
    #[arg(long)]
    pub(crate) simulate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Model id, inference profile id, ARN, alias, or `default`; `amazon-bedrock/` may stand before it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask AWS even where a listing is cached
    #[arg(long)]
    pub(crate) refresh: bool,
    /// AWS region to look in; otherwise that of an ARN, then the configured one
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Look among the models of a simulator in this process
    #[arg(long)]
    pub(crate) simulate: bool,
}
