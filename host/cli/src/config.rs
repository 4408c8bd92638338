//! `quarry config`.

mod check;
mod edit;
mod explain;
mod known;

use anyhow::bail;
use quarry_config::schema::schema;
use quarry_config::{ConfigFile, ConfigText, Environment, Shown, locate, locate_for_edit, nearest};
use quarry_contract::json::problem::ConfigProblemForm;
use serde_json::{Value, json};

use super::arguments::{ConfigCommand, GetArguments, Global, ValidateArguments};
use super::exit::Exit;
use super::{problems, terminal};

pub(crate) fn run(global: &Global, command: &ConfigCommand) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Get(arguments) => get(global, arguments),
        ConfigCommand::Set(arguments) => edit::set(global, arguments),
        ConfigCommand::Unset(arguments) => edit::unset(global, arguments),
        ConfigCommand::Validate(arguments) => validate(global, arguments),
        ConfigCommand::Path => path(global),
        ConfigCommand::Explain(arguments) => explain::run(global, arguments),
        ConfigCommand::Schema => terminal::print_json(&schema()).map(|()| Exit::Done),
    }
}

/// The file, where there is one.
fn file(global: &Global) -> anyhow::Result<Option<ConfigFile>> {
    let location = locate(global.config.as_deref(), &Environment::of_process())?;
    Ok(location.map(|location| ConfigFile::read(&location)).transpose()?)
}

fn get(global: &Global, GetArguments { path, json }: &GetArguments) -> anyhow::Result<Exit> {
    let shown = Shown(&path.0);
    let Some(file) = file(global)? else {
        bail!(
            "{shown} is not set: there is no configuration file; `quarry config explain {shown}` shows the effective values"
        );
    };
    let text = ConfigText::of(&file);
    let Some(value) = text.value(&path.0) else {
        let (last, around) = path.0.split_last().map_or((String::new(), path.0.as_slice()), |(last, around)| {
            (Shown(std::slice::from_ref(last)).to_string(), around)
        });
        let names = text.names(around);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let advice = match nearest(&last, &names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("`quarry config explain {shown}` shows the effective values"),
        };
        bail!("{shown} is not set in {}; {advice}", file.path().display());
    };
    match &value {
        Value::String(text) if !json => terminal::print_document(&format!("{text}\n"))?,
        other => terminal::print_json(other)?,
    }
    Ok(Exit::Done)
}

fn path(global: &Global) -> anyhow::Result<Exit> {
    let environment = Environment::of_process();
    let location = locate_for_edit(global.config.as_deref(), &environment)?;
    terminal::print_line(&format!("{}", location.path.display()))?;
    if !location.path.exists() {
        terminal::tell_line(&format!("{}; the file does not exist yet", location.chosen_by));
    }
    Ok(Exit::Done)
}

fn validate(global: &Global, arguments: &ValidateArguments) -> anyhow::Result<Exit> {
    let file = file(global)?;
    let checked = check::Checker::new(global)?.check(file.as_ref())?;
    if arguments.json {
        let problems: Vec<Value> = checked
            .iter()
            .cloned()
            .map(|problem| serde_json::to_value(ConfigProblemForm::from(problem)))
            .collect::<Result<_, _>>()?;
        let valid = !check::any_error(&checked);
        let path = file.as_ref().map(|file| file.path().display().to_string());
        let answer = json!({ "valid": valid, "path": path, "problems": problems });
        terminal::print_json(&answer)?;
    } else {
        terminal::tell(&problems::of_configuration(&checked));
        let name =
            file.as_ref().map_or("no file; a file is optional".to_owned(), |file| file.path().display().to_string());
        let verdict = if check::any_error(&checked) { "cannot be used" } else { "can be used" };
        terminal::print_line(&format!("the configuration {verdict} ({name})"))?;
    }
    Ok(if check::any_error(&checked) { Exit::Usage } else { Exit::Done })
}
