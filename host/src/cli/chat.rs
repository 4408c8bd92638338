//! `quarry chat`.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use quarry::config::Override;
use quarry::contract::conversation::{Context, Message, Options, UserBlock};
use quarry::contract::types::{Cost, Model, NamedJson};
use quarry::gateway::{self, Ask, Prepare};
use quarry::pi::blobs::{self, Blobs};
use quarry::pi::context::read_context;
use quarry::pi::message::Fold;

use super::arguments::{ChatArguments, Global};
use super::exit::Exit;
use super::setup::{ProblemsTold, Setup};
use super::{credentials, problems, terminal};

mod output;

/// The model that the simulator answers for when none is named and none is configured.
const SIMULATED_MODEL: &str = "us.anthropic.claude-sonnet-4-6";

/// What stands before a model's id in a reference.
const PREFIXES: &[&str] = &["amazon-bedrock/", "bedrock/", "aws-bedrock/"];

pub(crate) async fn run(global: &Global, arguments: ChatArguments) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &overrides(&arguments))? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let Some(model) = choose_model(&setup, &arguments) else {
        bail!(
            "no model is named: use --model, set QUARRY_MODEL, or set agents.defaults.model.primary in the configuration; \
             `quarry models list` shows the models"
        );
    };
    let (context, blobs) = match conversation(&arguments)? {
        Ok(conversation) => conversation,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let asked = Prepare { settings: setup.settings.clone(), model, context, options: options(&arguments) };
    // Whether there are credentials is asked before anything is prepared, and not at all for a dry run.
    let aws = if arguments.dry_run { None } else { Some(setup.aws(arguments.simulate).await?) };
    let environment = setup.environment;
    let (mut session, asked, prepared) = gateway::prepare(setup.session, asked).await?;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(found) => {
            terminal::tell(&problems::of_request(&found));
            return Ok(Exit::Usage);
        }
    };
    for notice in &prepared.notices {
        terminal::tell(&format!("note: {}\n", terminal::printable(&notice.message)));
    }
    let body = blobs::join(&prepared.body, &blobs)?;
    let Some(aws) = aws else {
        terminal::print(&format!("{}\n", String::from_utf8_lossy(&body)))?;
        return Ok(Exit::Done);
    };
    if let Some(message) = credentials::half_a_pair(aws.source(), &environment) {
        bail!(message);
    }
    let identity = session.identify()?;
    let fold = Fold::new(&identity.api, &identity.provider, &asked.model.id, Some(milliseconds_now()));
    let ask = Ask {
        model: asked.model,
        model_id: prepared.model_id,
        region: prepared.region,
        body,
        carry: prepared.carry,
        idle: Duration::from_secs(arguments.idle_timeout),
    };
    let mut output = output::Output::new(fold, arguments.json);
    gateway::run(session, &aws, ask, interrupted(), &mut output).await?;
    Ok(output.exit())
}

/// What the command line says over the configuration.
fn overrides(arguments: &ChatArguments) -> Vec<Override> {
    let mut overrides = Vec::new();
    if let Some(model) = &arguments.model {
        let bare = PREFIXES.iter().find_map(|prefix| model.strip_prefix(prefix)).unwrap_or(model);
        overrides.push(Override::new("agents.defaults.model.primary", format!("{}{bare}", PREFIXES[0])));
    }
    if let Some(region) = &arguments.region {
        overrides.push(Override::new("models.bedrockDiscovery.region", region.as_str()));
    }
    overrides
}

/// The model to ask: an alias of the configuration, a model that it lists, or the bare id, of which nothing is known then.
fn choose_model(setup: &Setup, arguments: &ChatArguments) -> Option<Model> {
    let settings = &setup.settings;
    let named = settings.default_model.clone();
    let id = named.or_else(|| arguments.simulate.then(|| SIMULATED_MODEL.to_owned()))?;
    let id = settings.aliases.iter().find(|(alias, _)| *alias == id).map_or(id, |(_, target)| target.clone());
    if let Some(listed) = settings.models.iter().find(|model| model.id == id) {
        return Some(listed.clone());
    }
    let free = Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() };
    Some(Model {
        name: id.clone(),
        id,
        // What a model can do is not known without a listing; the service refuses what it cannot.
        reasoning: true,
        input: ["text", "image", "document", "video"].map(str::to_owned).to_vec(),
        cost: free,
        context_window: settings.discovery.default_context_window,
        max_tokens: settings.discovery.default_max_tokens,
        base_url: None,
        params: None,
        extras: vec![NamedJson { name: "limitsFrom".to_owned(), value: "\"defaults\"".to_owned() }],
    })
}

/// The conversation: the context that is named, the system prompt, and the prompt as the last message.
fn conversation(arguments: &ChatArguments) -> anyhow::Result<Result<(Context, Blobs), ProblemsTold>> {
    let (mut context, blobs) = match &arguments.context {
        Some(path) => match read_context(&read_text(path)?) {
            Ok(read) => read,
            Err(error) => {
                terminal::tell(&problems::of_context(path, &error));
                return Ok(Err(ProblemsTold));
            }
        },
        None => (Context { system_prompt: None, messages: Vec::new(), tools: Vec::new() }, Blobs::new()),
    };
    if let Some(system) = &arguments.system {
        context.system_prompt = Some(system.clone());
    }
    let prompt = match &arguments.prompt {
        Some(prompt) => Some(prompt.clone()),
        None if arguments.context.is_some() => None,
        None if io::stdin().is_terminal() => {
            bail!("nothing to ask: give a prompt, such as `quarry chat \"Tell me about bedrock\"`, or --context FILE")
        }
        None => Some(read_text(Path::new("-"))?),
    };
    if let Some(prompt) = prompt {
        if prompt.trim().is_empty() {
            bail!("the prompt is blank: give a text to ask");
        }
        context.messages.push(Message::User(vec![UserBlock::Text(prompt)]));
    }
    Ok(Ok((context, blobs)))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input as UTF-8 text")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn options(arguments: &ChatArguments) -> Options {
    Options {
        max_tokens: arguments.max_tokens,
        temperature: arguments.temperature,
        top_p: None,
        stop_sequences: arguments.stop.clone(),
        tool_choice: None,
        thinking: arguments.thinking.clone(),
        thinking_budgets: Vec::new(),
        interleaved_thinking: None,
        thinking_display: None,
        cache_retention: None,
        service_tier: None,
        latency: None,
        guardrail: None,
        output_schema: None,
        request_metadata: Vec::new(),
        prompt_variables: Vec::new(),
        additional_request_fields: None,
        additional_response_field_paths: Vec::new(),
        extras: Vec::new(),
    }
}

/// Ready when the person presses Ctrl-C or the process is told to end.
async fn interrupted() {
    let mut terminated = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminated) => terminated,
        Err(_) => return drop(tokio::signal::ctrl_c().await),
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

fn milliseconds_now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
