//! What can be typed.

mod config;
mod credentials;
mod models;
mod provider;
mod serving;
mod trials;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use quarry_config::gateway::{HIGHEST_KEY_LIMIT, wrong_key_name, wrong_model_pattern};

pub(crate) use self::config::{
    ConfigCommand, Editing, ExplainArguments, GetArguments, SetArguments, UnsetArguments, ValidateArguments,
};
pub(crate) use self::credentials::{AuthCommand, DoctorArguments, StatusArguments};
pub(crate) use self::models::{ListArguments, ModelsCommand, ShowArguments};
pub(crate) use self::provider::{
    AcceptArguments, ActivateArguments, AdminArguments, BuildArguments, CompileArguments, DiffArguments,
    ExportArguments, InspectArguments, NewArguments, ProviderCommand, PruneArguments, PullArguments, PushArguments,
    VersionArguments, VersionsArguments,
};
pub(crate) use self::serving::{ServeArguments, SimulatedPace};
pub(crate) use self::trials::{CanaryArguments, ShadowArguments};

/// What stands below the list of commands.
const FIRST_STEPS: &str = "\
Start with:
  quarry chat --simulate \"Hello\"   Get an answer without an AWS account
  quarry doctor                    Check credentials, region and permissions
  quarry serve --simulate          Serve clients on http://127.0.0.1:8484";

/// A gateway for Amazon Bedrock whose provider logic is a sandboxed WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "quarry", version, propagate_version = true, arg_required_else_help = true, after_help = FIRST_STEPS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file (JSON5). Otherwise QUARRY_CONFIG, then $XDG_CONFIG_HOME/quarry/config.json5, then
    /// ~/.openclaw/openclaw.json
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Provider component to use in place of the embedded one
    #[arg(long, global = true, value_name = "COMPONENT")]
    pub(crate) provider_component: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a prompt to a model and print the answer as it arrives
    Chat(ChatArguments),
    /// Send a prompt as `quarry chat` does, and record the answer
    Record(RecordArguments),
    /// Serve OpenAI-, Anthropic- and pi-compatible APIs in front of Bedrock
    Serve(ServeArguments),
    /// List and inspect the models you can use
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Show the credentials in use
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Check every step to a model and say how to fix it: configuration, credentials, region, endpoint, clock, permissions
    Doctor(DoctorArguments),
    /// Read and change the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Manage the keys of the gateway's clients
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Describe the gateway's HTTP API
    #[command(subcommand)]
    Api(ApiCommand),
    /// Run a simulator of Bedrock for other programs
    Simulate(SimulateArguments),
    /// Run the conformance tests on a provider component
    Conformance(ConformanceArguments),
    /// Build, inspect and deploy provider components
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Write the manual pages
    Man(ManArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    /// Prompt. Without it, and without --context, standard input is read
    pub(crate) prompt: Option<String>,
    /// Model id, inference profile id, ARN or alias; `amazon-bedrock/` may stand before it
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// AWS region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// System prompt
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// Conversation to continue: pi's Context JSON (systemPrompt, messages, tools), `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) context: Option<PathBuf>,
    /// Level of thinking: off, minimal, low, medium, high, xhigh, max
    #[arg(long, value_name = "LEVEL")]
    pub(crate) thinking: Option<String>,
    /// Maximum number of output tokens
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) max_tokens: Option<u64>,
    /// Sampling temperature
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f64>,
    /// Stop sequence; can be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
    /// Print one JSON event per line: pi's AssistantMessageEvent protocol
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the exact ConverseStream body without sending it; needs no credentials
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Use a simulator of Bedrock in this process; needs no AWS account
    #[arg(long)]
    pub(crate) simulate: bool,
    /// Longest silence, in seconds, before the answer is abandoned
    #[arg(long, value_name = "SECONDS", env = "QUARRY_IDLE_TIMEOUT", default_value_t = 300,
          value_parser = positive)]
    pub(crate) idle_timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// Folder for the recording (NAME.bin and NAME.json); created if missing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Record the request and the original text. Without it, the request is omitted and text is replaced by filler of the same length
    #[arg(long)]
    pub(crate) prompts: bool,
    #[command(flatten)]
    pub(crate) chat: ChatArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Folder for the pages, one per command; created if missing
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// Print the OpenAPI document of the gateway's HTTP API
    Schema,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a key, show it once, and write its hash to the configuration file
    Add(AddKeyArguments),
    /// List the keys with their names, hash prefixes and limits
    List(ListKeysArguments),
    /// Remove a key from the configuration file
    Revoke(RevokeKeyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddKeyArguments {
    /// Name of the client in logs: letters, digits and `-_.@`
    #[arg(value_parser = key_name)]
    pub(crate) name: String,
    /// Comma-separated model ids that the key may use; `*` may end one. Default: all models
    #[arg(long, value_name = "MODELS", value_delimiter = ',', value_parser = model_pattern)]
    pub(crate) models: Vec<String>,
    /// Maximum number of concurrent requests
    #[arg(long, value_name = "N", value_parser = key_limit())]
    pub(crate) concurrency: Option<u32>,
    /// Maximum number of requests per minute on average
    #[arg(long, value_name = "N", value_parser = key_limit())]
    pub(crate) requests_per_minute: Option<u32>,
    /// Maximum number of requests at once within `--requests-per-minute`. Default: those of a minute
    #[arg(long, value_name = "N", value_parser = key_limit(), requires = "requests_per_minute")]
    pub(crate) burst: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ListKeysArguments {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeKeyArguments {
    /// Name of the key
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// Loopback address to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8490")]
    pub(crate) listen: SocketAddr,
    /// Answer immediately instead of at a model's pace
    #[arg(long)]
    pub(crate) instant: bool,
    /// List the model ids that simulate faults, and exit
    #[arg(long)]
    pub(crate) list_faults: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConformanceArguments {
    /// Component to test. Default: the embedded one
    pub(crate) component: Option<PathBuf>,
    /// Folder of cases to run alone. Default: the contract checks and the cases in the component
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Folder of recorded streams: NAME.bin and NAME.json
    #[arg(long, value_name = "DIR")]
    pub(crate) recordings: Option<PathBuf>,
    /// Run only checks whose name contains TEXT, such as `translate/`; can be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// List the passed checks too
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Write the component's actual results into the cases as expected results; review the diff before you keep it
    #[arg(long, requires = "cases")]
    pub(crate) bless: bool,
    /// Accept a component that imports WASI (wasm32-wasip2). Calling any WASI function is a failure
    #[arg(long)]
    pub(crate) allow_wasi: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
    Junit,
}

fn key_name(text: &str) -> Result<String, &'static str> {
    wrong_key_name(text).map_or_else(|| Ok(text.to_owned()), Err)
}

fn model_pattern(text: &str) -> Result<String, &'static str> {
    wrong_model_pattern(text).map_or_else(|| Ok(text.to_owned()), Err)
}

/// A limit that a key can have.
fn key_limit() -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(1..=i64::from(HIGHEST_KEY_LIMIT))
}

/// A whole number from 1.
fn positive(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a whole number from 1".to_owned())
}
