//! `quarry provider history`.

use quarry::versions::{AcceptedKind, Event, Line};

use super::ask;
use super::versions::{SHORT, short};
use crate::cli::arguments::VersionsArguments;
use crate::cli::exit::Exit;
use crate::cli::terminal::{self, push_line};

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
            format!("{digest:SHORT$}  {change} of {source} was cancelled {step}: {reason} ({by})")
        }
        Event::Verified { digest, passed, .. } => format!("{}  passed {passed} cases", short(digest)),
        Event::Accepted { digest, against, kinds, by } => {
            let told =
                |AcceptedKind { kind, by, pattern: _, reason: _ }: &AcceptedKind| format!("{kind} ({})", by.label());
            let kinds: Vec<String> = kinds.iter().map(told).collect();
            format!("{}  accepted in place of {}: {} ({by})", short(digest), short(against), kinds.join(", "))
        }
        Event::Activated { digest, by } => format!("{}  put to work ({by})", short(digest)),
        Event::RolledBack { from, to, by } => {
            format!("{}  put to work again in place of {} ({by})", short(to), short(from))
        }
        Event::Quarantined { digest, reason } => format!("{}  quarantined: {reason}", short(digest)),
        Event::Died { digest, signal: Some(signal) } => {
            format!("{}  the process died under it: {signal}", short(digest))
        }
        Event::Died { digest, signal: None } => format!("{}  the process was killed while it served", short(digest)),
        Event::CanaryBegun { digest, part, by, .. } => format!("{}  gets {part} ({by})", short(digest)),
        Event::CanaryEnded { digest, reason, by } => {
            format!("{}  gets no more requests: {reason} ({by})", short(digest))
        }
        Event::ShadowBegun { digest, share, by, .. } => {
            format!("{}  runs beside {share} % of the requests ({by})", short(digest))
        }
        Event::ShadowEnded { digest, reason, by } => {
            format!("{}  runs beside the requests no more: {reason} ({by})", short(digest))
        }
        Event::Offered { digest, file, refused, settled: _ } => {
            let digest = digest.as_ref().map_or_else(String::new, short);
            let refused = refused.as_ref().map_or_else(String::new, |reason| format!(" and does not serve: {reason}"));
            format!("{digest:SHORT$}  offered by {file}{refused}")
        }
        Event::Pinned { digest, by } => format!("{}  pinned ({by})", short(digest)),
        Event::Unpinned { by } => format!("{:SHORT$}  unpinned ({by})", ""),
        Event::Pruned { digest, by } => format!("{}  removed ({by})", short(digest)),
        Event::Unknown => return None,
    };
    Some(text)
}
