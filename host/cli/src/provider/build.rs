//! `quarry provider build`.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context as _, bail};
use quarry_conformance::own::put_into;
use quarry_provider_host::{Digest, encode};
use serde::Deserialize;

use crate::arguments::BuildArguments;
use crate::exit::Exit;
use crate::terminal;

/// The target without WASI, so that a component imports nothing.
const TARGET: &str = "wasm32-unknown-unknown";

pub(crate) fn run(arguments: &BuildArguments) -> anyhow::Result<Exit> {
    let folder = &arguments.folder;
    if !folder.join("Cargo.toml").is_file() {
        bail!(
            "{} is not a project, because it has no Cargo.toml; `quarry provider new DIR` creates one",
            folder.display()
        );
    }
    let Some(Built { name, module }) = cargo(folder, &arguments.cargo)? else { return Ok(Exit::Failed) };
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut component = encode(&module.display().to_string(), &bytes)?;
    let own = folder.join("cases");
    let cases = match own.is_dir() {
        true => {
            put_into(&name, &mut component, &own).context("the project's cases cannot be put into the component")?
        }
        false => 0,
    };
    let file = arguments.out.clone().unwrap_or_else(|| match folder == Path::new(".") {
        true => PathBuf::from(format!("{name}.wasm")),
        false => folder.join(format!("{name}.wasm")),
    });
    replace(&file, &component).with_context(|| format!("cannot write {}", file.display()))?;
    terminal::print_line(&format!("{}  {:?}", file.display(), Digest::of(&component)))?;
    terminal::tell_line(&format!(
        "{} bytes, {cases} cases; test it with `quarry conformance {}`",
        component.len(),
        file.display()
    ));
    Ok(Exit::Done)
}

/// What cargo built.
struct Built {
    /// The package's name.
    name: String,
    /// The core module.
    module: PathBuf,
}

/// A line of cargo's own account (`--message-format json`), as far as it is of use here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Builds the core module. None when the build failed, which cargo told.
fn cargo(folder: &Path, more: &[String]) -> anyhow::Result<Option<Built>> {
    // In the project's folder, so that its toolchain is the one that is used. An rlib beside the module would forbid to optimise
    // over all crates, so no more than the module is asked for.
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&program)
        .current_dir(folder)
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--release", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .args(more)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| {
            format!("cannot start {}; install Rust (https://rustup.rs) to build the project", program.display())
        })?;
    if !output.status.success() {
        terminal::tell_line("the project does not build");
        return Ok(None);
    }
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let artifacts = messages.filter(|message: &Message| message.reason == "compiler-artifact");
    let mut built = artifacts.filter_map(|Message { package_id, filenames, .. }| {
        let is_module = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "wasm");
        Some(Built { name: name(&package_id)?, module: filenames.into_iter().find(is_module)? })
    });
    // Whatever it needed came before it.
    let Some(built) = built.next_back() else {
        bail!("cargo built no module: add `cdylib` to the project's `crate-type`")
    };
    Ok(Some(built))
}

/// The name in a package's id: `path+file:///folder#name@0.1.0`, or without the name where the folder has it.
fn name(package_id: &str) -> Option<String> {
    let (path, fragment) = package_id.rsplit_once('#')?;
    let name = match fragment.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next()?,
    };
    Some(name.to_owned())
}

/// Writes a file whole or not at all, over the one of the build before.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // With the permissions that a file of this user gets, and not those of a temporary one.
    let everybody = fs::Permissions::from_mode(0o666);
    let mut written = tempfile::Builder::new().prefix(".quarry-").permissions(everybody).tempfile_in(folder)?;
    written.write_all(bytes)?;
    written.persist(file).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_packages_name_is_in_its_id() {
        assert_eq!(name("path+file:///a/folder#mine@0.1.0").as_deref(), Some("mine"));
        assert_eq!(name("path+file:///a/mine#0.1.0").as_deref(), Some("mine"));
        assert_eq!(name("nothing"), None);
    }
}
