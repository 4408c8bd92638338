//! `quarry keys`.

use anyhow::{Context as _, bail};
use quarry_config::gateway::{GatewayConfig, KeyConfig, KeyHash};
use quarry_config::{
    ChosenBy, ConfigEdit, ConfigFile, EditValue, Environment, Location, Segment, locate, locate_for_edit,
};
use quarry_gateway::generate_key;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::arguments::{AddKeyArguments, Global, ListKeysArguments, RevokeKeyArguments};
use super::exit::Exit;
use super::setup::ProblemsTold;
use super::{setup, terminal};

/// The gateway's own part of the configuration.
pub(super) const SECTION: &str = "quarry";

/// Where the keys are in the configuration.
const KEYS: [&str; 2] = [SECTION, "keys"];

pub(crate) fn add(global: &Global, arguments: &AddKeyArguments) -> anyhow::Result<Exit> {
    let location = locate_for_edit(global.config.as_deref(), &Environment::of_process())?;
    let mut edit = ConfigEdit::open(&location)?;
    let Ok(keys) = keys_of(edit.file()) else { return Ok(Exit::Usage) };
    check_whose_file(&location, &edit)?;
    let name = &arguments.name;
    if keys.iter().any(|key| key.name == *name) {
        bail!("the key `{name}` exists already; choose another name, or revoke it first: quarry keys revoke {name}");
    }
    let key = generate_key().context("the operating system returned no random bytes for a key")?;
    edit.append(&Segment::members(KEYS), entry(arguments, &key))?;
    let path = edit.path().display().to_string();
    edit.save()?;
    if let Err(error) = terminal::print_line(key.expose_secret()) {
        terminal::tell_line(&format!(
            "error: the key was written to {path} and could not be shown ({error}); remove it: quarry keys revoke {name}"
        ));
        return Ok(Exit::Failed);
    }
    terminal::tell_line(&format!(
        "The key above is not shown again: {path} has only its hash, under the name `{name}`."
    ));
    terminal::tell_line(
        "Clients send it as `Authorization: Bearer KEY` or `x-api-key: KEY`; SDKs read OPENAI_API_KEY or ANTHROPIC_API_KEY.",
    );
    if keys.is_empty() {
        terminal::tell_line("This is the first key: from now on every client needs one.");
    }
    Ok(Exit::Done)
}

/// The keys of the configuration. All its problems are reported at once.
fn keys_of(file: Option<&ConfigFile>) -> Result<Vec<KeyConfig>, ProblemsTold> {
    GatewayConfig::read(file).map(|config| config.keys).map_err(|problems| {
        setup::tell_problems(&problems);
        ProblemsTold
    })
}

/// OpenClaw does not start with a member in its file that it does not know (its documentation on strict validation). So that file
/// gets no `quarry` member unless it has one, or is named.
pub(super) fn check_whose_file(location: &Location, edit: &ConfigEdit) -> anyhow::Result<()> {
    if location.chosen_by == ChosenBy::OpenClaw && !edit.contains(&Segment::members(KEYS[..1].iter().copied())) {
        let path = location.path.display();
        bail!(
            "{path} is OpenClaw's file; a `quarry` member would stop OpenClaw from starting. Copy it to ~/.config/quarry/config.json5 \
             (Quarry then reads that instead), or name another file with --config"
        );
    }
    Ok(())
}

/// A key as it stands in the configuration.
fn entry(arguments: &AddKeyArguments, key: &SecretString) -> EditValue {
    let AddKeyArguments { name, models, concurrency, requests_per_minute, burst } = arguments;
    let mut members = vec![
        ("name", EditValue::from(name.as_str())),
        ("hash", EditValue::from(KeyHash::of(key).to_string().as_str())),
    ];
    if !models.is_empty() {
        members.push(("models", EditValue::list(models.iter().map(|model| EditValue::from(model.as_str())))));
    }
    let number = |limit: u32| EditValue::from(u64::from(limit));
    members.extend(concurrency.map(|limit| ("concurrency", number(limit))));
    members.extend(requests_per_minute.map(|limit| ("requestsPerMinute", number(limit))));
    members.extend(burst.map(|limit| ("burst", number(limit))));
    EditValue::object(members)
}

pub(crate) fn list(global: &Global, arguments: &ListKeysArguments) -> anyhow::Result<Exit> {
    let file = match locate(global.config.as_deref(), &Environment::of_process())? {
        Some(location) => Some(ConfigFile::read(&location)?),
        None => None,
    };
    let Ok(keys) = keys_of(file.as_ref()) else { return Ok(Exit::Usage) };
    if arguments.json {
        let keys: Vec<_> = keys.iter().map(as_json).collect();
        terminal::print_json(&keys)?;
    } else if keys.is_empty() {
        terminal::tell_line("There are no keys: the gateway admits every client, and listens on this machine only.");
    } else {
        terminal::print(&table(&keys))?;
    }
    Ok(Exit::Done)
}

fn as_json(key: &KeyConfig) -> serde_json::Value {
    json!({
        "name": key.name,
        "hash": key.hash.short(),
        "models": key.models,
        "concurrency": key.concurrency,
        "requestsPerMinute": key.requests_per_minute,
        "burst": key.burst,
    })
}

fn table(keys: &[KeyConfig]) -> String {
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "-".to_owned());
    let head = ["NAME", "HASH", "CONCURRENT", "PER MINUTE", "MODELS"].map(str::to_owned);
    let row = |key: &KeyConfig| {
        let models = if key.models.is_empty() { "all".to_owned() } else { key.models.join(",") };
        let at_once = limit(key.concurrency.map(|most| most.to_string()));
        [
            key.name.clone(),
            key.hash.short(),
            at_once,
            limit(key.requests_per_minute.map(|most| most.to_string())),
            models,
        ]
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(keys.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    for [name, hash, at_once, a_minute, models] in &rows {
        let [w0, w1, w2, w3] = widths;
        let line = format!("{name:w0$}  {hash:w1$}  {at_once:>w2$}  {a_minute:>w3$}  {models}");
        terminal::push_line(&mut text, &line);
    }
    text
}

pub(crate) fn revoke(global: &Global, arguments: &RevokeKeyArguments) -> anyhow::Result<Exit> {
    let name = &arguments.name;
    let Some(location) = locate(global.config.as_deref(), &Environment::of_process())? else {
        bail!("the key `{name}` does not exist, because there is no configuration file");
    };
    let mut edit = ConfigEdit::open(&location)?;
    let Ok(keys) = keys_of(edit.file()) else { return Ok(Exit::Usage) };
    let Some(index) = keys.iter().position(|key| key.name == *name) else {
        let names: Vec<String> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
        let there_are =
            if names.is_empty() { "it has no keys".to_owned() } else { format!("its keys are {}", names.join(", ")) };
        bail!("the key {name:?} is not in {}; {there_are}", location.path.display());
    };
    let mut path = Segment::members(KEYS);
    path.push(Segment::Element(index));
    edit.remove(&path)?;
    let file = edit.path().display().to_string();
    edit.save()?;
    terminal::tell_line(&format!("The key `{name}` is removed from {file}."));
    if keys.len() == 1 {
        terminal::tell_line(
            "It was the last one. A running gateway rejects every request until a key is added; after a restart it needs no key and listens on this machine only.",
        );
    }
    Ok(Exit::Done)
}
