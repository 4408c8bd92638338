//! `quarry chat`.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use quarry_aws::Aws;
use quarry_config::{OtherModels, model_of_another_provider};
use quarry_contract::blobs::{self, Blobs};
use quarry_contract::config::Settings;
use quarry_contract::conversation::{Context, Message, Options, Prepared, UserBlock};
use quarry_contract::types::Model;
use quarry_gateway::discovery::cache::DiscoveryCache;
use quarry_gateway::discovery::{Listing, discover};
use quarry_gateway::{Ask, Prepare, Repairs, Sink as _};
use quarry_pi::context::read_context;
use quarry_pi::message::Fold;
use quarry_provider_host::{ProviderError, Session};

use super::arguments::{ChatArguments, Global};
use super::exit::Exit;
use super::record::Recorder;
use super::serve::SIMULATED_MODEL;
use super::setup::{ProblemsTold, Setup, overrides};
use super::{credentials, problems, terminal};

mod output;
mod suggest;

/// Asks. What comes is recorded too where there is a recorder for it.
pub(crate) async fn run(
    global: &Global,
    arguments: ChatArguments,
    mut recorder: Option<&mut Recorder>,
) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &overrides(arguments.model.as_deref(), arguments.region.as_deref()))? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let others = setup.configuration.others.clone();
    let Some(name) = model_name(&setup.configuration.settings, arguments.simulate) else {
        if let Some((name, provider)) = of_another_provider(&others, others.default_model()) {
            bail!(model_of_another_provider(name, provider));
        }
        bail!(
            "no model is named: use --model, set QUARRY_MODEL, or set agents.defaults.model.primary in the configuration; \
             `quarry models list` shows the models; without an AWS account, add --simulate"
        );
    };
    if let Some((name, provider)) = of_another_provider(&others, Some(&name)) {
        bail!(model_of_another_provider(name, provider));
    }
    let (context, blobs) = match conversation(&arguments)? {
        Ok(conversation) => conversation,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    // Before AWS is asked about it.
    if let Err(error) = setup.configuration.destination(&name) {
        terminal::tell(&problems::of_model("--model", &error));
        return Ok(Exit::Usage);
    }
    let settings = setup.configuration.settings.clone();
    let known = suggest::ModelNames {
        generation: Arc::clone(setup.session.generation()),
        settings: settings.clone(),
        others,
        listings: setup.listings(arguments.simulate),
    };
    // Whether there are credentials is asked before anything is prepared, and not at all for a dry run.
    let aws = if arguments.dry_run { None } else { Some(setup.aws(arguments.simulate).await?) };
    let Setup { configuration, session, .. } = setup;
    let (session, model) = model_of(session, &settings, &name, aws.as_ref(), &known.listings).await?;
    let model = model.with_context(|| format!("the provider does not resolve the model {name}"))?;
    let destination = match configuration.destination(&model.id) {
        Ok(destination) => destination,
        Err(error) => {
            terminal::tell(&problems::of_model("--model", &error));
            return Ok(Exit::Usage);
        }
    };
    let asked = Prepare { settings, destination, model, context, options: options(&arguments) };
    let environment = configuration.environment;
    let (mut session, mut asked, prepared) = quarry_gateway::prepare(session, asked).await?;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(found) => {
            terminal::tell(&problems::of_request(&found));
            return Ok(Exit::Usage);
        }
    };
    for notice in &prepared.notices {
        terminal::tell_line(&format!("note: {}", notice.message));
    }
    let body = joined(&session, &prepared, &blobs)?;
    let Some(aws) = aws else {
        terminal::print_document(&format!("{}\n", String::from_utf8_lossy(&body)))?;
        return Ok(Exit::Done);
    };
    if let Some(message) = credentials::half_a_pair(aws.source(), &environment) {
        bail!(message);
    }
    let identity = session.identify()?;
    let fold = Fold::new(&identity.api, &identity.provider, &asked.model.id, Some(milliseconds_now()));
    let idle = Duration::from_secs(arguments.idle_timeout);
    let ask = ask_of(&asked, prepared, body, idle)?;
    let mut output = output::Output::new(fold, arguments.json);
    let (mut next, mut repairs, options) = (Some((session, ask)), Repairs::default(), asked.options.clone());
    while let Some((session, ask)) = next.take() {
        let (generation, body) = (Arc::clone(session.generation()), ask.body.clone());
        let tape = recorder.as_mut().map(|recorder| recorder.tape(&generation, &asked)).transpose()?;
        let ran = quarry_gateway::run_taped(session, &aws, ask, interrupted(), &mut output, tape).await?;
        let Some(failure) = ran else { break };
        if !repairs.add(&failure).is_empty() {
            asked.options = repairs.options(&options).into_owned();
            let (session, same, prepared) = quarry_gateway::prepare(generation.session()?, asked).await?;
            asked = same;
            // What is wrong with a repaired request is no use to a person who did not write it.
            if let Ok(prepared) = prepared {
                let repaired = joined(&session, &prepared, &blobs)?;
                if repaired != body {
                    terminal::tell_line(&format!(
                        "note: the request was refused and is sent again: {}",
                        failure.message
                    ));
                    for notice in &prepared.notices {
                        terminal::tell_line(&format!("note: {}", notice.message));
                    }
                    next = Some((session, ask_of(&asked, prepared, repaired, idle)?));
                }
            }
        }
        if next.is_none() {
            output.take(&[quarry_gateway::failed(failure)])?;
        }
    }
    if output.model_is_unknown()
        && let Some(meant) = known.meant(&aws, &name).await
    {
        terminal::tell_line(&format!("  {meant}"));
    }
    Ok(output.exit())
}

/// The request's body.
fn joined(session: &Session, prepared: &Prepared, blobs: &Blobs) -> Result<Bytes, ProviderError> {
    blobs::join(&prepared.body, blobs).map_err(|error| session.generation().broke("prepare", error))
}

/// The request that was prepared.
fn ask_of(asked: &Prepare, prepared: Prepared, body: Bytes, idle: Duration) -> anyhow::Result<Ask> {
    let destination = asked.destination.for_model(&prepared.model_id);
    Ok(Ask {
        model: asked.model.clone(),
        destination: destination.context("the provider named a model that the request cannot be sent to")?,
        body,
        carry: prepared.carry,
        changes: Vec::new(),
        idle,
        reference: None,
    })
}

/// The name of the model to ask: the configuration's, where the flag's name counts, else the one that the simulator answers for.
fn model_name(settings: &Settings, simulate: bool) -> Option<String> {
    settings.default_model.clone().or_else(|| simulate.then(|| SIMULATED_MODEL.to_owned()))
}

/// The model that a name means, as requests of the gateway have it: with what an earlier listing said of it, and looked up where
/// only AWS knows it. Without clients for AWS its name alone tells.
async fn model_of(
    session: Session,
    settings: &Settings,
    name: &str,
    aws: Option<&Aws>,
    listings: &DiscoveryCache,
) -> anyhow::Result<(Session, Option<Model>)> {
    let mut session = session;
    let mut rows = Vec::new();
    let names = [name.to_owned()];
    if let Some(aws) = aws {
        let to_discover = Settings { models: Vec::new(), ..settings.clone() };
        let cached = Listing { offline: true, ..Listing::default() };
        let listed = discover(session, &to_discover, cached, aws, listings).await?;
        (session, rows) = (listed.session, listed.catalog.models);
        let found = session.resolve(&names, settings, &rows)?.pop().flatten();
        if let Some(source) = found.and_then(|found| found.lookup) {
            let lookup = Listing { lookup: Some(source), ..Listing::default() };
            let listed = discover(session, &to_discover, lookup, aws, listings).await?;
            (session, rows) = (listed.session, listed.catalog.models);
        }
    }
    let found = session.resolve(&names, settings, &rows)?.pop().flatten();
    Ok((session, found.map(|found| found.model)))
}

/// A model's name and its provider, where that is another one of the configuration.
fn of_another_provider<'n>(others: &OtherModels, name: Option<&'n str>) -> Option<(&'n str, &'n str)> {
    Some((name?, others.provider_of_reference(name?)?))
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
            bail!("no prompt: give one, such as `quarry chat \"Tell me about bedrock\"`, or --context FILE")
        }
        None => Some(read_text(Path::new("-"))?),
    };
    if let Some(prompt) = prompt {
        if prompt.trim().is_empty() {
            bail!("the prompt is blank: enter a text");
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
        stop_sequences: arguments.stop.clone(),
        thinking: arguments.thinking.clone(),
        ..quarry_contract::no_options()
    }
}

/// Ready when the person presses Ctrl-C or the process is told to end.
pub(super) async fn interrupted() {
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
