//! `quarry completions` and `quarry man`: made from the same definitions that the arguments are parsed by.

use std::fs;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::arguments::{Arguments, CompletionsArguments, ManArguments};
use super::exit::Exit;
use super::terminal;

pub(crate) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "quarry", &mut script);
    terminal::print_document(&String::from_utf8(script).context("the script is not text")?)?;
    Ok(Exit::Done)
}

pub(crate) fn manual_pages(ManArguments { folder }: &ManArguments) -> anyhow::Result<Exit> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    clap_mangen::generate_to(Arguments::command(), folder)
        .with_context(|| format!("cannot write the pages into {}", folder.display()))?;
    terminal::tell_line(&format!("written: man -l {}", folder.join("quarry.1").display()));
    Ok(Exit::Done)
}
