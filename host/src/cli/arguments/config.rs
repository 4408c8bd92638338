//! What can be typed after `quarry config`.

use clap::{Args, Subcommand};
use quarry::config::{Segment, parse_path};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a value of the file; secrets are hidden
    Get(GetArguments),
    /// Set a value in the file, which stays otherwise as it was written
    Set(SetArguments),
    /// Remove a value from the file, which stays otherwise as it was written
    Unset(UnsetArguments),
    /// Check the configuration, and tell all that is wrong with it
    Validate(ValidateArguments),
    /// Print which file is the configuration
    Path,
    /// Show every effective value, and the layer and line that it came from
    Explain(ExplainArguments),
}

/// A path, as it was typed and as it is meant.
#[derive(Debug, Clone)]
pub(crate) struct ConfigPath(pub(crate) Vec<Segment>);

#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// Which value: member names with dots between them, such as models.bedrockDiscovery.region; a name that has a dot in it
    /// stands in double quotes, an element of a list in brackets: quarry.keys[0].name
    #[arg(value_parser = config_path)]
    pub(crate) path: ConfigPath,
    /// Print it as JSON: texts in quotes
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    /// Which value, such as models.bedrockDiscovery.enabled; `[N]` behind a list sets an element or adds one
    #[arg(value_parser = config_path)]
    pub(crate) path: ConfigPath,
    /// The value: JSON5, else a text. `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: String,
    /// Refuse a value that is not JSON5 in place of taking it for a text
    #[arg(long)]
    pub(crate) strict_json: bool,
    #[command(flatten)]
    pub(crate) editing: Editing,
}

#[derive(Debug, Args)]
pub(crate) struct UnsetArguments {
    /// Which value
    #[arg(value_parser = config_path)]
    pub(crate) path: ConfigPath,
    #[command(flatten)]
    pub(crate) editing: Editing,
}

#[derive(Debug, Args)]
pub(crate) struct Editing {
    /// Do it even where neither Quarry nor its provider knows such a member: others may read the file too
    #[arg(long)]
    pub(crate) allow_unknown: bool,
    /// Check it, and print the file as it would be; nothing is written
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
    /// Only values at this path and below it
    #[arg(value_parser = config_path)]
    pub(crate) path: Option<ConfigPath>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn config_path(text: &str) -> Result<ConfigPath, String> {
    parse_path(text).map(ConfigPath).map_err(|error| error.to_string())
}
