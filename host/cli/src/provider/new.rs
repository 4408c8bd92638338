//! `quarry provider new`.

use std::path::{Component, Path};
use std::{env, fs, io};

use anyhow::{Context as _, anyhow, bail};

use crate::arguments::NewArguments;
use crate::exit::Exit;
use crate::terminal;

/// Path and text of the project's files: the embedded provider's source as a crate of its own (`host/cli/build.rs`).
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/project.rs"));

/// What the project is called in them.
const TEMPLATE: &str = "quarry-provider-template";

/// Names that cargo or the compiler has a use of its own for.
const RESERVED: &[&str] = &["alloc", "core", "crate", "proc-macro", "self", "std", "super", "test"];

pub(crate) fn run(arguments: &NewArguments) -> anyhow::Result<Exit> {
    let folder = &arguments.folder;
    let (files, next) = if arguments.contract {
        (contract(), Vec::new())
    } else {
        let name = match &arguments.name {
            Some(name) => name.clone(),
            None => name_of(folder)?,
        };
        if let Some(wrong) = wrong_name(&name) {
            bail!("{name:?} cannot be the name of a provider: {wrong}; choose another with --name NAME");
        }
        (project(&name), next(folder, &name))
    };
    let is_there = is_there(folder)?;
    write(folder, is_there, &files).with_context(|| format!("cannot make {}", folder.display()))?;
    terminal::tell_line(&format!("{} files in {}", files.len(), folder.display()));
    next.iter().for_each(|line| terminal::tell_line(line));
    Ok(Exit::Done)
}

/// The files of a project of this name.
fn project(name: &str) -> Vec<(&'static str, String)> {
    FILES.iter().map(|(path, text)| (*path, of(path, text, name))).collect()
}

/// What a provider in any language is written against.
fn contract() -> Vec<(&'static str, String)> {
    let wanted = |path: &str| ["wit/", "cases/", "LICENSE-"].iter().any(|beginning| path.starts_with(beginning));
    FILES.iter().filter(|(path, _)| wanted(path)).map(|(path, text)| (*path, (*text).to_owned())).collect()
}

/// What to type next.
fn next(folder: &Path, name: &str) -> Vec<String> {
    let change = (folder != Path::new(".")).then(|| format!("  cd {}", folder.display()));
    let begin = [String::new(), "next:".to_owned()].into_iter().chain(change);
    let commands =
        ["provider build".to_owned(), format!("conformance {name}.wasm"), format!("provider activate {name}.wasm")];
    begin.chain(commands.map(|command| format!("  quarry {command}"))).collect()
}

/// The name of a folder, which may be `.`.
fn name_of(folder: &Path) -> anyhow::Result<String> {
    let absolute = env::current_dir().context("the working directory is unknown")?.join(folder);
    let named = absolute.components().next_back().and_then(|last| match last {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    named.map(str::to_owned).ok_or_else(|| {
        anyhow!("no provider name can be derived from {}; choose one with --name NAME", folder.display())
    })
}

/// What is wrong with a name, which is cargo's name of a package and that of the component's file.
fn wrong_name(name: &str) -> Option<String> {
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    let goes_on = |rest: char| rest.is_ascii_lowercase() || rest.is_ascii_digit() || rest == '-' || rest == '_';
    if !begins || !name.chars().all(goes_on) || name.len() > 64 {
        return Some(
            "use a lower-case letter, then lower-case letters, digits, `-` and `_`, at most 64 in all".to_owned(),
        );
    }
    let lock = FILES.iter().find(|(path, _)| *path == "Cargo.lock").map_or("", |(_, text)| *text);
    let is_a_crate = lock.lines().any(|line| line.strip_prefix("name = ") == Some(&format!("{name:?}")));
    (is_a_crate || RESERVED.contains(&name)).then(|| "a crate of this name is there already".to_owned())
}

/// Whether the folder is there, and empty.
fn is_there(folder: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(true),
        Ok(false) => bail!("{} is not empty; nothing was changed", folder.display()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(anyhow::Error::new(error).context(format!("cannot use {}", folder.display()))),
    }
}

/// Writes the project beside its place first, so that what goes wrong leaves no half of one.
fn write(folder: &Path, is_there: bool, files: &[(&str, String)]) -> io::Result<()> {
    let parent = if is_there { folder } else { parent(folder) };
    fs::create_dir_all(parent)?;
    let beside = tempfile::Builder::new().prefix(".quarry-").tempdir_in(parent)?;
    // With the permissions that a folder of this user gets, and not those of a temporary one.
    let whole = beside.path().join("project");
    for (path, text) in files {
        let file = whole.join(path);
        file.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&file, text)?;
    }
    if !is_there {
        return fs::rename(&whole, folder);
    }
    for entry in fs::read_dir(&whole)? {
        let entry = entry?;
        fs::rename(entry.path(), folder.join(entry.file_name()))?;
    }
    Ok(())
}

fn parent(folder: &Path) -> &Path {
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file with the provider's name in it.
fn of(path: &str, text: &str, name: &str) -> String {
    let text = text.replace(TEMPLATE, name);
    if path != "Cargo.lock" {
        return text;
    }
    // Cargo keeps packages sorted, and would move this one at the first build.
    let (head, packages) = text.split_once("[[package]]\n").unwrap_or((&text, ""));
    let mut packages: Vec<&str> = packages.split("[[package]]\n").map(str::trim_end).collect();
    packages.sort_unstable_by_key(|package| package.lines().next());
    format!("{head}[[package]]\n{}\n", packages.join("\n\n[[package]]\n"))
}
