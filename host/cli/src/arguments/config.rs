//! What can be typed after `quarry config`.

#![allow(rustdoc::broken_intra_doc_links, reason = "clap shows these texts, and `keys[0]` is no link")]

use clap::{Args, Subcommand};
use quarry_config::{Segment, parse_path};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a value of the file; secrets are hidden
    Get(GetArguments),
    /// Set a value in the file; comments and order stay
    Set(SetArguments),
    /// Remove a value from the file; comments and order stay
    Unset(UnsetArguments),
    /// Check the configuration and report every problem
    Validate(ValidateArguments),
    /// Print the path of the configuration file
    Path,
    /// Show every effective value with its layer and line
    Explain(ExplainArguments),
    /// Print the JSON Schema of the configuration, for editors
    Schema,
}

/// A path, as it was typed and as it is meant.
#[derive(Debug, Clone)]
pub(crate) struct ConfigPath(pub(crate) Vec<Segment>);

#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// Path of the value, such as models.bedrockDiscovery.region or quarry.keys[0].name. Put a name that contains a dot in double
    /// quotes
    #[arg(value_parser = config_path)]
    pub(crate) path: ConfigPath,
    /// Print JSON: strings in quotes
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    /// Path of the value, such as models.bedrockDiscovery.enabled; `[N]` sets or appends an element of a list
    #[arg(value_parser = config_path)]
    pub(crate) path: ConfigPath,
    /// Value: JSON5, otherwise taken as a string. `-` reads standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: String,
    /// Reject a value that is not JSON5 instead of taking it as a string
    #[arg(long)]
    pub(crate) strict_json: bool,
    #[command(flatten)]
    pub(crate) editing: Editing,
}

#[derive(Debug, Args)]
pub(crate) struct UnsetArguments {
    /// Path of the value
    #[arg(value_parser = config_path)]
    pub(crate) path: ConfigPath,
    #[command(flatten)]
    pub(crate) editing: Editing,
}

#[derive(Debug, Args)]
pub(crate) struct Editing {
    /// Allow members that neither Quarry nor its provider knows: other programs may read the file too
    #[arg(long)]
    pub(crate) allow_unknown: bool,
    /// Print the edited file without writing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArguments {
    /// Print the problems as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Show only values at this path and below
    #[arg(value_parser = config_path)]
    pub(crate) path: Option<ConfigPath>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn config_path(text: &str) -> Result<ConfigPath, String> {
    parse_path(text).map(ConfigPath).map_err(|error| error.to_string())
}
