//! `quarry provider canary` and `quarry provider shadow`.

use quarry_gateway::admin::{Answered, Asked};
use quarry_gateway::{CanaryStatus, Ended, ShadowReport, ShadowStatus};
use quarry_versions::compare::{KindReport, SpecimenReport};

use super::versions::{asked, short};
use super::{ask, differences};
use crate::arguments::{CanaryArguments, ShadowArguments};
use crate::exit::Exit;
use crate::terminal;

pub(super) async fn canary(arguments: &CanaryArguments) -> anyhow::Result<Exit> {
    let CanaryArguments { wanted, share, key, promote_after, allow_downgrade, accept, promote, stop: _, admin } =
        arguments;
    let client = ask::client(admin)?;
    let Some(wanted) = wanted else {
        let (path, done) = if *promote {
            ("promote", "is active")
        } else {
            ("stop", "canary stopped; its requests under way finish on it")
        };
        let answered: Answered = client.post(&format!("/admin/v1/canary/{path}"), &asked(None)).await?;
        terminal::print_line(&format!("{}  {}{done}", short(&answered.version), spaced(&answered.name)))?;
        return Ok(Exit::Done);
    };
    let terms = accept.terms(Asked {
        share: *share,
        key: key.clone(),
        promote_after: *promote_after,
        allow_downgrade: Some(*allow_downgrade),
        ..asked(None)
    })?;
    let given = match (share, key) {
        (Some(share), _) => format!("--share {share}"),
        (None, key) => format!("--key {}", key.as_deref().unwrap_or_default()),
    };
    let command = format!("quarry provider canary {wanted} {given}");
    let source = ask::named(wanted)?;
    let Some(answered) = differences::change(&client, "/admin/v1/canary", &source, terms, &command, wanted).await?
    else {
        return Ok(Exit::Failed);
    };
    let part = match (share, key) {
        (Some(share), _) => format!("{share} % of new requests"),
        (None, key) => format!("the requests of {}", key.as_deref().unwrap_or_default()),
    };
    let line = format!("{}  {}canary started: {part}", short(&answered.version), spaced(&answered.name));
    terminal::print_line(&line)?;
    Ok(Exit::Done)
}

fn spaced(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{name} ") }
}

/// What `status` says of the candidate.
pub(super) fn canary_status(status: &CanaryStatus) -> String {
    let CanaryStatus { digest, rule, promote_after, since: _, candidate, serving } = status;
    let failed = |Ended { well, badly }: &Ended| format!("{badly} of {} failed", well + badly);
    let after = promote_after.map_or_else(String::new, |after| format!(", promoted after {after}"));
    let (candidate, serving) = (failed(candidate), failed(serving));
    format!("{}  canary of {rule}{after}: {candidate}; active version: {serving}", short(digest))
}

const SHADOW: &str = "/admin/v1/shadow";

pub(super) async fn shadow(arguments: &ShadowArguments) -> anyhow::Result<Exit> {
    let ShadowArguments { wanted, share, prompts, accept, report, json, stop: _, admin } = arguments;
    let client = ask::client(admin)?;
    if *report {
        let report: ShadowReport = client.get(SHADOW).await?;
        if *json {
            terminal::print_json(&report)?;
        } else {
            terminal::print(&shadow_report(&report))?;
        }
        return Ok(Exit::Done);
    }
    let Some(wanted) = wanted else {
        let answered: Answered = client.post("/admin/v1/shadow/stop", &asked(None)).await?;
        terminal::print_line(&format!("{}  shadow stopped", short(&answered.version)))?;
        return Ok(Exit::Done);
    };
    let terms = accept.terms(Asked { share: *share, prompts: Some(*prompts), ..asked(None) })?;
    let command = format!("quarry provider shadow {wanted}");
    let source = ask::named(wanted)?;
    let Some(answered) = differences::change(&client, SHADOW, &source, terms, &command, wanted).await? else {
        return Ok(Exit::Failed);
    };
    let share = share.unwrap_or_default();
    let line =
        format!("{}  {}shadow started: {share} % of the requests", short(&answered.version), spaced(&answered.name));
    terminal::print_line(&line)?;
    Ok(Exit::Done)
}

/// What `status` says of the candidate that runs as the shadow.
pub(super) fn shadow_status(status: &ShadowStatus) -> String {
    let ShadowStatus { digest, against, share, since: _, running, compared, differing, dropped } = status;
    let ended = if *running { "" } else { " (ended)" };
    format!(
        "{}  shadow of {share} % of the requests{ended}, compared with {}: {differing} of {compared} inputs differ, {dropped} were not compared",
        short(digest),
        short(against)
    )
}

/// For a person: a line a kind, below it where it is and what both have there.
fn shadow_report(report: &ShadowReport) -> String {
    let mut text = String::new();
    let mut line = |line: &str| terminal::push_line(&mut text, line);
    let width = report.kinds.iter().map(|kind| kind.kind.chars().count()).max().unwrap_or_default();
    for KindReport { kind, about: _, count, first_seen: _, first_in, place, old, new, specimen, withheld } in
        &report.kinds
    {
        let noun = if *count == 1 { "input" } else { "inputs" };
        line(&format!("{kind:width$}  {count} {noun}, first in {first_in}"));
        line(&format!("    at       {place}"));
        match specimen {
            Some(SpecimenReport { verb, given }) => {
                line(&format!("    serving  {}", old.as_deref().unwrap_or("nothing")));
                line(&format!("    shadow   {}", new.as_deref().unwrap_or("nothing")));
                line(&format!("    smallest {} bytes for {verb}; --json shows it", given.to_string().len()));
            }
            None => line(&format!("    values   not shown: {withheld}")),
        }
    }
    report.reach.reach.summary().lines().for_each(&mut line);
    if report.beyond > 0 {
        line(&format!("{} differences of further kinds", report.beyond));
    }
    line(&shadow_status(&report.status));
    text
}
