//! `quarry provider list`, `status`, `verify`, `activate`, `rollback`, `pin`, `unpin` and `prune`.

use std::fmt::Write as _;
use std::sync::Arc;

use quarry_config::Environment;
use quarry_gateway::admin::{Answered, Asked};
use quarry_gateway::{
    FolderStatus, RestoreError, Status, UnacceptedStatus, VersionState, VersionStatus, accept, begin_with,
    check_allowed, prove,
};
use quarry_provider_host::capacity::CapacityStatus;
use quarry_provider_host::{Digest, Host, Limits};
use quarry_versions::source::Source;
use quarry_versions::{
    Acceptance, Candidate, Compiler, Downgrades, Gate, Line, StepReceipt, Unaccepted, check_downgrade,
};

use super::trials::{canary_status, shadow_status};
use super::{ask, registry};
use super::{differences, history};
use crate::arguments::{
    AcceptArguments, ActivateArguments, AdminArguments, Global, PruneArguments, VersionArguments, VersionsArguments,
};
use crate::exit::Exit;
use crate::terminal::push_line;
use crate::{setup, terminal};

pub(super) const STATUS: &str = "/admin/v1/status";

/// Digits of a digest that are shown where there are many.
pub(super) const SHORT: usize = 12;

/// Lines of the journal that `status` shows.
const LINES: usize = 10;

pub(super) async fn list(arguments: &VersionsArguments) -> anyhow::Result<Exit> {
    let client = ask::client(&arguments.admin)?;
    let (status, running) = match client.get::<Status>(STATUS).await {
        Ok(status) => (status, true),
        Err(error) if ask::is_at_rest(&arguments.admin, &error) => (Status::at_rest(&ask::store()?), false),
        Err(error) => return Err(error.into()),
    };
    if arguments.json {
        terminal::print_json(&status)?;
        return Ok(Exit::Done);
    }
    terminal::print(&table(&status))?;
    if !running {
        terminal::tell_line("no gateway is running; these are the versions for the next start");
    }
    Ok(Exit::Done)
}

pub(super) async fn status(arguments: &VersionsArguments) -> anyhow::Result<Exit> {
    let client = ask::client(&arguments.admin)?;
    let status: Status = client.get(STATUS).await?;
    let journal: Vec<Line> = client.get(history::JOURNAL).await?;
    if arguments.json {
        let document = serde_json::json!({ "status": status, "journal": journal });
        terminal::print_json(&document)?;
        return Ok(Exit::Done);
    }
    let mut text = table(&status);
    for version in &status.versions {
        if let Some(service) = &version.service {
            let _ = writeln!(
                text,
                "\n{}  {} requests, {} under way, {} failed calls, {} confirmed faults",
                short(&version.digest),
                service.requests,
                service.under_way,
                service.failed_calls,
                service.faults
            );
        }
    }
    if let Some(capacity) = &status.capacity {
        push_line(blank(&mut text), &capacity_status(capacity));
    }
    if let Some(canary) = &status.canary {
        push_line(blank(&mut text), &canary_status(canary));
    }
    if let Some(shadow) = &status.shadow {
        push_line(blank(&mut text), &shadow_status(shadow));
    }
    if !status.awaiting_restart.is_empty() {
        let line = format!("changed settings that take effect after a restart: {}", status.awaiting_restart.join(", "));
        push_line(blank(&mut text), &line);
    }
    if let Some(UnacceptedStatus { digest, against, kinds, configuration }) = &status.unaccepted {
        let (digest, against, kinds) = (short(digest), short(against), kinds.join(", "));
        push_line(
            blank(&mut text),
            &format!("{digest}  not activated: its differences from {against} are not accepted: {kinds}"),
        );
        push_line(
            &mut text,
            &format!(
                "{:SHORT$}  accept them with `activate --accept KIND`, or for a folder or a pin with {configuration}",
                ""
            ),
        );
    }
    if let Some(FolderStatus { path, problem, writable, offered: _ }) = &status.folder {
        let problem = problem.as_ref().map_or_else(String::new, |problem| format!(", which cannot be read: {problem}"));
        let writable =
            writable.as_ref().map_or_else(String::new, |reason| format!(", and must be signed, because {reason}"));
        let line = format!("the newest component of {} is activated if it passes{writable}{problem}", path.display());
        push_line(blank(&mut text), &line);
    }
    let told: Vec<String> =
        journal.iter().filter_map(|line| Some(format!("{}  {}", line.time(), history::line(line)?))).collect();
    let from = told.len().saturating_sub(LINES);
    if !told.is_empty() {
        blank(&mut text);
    }
    told[from..].iter().for_each(|line| push_line(&mut text, line));
    terminal::print(&text)?;
    Ok(Exit::Done)
}

pub(super) async fn verify(global: &Global, arguments: &VersionArguments) -> anyhow::Result<Exit> {
    change(global, arguments, &Change::Verify).await
}

pub(super) async fn activate(global: &Global, arguments: &ActivateArguments) -> anyhow::Result<Exit> {
    let downgrades = if arguments.allow_downgrade { Downgrades::Allowed } else { Downgrades::Refused };
    change(global, &arguments.version, &Change::Activate(downgrades, &arguments.accept)).await
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Verify,
    Activate(Downgrades, &'a AcceptArguments),
}

async fn change(global: &Global, arguments: &VersionArguments, change: &Change<'_>) -> anyhow::Result<Exit> {
    let client = ask::client(&arguments.admin)?;
    let (path, terms) = match change {
        Change::Verify => ("/admin/v1/verify", asked(None)),
        Change::Activate(downgrades, accept) => {
            let allow_downgrade = (*downgrades == Downgrades::Allowed).then_some(true);
            ("/admin/v1/activate", accept.terms(Asked { allow_downgrade, ..asked(None) })?)
        }
    };
    let source = ask::named(&arguments.wanted)?;
    let command = format!("quarry provider activate {}", arguments.wanted);
    let answered = match differences::change(&client, path, &source, terms, &command, &arguments.wanted).await {
        Ok(Some(answered)) => answered,
        Ok(None) => return Ok(Exit::Failed),
        Err(error) if ask::nobody_there(&arguments.admin, &error) => return at_rest(global, &source, change).await,
        Err(error) => return Err(error),
    };
    let told = match (change, answered.unchanged) {
        (Change::Verify, _) => "passed",
        (Change::Activate(..), false) => "is active",
        (Change::Activate(..), true) => "is active already",
    };
    terminal::print_line(&format!("{}  {} {told}", short(&answered.version), answered.name))?;
    Ok(Exit::Done)
}

/// Works on the folder of versions, for the gateway that starts next.
async fn at_rest(global: &Global, source: &Source, change: &Change<'_>) -> anyhow::Result<Exit> {
    let environment = Environment::of_process();
    let Ok(provider) = registry::provider_config(global, &environment)? else { return Ok(Exit::Usage) };
    let mut store = ask::store()?;
    let candidate = Candidate::from(registry::fetcher(&environment).fetch(source, &**store.components()).await?);
    let host = Arc::new(Host::new(Limits::default())?);
    let cache = setup::aot_cache_beside(&environment, store.folder());
    let gate = Gate::new(host, cache, Compiler::Here);
    if matches!(change, Change::Activate(..)) {
        check_allowed(store.history(), Digest::of(&candidate.bytes))?;
    }
    let by = "the command line";
    let passed =
        prove(&gate, &mut store, &candidate, &provider.signers, by, &mut |step| steps(std::slice::from_ref(step)))?;
    let digest = passed.generation.digest();
    let told = match change {
        Change::Verify => "passed",
        Change::Activate(asked, arguments) => {
            let downgrades = if provider.allow_downgrade { Downgrades::Allowed } else { *asked };
            check_downgrade(&gate, store.history(), &passed, &provider.signers, downgrades)?;
            let acceptance = Acceptance { configuration: provider.accept.clone(), ..arguments.acceptance()? };
            let mut tell = |step: &StepReceipt| steps(std::slice::from_ref(step));
            match accept(&gate, &mut store, &passed, &provider.signers, &acceptance, by, &mut tell) {
                Ok(behaviour) => terminal::tell(&behaviour.as_ref().map(differences::accepted).unwrap_or_default()),
                Err(RestoreError::Unaccepted(Unaccepted::Kinds(behaviour))) => {
                    let command = format!("quarry provider activate {source}");
                    terminal::tell(&differences::unaccepted(&behaviour, &command, &source.to_string()));
                    return Ok(Exit::Failed);
                }
                Err(error) => return Err(error.into()),
            }
            begin_with(&mut store, digest, by)?;
            "is activated at the next start"
        }
    };
    terminal::print_line(&format!("{}  {} {told}", short(&digest), passed.name))?;
    Ok(Exit::Done)
}

pub(super) async fn rollback(arguments: &AdminArguments) -> anyhow::Result<Exit> {
    let answered: Answered = ask::client(arguments)?.post("/admin/v1/rollback", &asked(None)).await?;
    terminal::print_line(&format!("{}  {} is active again", short(&answered.version), answered.name))?;
    Ok(Exit::Done)
}

pub(super) async fn pin(arguments: &AdminArguments) -> anyhow::Result<Exit> {
    let answered: Answered = ask::client(arguments)?.post("/admin/v1/pin", &asked(None)).await?;
    terminal::print_line(&format!(
        "{}  is pinned; remove the pin with `quarry provider unpin`",
        short(&answered.version)
    ))?;
    Ok(Exit::Done)
}

pub(super) async fn unpin(arguments: &AdminArguments) -> anyhow::Result<Exit> {
    let answered: Answered = ask::client(arguments)?.post("/admin/v1/unpin", &asked(None)).await?;
    terminal::print_line(&format!("{}  is active and no longer pinned", short(&answered.version)))?;
    Ok(Exit::Done)
}

pub(super) async fn prune(arguments: &PruneArguments) -> anyhow::Result<Exit> {
    let asked = Asked { keep: Some(arguments.keep), ..asked(None) };
    let pruned: Vec<Digest> = ask::client(&arguments.admin)?.post("/admin/v1/prune", &asked).await?;
    for digest in &pruned {
        terminal::print_line(&format!("{}  removed", short(digest)))?;
    }
    terminal::tell_line(&format!("{} removed", pruned.len()));
    Ok(Exit::Done)
}

pub(super) fn asked(version: Option<String>) -> Asked {
    Asked { version, by: Some("quarry provider".to_owned()), ..Asked::default() }
}

pub(super) fn short(digest: &Digest) -> String {
    let mut short = digest.to_string();
    short.truncate(SHORT);
    short
}

/// Tells the steps that were taken.
pub(super) fn steps(taken: &[StepReceipt]) {
    for StepReceipt { step, failure, detail, milliseconds } in taken {
        let mark = if failure.is_some() { "FAILED" } else { "ok" };
        let detail = detail.as_deref().unwrap_or_default();
        terminal::tell_line(&format!("{mark:<6}  {:<12}  {milliseconds:>6} ms  {detail}", step.to_string()));
    }
}

/// The text with an empty line behind it.
fn blank(text: &mut String) -> &mut String {
    text.push('\n');
    text
}

/// How many requests fit, in a line.
fn capacity_status(capacity: &CapacityStatus) -> String {
    let in_use: Vec<String> =
        capacity.shares.iter().skip(1).map(|share| format!("{} {}", share.in_use, share.share)).collect();
    let requests = capacity.shares.first().map_or(0, |share| share.in_use);
    let saturated = if capacity.saturated { ", SATURATED" } else { "" };
    format!(
        "{requests} of at most {} requests (limited by {}){saturated}; reserved sessions in use: {}; {} of {} bytes of request bodies",
        capacity.requests,
        capacity.bound,
        in_use.join(", "),
        capacity.body_bytes,
        capacity.body_bytes_limit
    )
}

/// A line a version.
fn table(status: &Status) -> String {
    let mut text = String::new();
    for version in &status.versions {
        let pinned = if status.pinned == Some(version.digest) { ", pinned" } else { "" };
        let state = format!("{}{pinned}", state(status, version));
        let name = if version.name.is_empty() { "" } else { &version.name };
        let checks = version.checks.map_or_else(String::new, |checks| format!("{checks} checks"));
        let line = format!("{}  {state:<18}  {name:<16}  {checks:<11}  {}", short(&version.digest), version.source);
        push_line(&mut text, line.trim_end());
        if let Some(reason) = &version.quarantined {
            push_line(&mut text, &format!("{:SHORT$}  {reason}", ""));
        }
        if let Some(reason) =
            version.crashed.as_ref().filter(|_| version.quarantined.is_none() && version.failing.is_none())
        {
            push_line(&mut text, &format!("{:SHORT$}  {reason}", ""));
        }
        if let Some(reason) = &version.failing {
            push_line(
                &mut text,
                &format!("{:SHORT$}  FAILS, and stays active because no other version may be: {reason}", ""),
            );
        }
    }
    text
}

fn state(status: &Status, version: &VersionStatus) -> &'static str {
    match version.state {
        VersionState::Serving => "active",
        VersionState::Canary => "canary",
        VersionState::Retiring => "retiring",
        VersionState::Quarantined => "quarantined",
        VersionState::Verified if status.previous == Some(version.digest) => "previous",
        VersionState::Verified => "verified",
    }
}
