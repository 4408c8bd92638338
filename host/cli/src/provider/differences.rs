//! What a version does differently from the active one: shown, and accepted.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use quarry_gateway::admin::client::{AdminClient, ClientError};
use quarry_gateway::admin::{Answered, Asked, Problem};
use quarry_system::printable::shell_word;
use quarry_versions::compare::{AllowError, AllowList, KindReport};
use quarry_versions::source::Source;
use quarry_versions::{Acceptance, AcceptedKind, Behaviour, DifferentKind, EVERYTHING};

use super::ask;
use super::versions::{short, steps};
use crate::arguments::AcceptArguments;
use crate::terminal::{self, push_line};
use quarry_embedded::embedded_digest;

/// Most characters of a value that are shown, so that it stays in its line.
const SHOWN: usize = 72;

impl AcceptArguments {
    /// What the command line accepts.
    ///
    /// # Errors
    /// When the allow file cannot be read.
    pub(crate) fn acceptance(&self) -> Result<Acceptance, AllowError> {
        let AcceptArguments { accept, accept_all, allow } = self;
        let file = allow.as_deref().map(AllowList::read).transpose()?.unwrap_or_default();
        let flags = if *accept_all { vec![EVERYTHING.to_owned()] } else { accept.clone() };
        Ok(Acceptance { flags, file: file.entries().to_vec(), ..Acceptance::default() })
    }

    /// The same, as a gateway is asked.
    ///
    /// # Errors
    /// As [`AcceptArguments::acceptance`].
    pub(super) fn terms(&self, terms: Asked) -> Result<Asked, AllowError> {
        let Acceptance { flags, file, .. } = self.acceptance()?;
        Ok(Asked { accept: flags, allow: file, ..terms })
    }
}

/// Asks for a change with a version that may do something differently, and tells the steps. Differences that were not accepted are
/// shown; on a terminal the person may accept them, else there is no answer. `command` is what was typed, without what it accepts.
///
/// # Errors
/// When the change was not made for another reason.
pub(super) async fn change(
    client: &AdminClient,
    path: &str,
    source: &Source,
    terms: Asked,
    command: &str,
    candidate: &str,
) -> anyhow::Result<Option<Answered>> {
    let mut terms = terms;
    loop {
        let error = match ask::change(client, path, source, terms.clone()).await {
            Ok(answered) => {
                steps(&answered.steps);
                terminal::tell(&answered.behaviour.as_ref().map(accepted).unwrap_or_default());
                return Ok(Some(answered));
            }
            Err(error) => error,
        };
        let Some(ClientError::Refused(Problem { behaviour: Some(behaviour), list, .. })) = error.downcast_ref() else {
            return Err(error);
        };
        terminal::tell(&unaccepted(behaviour, command, candidate));
        if !is_agreed()? {
            return Ok(None);
        }
        terms.accept_list = *list;
    }
}

/// Asks the person at the terminal, if there is one.
fn is_agreed() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    terminal::tell("Accept these differences and continue? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What differs and was accepted: a line a kind.
pub(super) fn accepted(behaviour: &Behaviour) -> String {
    let mut text = String::new();
    for DifferentKind { report: KindReport { kind, count, .. }, accepted } in &behaviour.kinds {
        let how = match accepted {
            Some(AcceptedKind { by, .. }) => format!("accepted {}", by.label()),
            None => "not accepted".to_owned(),
        };
        push_line(&mut text, &format!("differs {kind}  {}, {how}", inputs(*count)));
    }
    text
}

/// What was not accepted, for a person, and the command that accepts it.
pub(super) fn unaccepted(behaviour: &Behaviour, command: &str, candidate: &str) -> String {
    let mut text = String::new();
    let mut line = |line: &str| push_line(&mut text, line);
    line(&format!(
        "refused at behaviour, compared with the active version {}: {}. Nothing was changed. Not accepted:",
        short(&behaviour.against),
        behaviour.summary()
    ));
    let mut flags = String::new();
    for DifferentKind { report, .. } in behaviour.kinds.iter().filter(|kind| kind.accepted.is_none()) {
        let KindReport { kind, about, count, first_in, place, old, new, specimen, .. } = report;
        line(&format!("{kind}  {}: {about}", inputs(*count)));
        if !place.is_empty() {
            line(&format!("    at       {place}"));
        }
        line(&format!("    old      {}", shown(old.as_deref())));
        line(&format!("    new      {}", shown(new.as_deref())));
        let size = specimen.as_ref().map_or_else(String::new, |smallest| {
            format!(", {} bytes for {}", smallest.given.to_string().len(), smallest.verb)
        });
        line(&format!("    smallest {first_in}{size}"));
        flags.push_str(" --accept ");
        let is_plain = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
        flags.push_str(&if is_plain { kind.clone() } else { shell_word(kind) });
    }
    let active = if behaviour.against == embedded_digest() { "embedded" } else { "ACTIVE.wasm" };
    line(&format!("To see the inputs:  quarry provider diff {active} {candidate} --json"));
    line(&format!("To accept:          {command}{flags}"));
    text
}

fn inputs(count: u64) -> String {
    if count == 1 { "1 input".to_owned() } else { format!("{count} inputs") }
}

/// A value, or that there is none, cut to a line.
fn shown(value: Option<&str>) -> String {
    let value = value.unwrap_or("nothing");
    match value.char_indices().nth(SHOWN) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}
