//! `quarry serve`.

mod begin;
mod credentials;
mod dumps;
mod panics;
mod recording;
mod service_manager;
mod sockets;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use listenfd::ListenFd;
use quarry_aws::Source;
use quarry_config::{Environment, Override};
use quarry_gateway::admin::{Admin, AdminAddress};
use quarry_gateway::{
    Activated, Configuration, ConfigurationError, ConfigurationSource, Gateway, MetricsServer, Server, StartError,
    UncleanEnd, Versions, Wanted, Watch,
};
use quarry_provider_host::{Generation, open_page_map};
use quarry_simulator::Pace;
use quarry_system::crash::Record;
use quarry_system::printable::shell_word;
use quarry_telemetry::Metrics;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::task::AbortOnDropHandle;

use self::service_manager::ServiceManager;
use self::sockets::Sockets;
use super::arguments::{Global, ServeArguments, SimulatedPace};
use super::exit::Exit;
use super::provider::fetcher;
use super::setup::{ProblemsTold, load_configuration, start_simulator};
use super::{logging, problems, setup, terminal};

/// The model that the simulator answers for when none is named and none is configured.
pub(super) const SIMULATED_MODEL: &str = "us.anthropic.claude-sonnet-4-6";

pub(crate) async fn run(global: &Global, arguments: ServeArguments, inherited: ListenFd) -> anyhow::Result<Exit> {
    open_page_map();
    dumps::forbid(arguments.debuggable);
    let environment = Environment::of_process();
    let sockets = Sockets::take(inherited, &environment)?;
    if begin::logs_json(global, &environment) {
        terminal::log_as_json();
    }
    panics::report();
    let begun = begin::begin(global, Duration::from_secs(arguments.compile_seconds), &environment).await?;
    let generation = Arc::clone(&begun.restored.passed.generation);
    let Ok((mut configuration, overrides)) = configured(global, &arguments, &generation, &environment)? else {
        return Ok(Exit::Usage);
    };
    let watch = configuration.file.clone().map(Watch::begin);
    let telemetry = logging::start_serving(&configuration.gateway)?;
    if let Some(end) = &begun.unclean {
        report(end);
    }
    let inherited = sockets.client.as_ref().map(TcpListener::local_addr).transpose()?;
    let from = ConfigurationSource {
        chosen: global.config.clone(),
        environment: environment.clone(),
        overrides,
        listen: inherited.or(arguments.listen),
        watch: arguments.provider_folder.clone(),
    };
    from.overrule(&mut configuration.gateway);
    let manager = ServiceManager::of(&environment);
    let listen = configuration.gateway.listen;
    configuration.gateway.check_listen(listen)?;
    let simulator = match (arguments.simulate, arguments.simulate_pace) {
        (false, _) => None,
        (true, SimulatedPace::Model) => Some(start_simulator(Pace::Model).await),
        (true, SimulatedPace::Instant) => Some(start_simulator(Pace::Instant).await),
    };
    let simulator = simulator.transpose().context("cannot start the simulator")?;
    if simulator.is_none()
        && let Some(message) = super::credentials::half_a_pair(configuration.credentials().0, &environment)
    {
        anyhow::bail!(message);
    }
    let keys = configuration.gateway.keys.len();
    let source = if simulator.is_some() { Some(Source::Simulator) } else { configuration.credentials().0 };
    let default_model = configuration.settings.default_model.clone();
    let region = configuration.region().to_string();
    let metrics = Arc::new(Metrics::new());
    if let Some(became) = begun.unclean.as_ref().and_then(|end| end.became) {
        metrics.version_failed(became);
    }
    let recording = recording::open(&arguments, &metrics)?;
    let admin = begin::listen(sockets.admin, arguments.admin, &environment).await?;
    let token_place = begin::token_place(&environment);
    let fetcher = fetcher(&environment);
    let observed = Arc::clone(&metrics);
    let gateway = Gateway::new(generation, from, configuration, simulator, metrics).await?;
    let handle = tokio::runtime::Handle::current();
    let exported = Arc::downgrade(&gateway);
    telemetry.export_metrics(&observed, move || {
        let _entered = handle.enter();
        exported.upgrade().map(|gateway| gateway.metrics_text()).unwrap_or_default()
    });
    if let Some(recording) = &recording {
        gateway.record(recording.recorder());
    }
    let server = match sockets.client {
        Some(socket) => Server::inherit(Arc::clone(&gateway), socket)?,
        None => Server::bind(Arc::clone(&gateway), listen).await?,
    };
    let metrics = MetricsServer::bind(Arc::clone(&gateway))?;
    // Whoever sees that it has started may tell it to stop.
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tell_started(&server.url(), keys, source, &region, default_model.as_deref());
    let _credentials = AbortOnDropHandle::new(tokio::spawn(credentials::check(Arc::clone(&gateway), source)));
    let begin::Begun { gate, store, restored, unclean: _, record, passing } = begun;
    let passed = &restored.passed;
    let source = passed.generation.name().trim_start_matches('(').trim_end_matches(')');
    terminal::tell_line(&format!("  provider: {} ({source})", passed.name));
    terminal::tell_line(&format!("  requests: {}", gateway.capacity().of_active()));
    let versions = Versions::new(Arc::clone(&gateway), gate, fetcher, store);
    if let Some(metrics) = &metrics {
        terminal::tell_line(&format!("  metrics: {}", metrics.url()));
    }
    if let Some(admin) = &admin {
        terminal::tell_line(&format!("  administration: {}", admin.address()));
        if matches!(admin.address(), AdminAddress::Tcp(_)) {
            terminal::tell_line(&format!("    a page for a browser; its token is {token_place}"));
        }
    }
    // Requests need not wait for it: until then the active version gets all of them.
    versions.resume(restored.trials);
    let refused = restored.unaccepted.is_some();
    if let Some(behaviour) = restored.unaccepted {
        versions.unaccepted_at_start(behaviour);
    }
    let status = format!("serving on {}", server.url());
    let hang_up = signal(SignalKind::hangup())?;
    let watching = async {
        match gateway.watched_folder() {
            Some(folder) => versions.watch_folder(folder).await,
            None => std::future::pending().await,
        }
    };
    let mut watching = std::pin::pin!(watching);
    let mut reloading = std::pin::pin!(reload(&gateway, &versions, (hang_up, watch), refused, (&manager, &status)));
    manager.ready(&status);
    tokio::select! {
        () = server.run(stopped(Arc::clone(&record), &manager, terminate, interrupt)) => {}
        () = manager.watch() => {}
        () = &mut watching => {}
        () = &mut reloading => {}
        () = administer(admin, &versions) => {}
        () = serve_metrics(metrics) => {}
    }
    versions.end().await;
    if let Some(recording) = recording {
        recording.end().await;
    }
    drop(passing);
    drop(record);
    telemetry.end().await;
    terminal::tell_line("stopped");
    Ok(Exit::Done)
}

/// The configuration, and what the flags put over it; with a model to ask where there is a simulator to answer for it.
fn configured(
    global: &Global,
    arguments: &ServeArguments,
    generation: &Arc<Generation>,
    environment: &Environment,
) -> anyhow::Result<Result<(Configuration, Vec<Override>), ProblemsTold>> {
    let mut session = generation.session()?;
    let mut overrides = setup::overrides(arguments.model.as_deref(), arguments.region.as_deref());
    let mut loaded = load_configuration(global, &mut session, environment, &overrides)?;
    if let Ok(configuration) = &loaded
        && arguments.simulate
        && configuration.settings.default_model.is_none()
    {
        overrides.extend(setup::overrides(Some(SIMULATED_MODEL), None));
        loaded = load_configuration(global, &mut session, environment, &overrides)?;
    }
    Ok(loaded.map(|configuration| (configuration, overrides)))
}

/// Reads the configuration again whenever its file changes or a signal asks for it, for as long as the gateway runs.
/// `refused`: whether the version that it names was refused at the start.
async fn reload(
    gateway: &Gateway,
    versions: &Arc<Versions>,
    (mut hang_up, mut watch): (Signal, Option<Watch>),
    mut refused: bool,
    (manager, status): (&ServiceManager, &str),
) {
    // A registry that was away, or a file that was not there yet, may be there the next time; differences may be accepted.
    loop {
        tokio::select! {
            _ = hang_up.recv() => {}
            () = changed(&mut watch) => {}
        }
        manager.reloading();
        let component = gateway.component();
        tell_reloaded(versions.reload().await);
        if let Some(wanted) = gateway.component().filter(|wanted| refused || Some(wanted) != component.as_ref()) {
            let activated = activate(versions, &wanted).await;
            refused = activated.is_err();
            tell_activated(activated);
        }
        manager.ready(status);
    }
}

/// Serves whoever reads the metrics, where they have a listener.
async fn serve_metrics(metrics: Option<MetricsServer>) {
    match metrics {
        Some(metrics) => metrics.run().await,
        None => std::future::pending().await,
    }
}

/// Serves who operates the gateway. An admin listener that ends does not end the gateway.
async fn administer(admin: Option<Admin>, versions: &Arc<Versions>) {
    if let Some(admin) = admin
        && let Err(error) = admin.run(Arc::clone(versions)).await
    {
        tracing::error!(%error, "the admin listener ended");
    }
    std::future::pending().await
}

/// Puts the version to work that the configuration names now.
async fn activate(versions: &Arc<Versions>, wanted: &str) -> anyhow::Result<Activated> {
    Ok(versions.activate(Wanted::Named(begin::named(wanted)?), "the configuration").await?)
}

fn tell_activated(activated: anyhow::Result<Activated>) {
    terminal::tell_line(&match activated {
        Ok(activated) => format!("the active provider version is {}", activated.name),
        Err(error) => {
            format!("error: the configured provider was not activated: {error:#}; the previous version stays active")
        }
    });
}

async fn changed(watch: &mut Option<Watch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// Ready when the process is told to stop. Told a second time, it stops at once, whatever is under way.
async fn stopped(record: Arc<Record>, manager: &ServiceManager, mut terminate: Signal, mut interrupt: Signal) {
    either(&mut terminate, &mut interrupt).await;
    manager.stopping();
    if let Err(error) = record.stopping() {
        tracing::warn!(%error, "the end of this process cannot be recorded: the next start may report that it was killed");
    }
    terminal::tell_line("stopping when the requests under way have ended; a second signal stops immediately");
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
}

/// Reports how the gateway before ended.
fn report(end: &UncleanEnd) {
    match end.became {
        None => tracing::warn!("{end}"),
        Some(_) => tracing::error!("{end}"),
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn tell_started(url: &str, keys: usize, source: Option<Source>, region: &str, model: Option<&str>) {
    let clients = match keys {
        0 => "no client keys: every user of this machine can send requests".to_owned(),
        1 => "1 client key".to_owned(),
        keys => format!("{keys} client keys"),
    };
    let credentials = source.map_or("credentials: the AWS SDK's default chain", Source::label);
    terminal::tell_line(&format!("Quarry serves Amazon Bedrock ({region}) on {url}"));
    terminal::tell_line(&format!("  {credentials}; {clients}"));
    if let Some(model) = model {
        let key = if keys == 0 { "" } else { " -H \"Authorization: Bearer $KEY\"" };
        // A model's name comes from the configuration and from the provider, and people paste this line into a shell.
        let body = format!(
            "{{\"model\": {}, \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}",
            serde_json::Value::from(model)
        );
        terminal::tell_line(&format!(
            "  Try it: curl {url}/v1/chat/completions{key} -H 'Content-Type: application/json' \\"
        ));
        terminal::tell_line(&format!("    -d {}", shell_word(&body)));
    }
}

fn tell_reloaded(reloaded: Result<Vec<&'static str>, StartError>) {
    match reloaded {
        Ok(waiting) if waiting.is_empty() => terminal::tell_line("the configuration was read again and is active"),
        Ok(waiting) => terminal::tell_line(&format!(
            "the configuration was read again and is active, but for what takes effect after a restart: {}",
            waiting.join(", ")
        )),
        Err(StartError::Configuration(ConfigurationError::Problems(found))) => {
            terminal::tell(&problems::of_configuration(&found));
            terminal::tell_line("error: the configuration was rejected; the previous one stays active");
        }
        Err(error) => {
            let error = anyhow::Error::new(error);
            terminal::tell_line(&format!(
                "error: the configuration was rejected: {error:#}; the previous one stays active"
            ));
        }
    }
}
