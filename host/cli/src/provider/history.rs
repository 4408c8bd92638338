//! `quarry provider history`.

use quarry_versions::{AcceptedKind, Event, Line};

use super::ask;
use super::versions::{SHORT, short};
use crate::arguments::VersionsArguments;
use crate::exit::Exit;
use crate::terminal::{self, push_line};

pub(super) const JOURNAL: &str = "/admin/v1/journal";

/// Shows the journal: that of the gateway, else that of the folder of versions.
pub(super) async fn run(arguments: &VersionsArguments) -> anyhow::Result<Exit> {
    let lines: Vec<Line> = match ask::client(&arguments.admin)?.get(JOURNAL).await {
        Ok(lines) => lines,
        Err(error) if ask::is_at_rest(&arguments.admin, &error) => ask::store()?.lines().to_vec(),
        Err(error) => return Err(error.into()),
    };
    if arguments.json {
        terminal::print_json(&lines)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for (happened, words) in lines.iter().filter_map(|happened| Some((happened, line(happened)?))) {
        push_line(&mut text, &format!("{}  {words}", happened.time()));
    }
    terminal::print(&text)?;
    Ok(Exit::Done)
}

/// A line of the journal for a person; none for a step that was passed.
pub(super) fn line(line: &Line) -> Option<String> {
    let text = match &line.event {
        Event::Step { digest, receipt, by, .. } => {
            let failure = receipt.failure.as_deref()?;
            let digest = digest.as_ref().map_or_else(String::new, short);
            format!("{digest:SHORT$}  refused at {}: {failure} ({by})", receipt.step)
        }
        Event::Cancelled { change, digest, by, step, reason, source } => {
            let digest = digest.as_ref().map_or_else(String::new, short);
            let step = step.map_or_else(|| "while it waited".to_owned(), |step| format!("at {step}"));
            format!("{digest:SHORT$}  {change} of {source} cancelled {step}: {reason} ({by})")
        }
        Event::Verified { digest, passed, .. } => format!("{}  passed {passed} checks", short(digest)),
        Event::Accepted { digest, against, kinds, by } => {
            let told =
                |AcceptedKind { kind, by, pattern: _, reason: _ }: &AcceptedKind| format!("{kind} ({})", by.label());
            let kinds: Vec<String> = kinds.iter().map(told).collect();
            format!("{}  differences from {} accepted: {} ({by})", short(digest), short(against), kinds.join(", "))
        }
        Event::Activated { digest, by } => format!("{}  activated ({by})", short(digest)),
        Event::RolledBack { from, to, by } => {
            format!("{}  restored by a rollback from {} ({by})", short(to), short(from))
        }
        Event::Quarantined { digest, reason } => format!("{}  quarantined: {reason}", short(digest)),
        Event::Died { digest, signal: Some(signal) } => {
            format!("{}  the process crashed with this version: {signal}", short(digest))
        }
        Event::Died { digest, signal: None } => {
            format!("{}  the process was killed while this version was active", short(digest))
        }
        Event::CanaryBegun { digest, part, by, .. } => format!("{}  canary started: {part} ({by})", short(digest)),
        Event::CanaryEnded { digest, reason, by } => {
            format!("{}  canary ended: {reason} ({by})", short(digest))
        }
        Event::ShadowBegun { digest, share, by, .. } => {
            format!("{}  shadow started: {share} % of the requests ({by})", short(digest))
        }
        Event::ShadowEnded { digest, reason, by } => {
            format!("{}  shadow ended: {reason} ({by})", short(digest))
        }
        Event::Offered { digest, file, refused, settled: _ } => {
            let digest = digest.as_ref().map_or_else(String::new, short);
            let refused = refused.as_ref().map_or_else(String::new, |reason| format!(" and rejected: {reason}"));
            format!("{digest:SHORT$}  offered by {file}{refused}")
        }
        Event::Pinned { digest, by } => format!("{}  pinned ({by})", short(digest)),
        Event::Unpinned { by } => format!("{:SHORT$}  unpinned ({by})", ""),
        Event::Pruned { digest, by } => format!("{}  removed ({by})", short(digest)),
        Event::Unknown => return None,
    };
    Some(text)
}
