//! `quarry models`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models you can use: from the configuration and from AWS
    List(ListArguments),
    /// Show the details of a model
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Print the catalog as JSON
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// Print only the ids, one per line
    #[arg(long)]
    pub(crate) plain: bool,
    /// Include models that cannot be used, with the reason
    #[arg(long)]
    pub(crate) all: bool,
    /// Call AWS even if a listing is cached
    #[arg(long)]
    pub(crate) refresh: bool,
    /// List only models of this vendor, such as `anthropic`; `amazon-bedrock` stands for all
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
    /// Call AWS even if a listing is cached
    #[arg(long)]
    pub(crate) refresh: bool,
    /// AWS region. Default: the ARN's region, then the configured one
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Use the models of a simulator in this process
    #[arg(long)]
    pub(crate) simulate: bool,
}
