//! `quarry.provider`.

use std::path::PathBuf;

use super::super::reader::{Item, Reader};
use super::super::schema::names_below;
use super::settings::{ProviderConfig, QuarantineConfig};
use super::signer::Signer;

/// The longest time that requests of a version that was retired may be given, in seconds.
const LONGEST_DRAIN: f64 = 24.0 * 3600.0;

/// More faults than this are not remembered, and so no more streams are looked at (`Faults`).
const MOST: u64 = 1000;

/// Reads which versions of the provider may serve.
pub(super) fn read(reader: &mut Reader, node: &Item<'_>, provider: &mut ProviderConfig) {
    let members = reader.settings(node, &names_below("quarry.provider"));
    if let Some(node) = members.get("signers") {
        provider.signers = signers(reader, node);
    }
    if let Some(node) = members.get("component") {
        let expected = "a component: a file, oci://registry/name:tag@sha256:…, sha256:… or embedded";
        provider.component = reader.text(node, expected).map(str::to_owned);
    }
    if let Some(node) = members.get("watch") {
        match reader.text(node, "a folder") {
            Some("") => reader.wrong(node, "this is not the path of a folder", "a folder"),
            path => provider.watch = path.map(PathBuf::from),
        }
    }
    reader.flag(&members, "allowDowngrade", &mut provider.allow_downgrade);
    if let Some(node) = members.get("accept") {
        provider.accept = kinds(reader, node);
    }
    if let Some(node) = members.get("params") {
        let elements = reader.elements(node);
        provider.params = elements
            .iter()
            .filter_map(|element| reader.text(element, "the name of a member of `params`").map(str::to_owned))
            .collect();
    }
    reader.seconds(&members, "drainSeconds", 0.0..=LONGEST_DRAIN, &mut provider.drain);
    if let Some(streams) = reader.whole(&members, "probationStreams", 0..=1_000_000) {
        provider.probation = streams;
    }
    if let Some(node) = members.get("quarantine") {
        quarantine(reader, node, &mut provider.quarantine);
    }
}

fn quarantine(reader: &mut Reader, node: &Item<'_>, quarantine: &mut QuarantineConfig) {
    let members = reader.settings(node, &names_below("quarry.provider.quarantine"));
    if let Some(faults) = reader.whole(&members, "faults", 1..=MOST) {
        quarantine.faults = faults;
    }
    if let Some(streams) = reader.whole(&members, "streams", 1..=MOST) {
        quarantine.streams = streams;
    }
}

/// Kinds of differences. A blank one would cover nothing.
fn kinds(reader: &mut Reader, node: &Item<'_>) -> Vec<String> {
    let expected = "a kind of difference, as `quarry provider diff` shows it, such as `request` or `delta/done/*`";
    let mut kinds = Vec::new();
    for element in reader.elements(node) {
        match reader.text(&element, expected) {
            Some(kind) if kind.trim().is_empty() => reader.wrong(&element, "this is blank", expected),
            Some(kind) => kinds.push(kind.to_owned()),
            None => {}
        }
    }
    kinds
}

fn signers(reader: &mut Reader, node: &Item<'_>) -> Vec<Signer> {
    let mut signers: Vec<Signer> = Vec::new();
    for element in reader.elements(node) {
        let expected = "a minisign public key: the second line of minisign.pub, which starts with `RW`";
        let Some(text) = reader.text(&element, expected) else { continue };
        match text.parse::<Signer>() {
            // A list that looks like two keys and has one would mislead.
            Ok(signer) if signers.contains(&signer) => {
                reader.wrong(&element, format!("key {} is in the list already", signer.id()), "each key once");
            }
            Ok(signer) => signers.push(signer),
            Err(error) => reader.wrong(&element, format!("this is {error}"), expected),
        }
    }
    signers
}
