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
use quarry::config::gateway::{HIGHEST_KEY_LIMIT, wrong_key_name, wrong_model_pattern};

pub(crate) use self::config::{
    ConfigCommand, Editing, ExplainArguments, GetArguments, SetArguments, UnsetArguments, ValidateArguments,
};
pub(crate) use self::credentials::{AuthCommand, DoctorArguments, StatusArguments};
pub(crate) use self::models::{ListArguments, ModelsCommand, ShowArguments};
pub(crate) use self::provider::{
    ActivateArguments, AdminArguments, BuildArguments, CompileArguments, DiffArguments, ExportArguments,
    InspectArguments, NewArguments, ProviderCommand, PruneArguments, PullArguments, PushArguments, VersionArguments,
    VersionsArguments,
};
pub(crate) use self::serving::{ServeArguments, SimulatedPace};
pub(crate) use self::trials::{CanaryArguments, ShadowArguments};

/// A gateway for Amazon Bedrock whose provider logic is a sandboxed WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "quarry", version, propagate_version = true, arg_required_else_help = true)]
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
    /// Ask a model, and see the answer as it comes
    Chat(ChatArguments),
    /// Ask a model as `quarry chat` does, and write a recording of the answer
    Record(RecordArguments),
    /// Serve clients of OpenAI, Anthropic and pi in front of Bedrock
    Serve(ServeArguments),
    /// What models there are
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Which credentials are used
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Walk the way to a model, and say what to mend: configuration, credentials, region, endpoint, clock, permissions
    Doctor(DoctorArguments),
    /// Look at the configuration, and change it
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Keys of the gateway's clients
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Run the simulator of Bedrock for other programs
    Simulate(SimulateArguments),
    /// Prove a provider component: run the conformance cases on it
    Conformance(ConformanceArguments),
    /// Make, look at and put to work provider components
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Print what a shell needs to complete commands and flags
    Completions(CompletionsArguments),
    /// Write the manual pages
    Man(ManArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    /// What to ask. Without it, and without --context, standard input is read
    pub(crate) prompt: Option<String>,
    /// Model id, inference profile id, ARN or alias; `amazon-bedrock/` may stand before it
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// AWS region to ask in
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// What the model is told first
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// A conversation to go on with: pi's Context JSON (systemPrompt, messages, tools), `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) context: Option<PathBuf>,
    /// How hard to think: off, minimal, low, medium, high, xhigh, max
    #[arg(long, value_name = "LEVEL")]
    pub(crate) thinking: Option<String>,
    /// The most tokens to answer with
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) max_tokens: Option<u64>,
    /// Sampling temperature
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f64>,
    /// Text to stop at; may be given again
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
    /// Print one JSON event a line: pi's AssistantMessageEvent protocol
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the exact ConverseStream body and send nothing; needs no credentials
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Ask a simulator of Bedrock in this process: no AWS account needed
    #[arg(long)]
    pub(crate) simulate: bool,
    /// Longest silence in seconds before the answer is given up
    #[arg(long, value_name = "SECONDS", env = "QUARRY_IDLE_TIMEOUT", default_value_t = 300,
          value_parser = positive)]
    pub(crate) idle_timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// Folder for the recording: NAME.bin and NAME.json. It is made where it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write down what was asked and answered in its own words. Else the request is left out, and texts of the answer are filler
    /// of the same length
    #[arg(long)]
    pub(crate) prompts: bool,
    #[command(flatten)]
    pub(crate) chat: ChatArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Folder for them: a page a command, quarry.1 first. It is made where it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, show it once, and write its hash into the configuration file
    Add(AddKeyArguments),
    /// List the keys: their names, the beginning of their hashes, their limits
    List(ListKeysArguments),
    /// Remove a key from the configuration file
    Revoke(RevokeKeyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddKeyArguments {
    /// What the client is called in logs and metrics: letters, digits and `-_.@`
    #[arg(value_parser = key_name)]
    pub(crate) name: String,
    /// Model ids that it may ask, with commas between them; `*` at the end of one stands for any rest. All when none is given
    #[arg(long, value_name = "MODELS", value_delimiter = ',', value_parser = model_pattern)]
    pub(crate) models: Vec<String>,
    /// The most requests of it at once
    #[arg(long, value_name = "N", value_parser = key_limit())]
    pub(crate) concurrency: Option<u32>,
    /// The most requests of it a minute
    #[arg(long, value_name = "N", value_parser = key_limit())]
    pub(crate) requests_per_minute: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ListKeysArguments {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeKeyArguments {
    /// The key's name
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// Address to listen on, of this machine only; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8490")]
    pub(crate) listen: SocketAddr,
    /// Answer at once instead of at a model's pace
    #[arg(long)]
    pub(crate) instant: bool,
    /// Show the model ids that play faults, and end
    #[arg(long)]
    pub(crate) list_faults: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConformanceArguments {
    /// The component to prove; the embedded one when none is named
    pub(crate) component: Option<PathBuf>,
    /// Folder of cases; the ones that this binary was built with when none is named
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
    /// Folder of recorded streams: NAME.bin and NAME.json
    #[arg(long, value_name = "DIR")]
    pub(crate) recordings: Option<PathBuf>,
    /// Only checks with this text in their names, such as `translate/`; may be given again
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// Write what the component does into the cases as what is expected; look at the difference before you keep it
    #[arg(long, requires = "cases")]
    pub(crate) bless: bool,
    /// Take a component that imports WASI (wasm32-wasip2), with nothing behind it: a call of any WASI function is a failure
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
