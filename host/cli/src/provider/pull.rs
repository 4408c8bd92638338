//! `quarry provider pull`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};
use quarry_config::Environment;
use quarry_versions::signature;
use quarry_versions::source::{Fetched, Source};

use super::registry;
use crate::arguments::{Global, PullArguments};
use crate::exit::Exit;
use crate::terminal;

pub(crate) async fn run(global: &Global, arguments: &PullArguments) -> anyhow::Result<Exit> {
    let environment = Environment::of_process();
    let Ok(provider) = registry::provider_config(global, &environment)? else { return Ok(Exit::Usage) };
    let source = Source::Oci(arguments.reference.clone());
    let Fetched { bytes, resolved, digest, signature, .. } =
        registry::fetcher(&environment).fetch(&source, &()).await?;
    let Source::Oci(reference) = resolved else { bail!("{source} resolved to {resolved}") };
    let signer = signature::verify(&bytes, signature.as_deref(), &provider.signers, SystemTime::now())
        .with_context(|| format!("{reference} was not written"))?;
    // The signature comes first: whoever watches the folder finds it beside the component.
    if let Some(signature) = &signature {
        let mut name = OsString::from(&arguments.file);
        name.push(".minisig");
        write(Path::new(&name), signature.as_bytes())?;
    }
    write(&arguments.file, &bytes)?;
    registry::print(&reference, &digest)?;
    let signed = registry::signed(signature.is_some(), signer.as_ref());
    terminal::tell_line(&format!("{} bytes written to {}; {signed}", bytes.len(), arguments.file.display()));
    Ok(Exit::Done)
}

/// Writes a file that is there whole or not at all, and that was not there before.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".quarry-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map(drop).map_err(|error| error.error)
    };
    written().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{} exists already and was not overwritten", path.display()),
        _ => anyhow::Error::new(error).context(format!("cannot write {}", path.display())),
    })
}
