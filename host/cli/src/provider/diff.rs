//! `quarry provider diff`.

use std::path::Path;
use std::sync::Arc;

use quarry_config::Environment;
use quarry_conformance::source::Source;
use quarry_conformance::{generated, recordings};
use quarry_contract::json::Json;
use quarry_provider_host::{AotCache, Generation, Host, Limits, LoadError};
use quarry_versions::compare::{
    AllowList, Bounds, Comparison, Differences, Group, ReachReport, of_cases, of_generated, of_recordings,
};
use serde::Serialize;

use crate::arguments::DiffArguments;
use crate::exit::Exit;
use crate::terminal::push_line as line;
use crate::{setup, terminal};

/// What stands for the component of this binary.
const EMBEDDED: &str = "embedded";

pub(crate) fn run(arguments: &DiffArguments) -> anyhow::Result<Exit> {
    let allowed = arguments.allow.as_deref().map(AllowList::read).transpose()?.unwrap_or_default();
    let host = Arc::new(Host::new(Limits::default())?);
    let cache = setup::aot_cache(&Environment::of_process());
    let old = load(&host, &arguments.old, cache.as_ref())?;
    let new = load(&host, &arguments.new, cache.as_ref())?;
    let cases = arguments
        .cases
        .as_deref()
        .map_or(Source::Component(quarry_embedded::EMBEDDED_NAME, quarry_embedded::EMBEDDED), Source::Folder)
        .cases()?;
    let mut specimens = of_cases(&cases, &old);
    // Who names cases wants those and no others.
    if arguments.cases.is_none() {
        specimens.extend(of_generated(generated::inputs(&generated::models::of_cases(&cases))));
    }
    if let Some(folder) = &arguments.recordings {
        specimens.extend(of_recordings(&recordings::find(folder)?));
    }
    let comparison = Comparison::new(old, new);
    let mut differences = Differences::new(Bounds { prompts: arguments.prompts, ..Bounds::default() });
    for specimen in &specimens {
        differences.add(&comparison, specimen);
    }
    let told = told(&differences, &allowed);
    if arguments.json {
        terminal::print_json(&told)?;
    } else {
        terminal::print(&shown(&told))?;
    }
    let wanted = told.kinds.iter().all(|kind| kind.allowed.is_some()) && told.beyond == 0;
    Ok(if wanted { Exit::Done } else { Exit::Failed })
}

fn load(host: &Arc<Host>, component: &Path, cache: Option<&AotCache>) -> Result<Arc<Generation>, LoadError> {
    if component == Path::new(EMBEDDED) {
        Generation::load(host, quarry_embedded::EMBEDDED_NAME, quarry_embedded::EMBEDDED, cache)
    } else {
        Generation::from_file(host, component, cache)
    }
}

/// The result, as `--json` prints it.
#[derive(Serialize)]
struct Told<'a> {
    /// Inputs that both ran on.
    specimens: u64,
    /// Those of them that differ in anything.
    differing: u64,
    kinds: Vec<Kind<'a>>,
    /// How often a kind was seen beyond those that are listed.
    beyond: u64,
    /// Entries of the allow-list that nothing matched.
    stale: Vec<&'a str>,
    /// What the inputs reach.
    reach: ReachReport,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kind<'a> {
    kind: &'a str,
    count: u64,
    first_in: &'a str,
    place: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    /// Why it is wanted, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    specimen: Option<Smallest>,
    /// Why there is no specimen.
    #[serde(skip_serializing_if = "str::is_empty")]
    withheld: &'a str,
}

#[derive(Serialize)]
struct Smallest {
    verb: &'static str,
    given: Json,
}

fn told<'a>(differences: &'a Differences, allowed: &'a AllowList) -> Told<'a> {
    let kinds: Vec<&str> = differences.groups().iter().map(|group| group.kind.as_str()).collect();
    let kind = |group: &'a Group| Kind {
        kind: &group.kind,
        count: group.count,
        first_in: &group.first_in,
        place: &group.difference.place,
        old: group.difference.old.as_deref(),
        new: group.difference.new.as_deref(),
        allowed: allowed.reason(&group.kind),
        specimen: group.specimen.as_ref().map(|specimen| Smallest { verb: specimen.verb(), given: specimen.json() }),
        withheld: group.withheld,
    };
    Told {
        specimens: differences.specimens(),
        differing: differences.differing(),
        kinds: differences.groups().iter().map(kind).collect(),
        beyond: differences.beyond(),
        stale: allowed.stale(&kinds),
        reach: differences.reach().into(),
    }
}

/// For a person: a line a kind, below it where it is and what both have there.
fn shown(told: &Told<'_>) -> String {
    let mut text = String::new();
    let width = told.kinds.iter().map(|kind| kind.kind.chars().count()).max().unwrap_or_default();
    for Kind { kind, count, first_in, place, old, new, allowed, specimen, withheld } in &told.kinds {
        let noun = if *count == 1 { "input" } else { "inputs" };
        line(&mut text, &format!("{kind:width$}  {count} {noun}, first in {first_in}"));
        if let Some(reason) = allowed {
            line(&mut text, &format!("    allowed  {reason}"));
            continue;
        }
        line(&mut text, &format!("    at       {place}"));
        match specimen {
            Some(Smallest { verb, given }) => {
                line(&mut text, &format!("    old      {}", old.unwrap_or("nothing")));
                line(&mut text, &format!("    new      {}", new.unwrap_or("nothing")));
                line(&mut text, &format!("    smallest {} bytes for {verb}; --json shows it", given.0.len()));
            }
            None => line(&mut text, &format!("    values   not shown: {withheld}")),
        }
    }
    for entry in &told.stale {
        line(&mut text, &format!("stale: the entry {entry:?} of the allow-list matches no difference; remove it"));
    }
    if told.beyond > 0 {
        line(&mut text, &format!("{} differences of further kinds", told.beyond));
    }
    told.reach.reach.summary().lines().for_each(|reached| line(&mut text, reached));
    let allowed = told.kinds.iter().filter(|kind| kind.allowed.is_some()).count();
    line(
        &mut text,
        &format!(
            "{} of {} inputs differ, in {} kinds, {allowed} of them allowed",
            told.differing,
            told.specimens,
            told.kinds.len()
        ),
    );
    text
}
