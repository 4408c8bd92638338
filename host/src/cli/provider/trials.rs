//! `quarry provider canary`.

use quarry::admin::{Answered, Asked};
use quarry::gateway::{CanaryStatus, Ended};

use super::ask;
use super::versions::{asked, short, steps};
use crate::cli::arguments::CanaryArguments;
use crate::cli::exit::Exit;
use crate::cli::terminal;

pub(super) async fn canary(arguments: &CanaryArguments) -> anyhow::Result<Exit> {
    let CanaryArguments { wanted, share, key, promote_after, promote, stop: _, admin } = arguments;
    let client = ask::client(admin)?;
    let Some(wanted) = wanted else {
        let (path, done) = if *promote {
            ("promote", "serves")
        } else {
            ("stop", "gets no more requests; those under way finish on it")
        };
        let answered: Answered = client.post(&format!("/admin/v1/canary/{path}"), &asked(None)).await?;
        terminal::print(&format!("{}  {}{done}\n", short(&answered.version), spaced(&answered.name)))?;
        return Ok(Exit::Done);
    };
    let terms = Asked { share: *share, key: key.clone(), promote_after: *promote_after, ..asked(None) };
    let answered = ask::change(&client, "/admin/v1/canary", wanted, terms).await?;
    steps(&answered.steps);
    let part = match (share, key) {
        (Some(share), _) => format!("{share} % of new requests"),
        (None, key) => format!("the requests of {}", key.as_deref().unwrap_or_default()),
    };
    let line = format!("{}  {}gets {part}", short(&answered.version), spaced(&answered.name));
    terminal::print(&format!("{}\n", terminal::printable(&line)))?;
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
    format!("{}  gets {rule}{after}: {candidate}, meanwhile {serving} of the others", short(digest))
}
