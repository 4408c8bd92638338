//! `quarry config set` and `unset`.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use quarry_config::{
    ConfigEdit, ConfigFile, ConfigText, EditValue, Environment, MAX_FILE_SIZE, Segment, Shown, locate_for_edit,
};
use quarry_contract::config::{Problem, Severity};

use super::super::arguments::{Editing, Global, SetArguments, UnsetArguments};
use super::super::exit::Exit;
use super::super::{keys, problems, terminal};
use super::check::{Checker, any_error};
use super::known;

pub(super) fn set(global: &Global, arguments: &SetArguments) -> anyhow::Result<Exit> {
    let SetArguments { path, value, strict_json, editing } = arguments;
    let value = match value.as_str() {
        "-" => from_standard_input()?,
        given => given.to_owned(),
    };
    let value = match EditValue::parse(&value) {
        Ok(parsed) => parsed,
        Err(error) if *strict_json => return Err(error).context("the value was rejected (--strict-json)"),
        Err(_) => EditValue::from(value.as_str()),
    };
    edit(global, &path.0, editing, |edit| {
        edit.set(&path.0, value)?;
        Ok("set")
    })
}

pub(super) fn unset(global: &Global, UnsetArguments { path, editing }: &UnsetArguments) -> anyhow::Result<Exit> {
    edit(global, &path.0, editing, |edit| {
        if !edit.remove(&path.0)? {
            bail!("{} is not set in {}; nothing was changed", Shown(&path.0), edit.path().display());
        }
        Ok("removed")
    })
}

/// What comes from a pipe ends with a line break that nobody means.
fn from_standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(MAX_FILE_SIZE).read_to_string(&mut text).context("the value cannot be read")?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Makes one change, unless the result would be worse than what was there.
fn edit(
    global: &Global,
    path: &[Segment],
    editing: &Editing,
    change: impl FnOnce(&mut ConfigEdit) -> anyhow::Result<&'static str>,
) -> anyhow::Result<Exit> {
    let location = locate_for_edit(global.config.as_deref(), &Environment::of_process())?;
    let checker = Checker::new(global)?;
    let mut edit = ConfigEdit::open(&location)?;
    if let Some(Segment::Member(first)) = path.first()
        && first == keys::SECTION
    {
        keys::check_whose_file(&location, &edit)?;
    }
    // One that must be mended by an edit must not forbid it.
    let before = checker.check(edit.file())?;
    let was_there = edit.contains(path);
    let done = change(&mut edit)?;
    let changed = ConfigFile::with_text(edit.path(), edit.text());
    let after = checker.check(Some(&changed)).context("nothing was changed")?;
    let new: Vec<Problem> =
        after.iter().filter(|problem| !before.iter().any(|old| same(old, problem))).cloned().collect();
    if any_error(&new) {
        terminal::tell(&problems::of_configuration(&new));
        terminal::tell_line("file not changed (line numbers refer to the edited text)");
        return Ok(Exit::Usage);
    }
    if !editing.allow_unknown && !was_there {
        let of_provider = checker.provider_paths()?;
        if let Some(sentence) = known::unknown(path, &of_provider, &ConfigText::of(&changed), &new) {
            terminal::tell_line(&format!("error: {sentence}"));
            terminal::tell_line("file not changed; --allow-unknown writes it anyway");
            return Ok(Exit::Usage);
        }
    }
    terminal::tell(&problems::of_configuration(&new));
    if editing.dry_run {
        terminal::print_document(&edit.text())?;
        return Ok(Exit::Done);
    }
    let file = edit.path().display().to_string();
    edit.save()?;
    terminal::print_line(&format!("{}: {} {done}", file, Shown(path)))?;
    if any_error(&after) {
        terminal::tell_line("the configuration still has errors: `quarry config validate` lists them");
    }
    Ok(Exit::Done)
}

/// Whether it is the same problem: lines move with an edit.
fn same(old: &Problem, new: &Problem) -> bool {
    let severity = |problem: &Problem| matches!(problem.severity, Severity::Error);
    severity(old) == severity(new) && old.path == new.path && old.message == new.message
}
