//! `quarry.provider`.

use std::path::PathBuf;

use super::reader::{Node, Reader};
use super::settings::ProviderConfig;
use super::signer::Signer;

/// Reads which versions of the provider may serve.
pub(super) fn read(reader: &mut Reader, node: &Node<'_, '_>, provider: &mut ProviderConfig) {
    let members = reader.members(node, &["signers", "component", "watch"]);
    if let Some(node) = members.get("signers") {
        provider.signers = signers(reader, node);
    }
    if let Some(node) = members.get("component") {
        let expected = "a component: a file, oci://registry/name:tag@sha256:…, sha256:… or embedded";
        provider.component = reader.text(node, expected).map(str::to_owned);
    }
    if let Some(node) = members.get("watch") {
        match reader.text(node, "a folder") {
            Some("") => reader.wrong(node, "this names no folder", "a folder"),
            path => provider.watch = path.map(PathBuf::from),
        }
    }
}

fn signers(reader: &mut Reader, node: &Node<'_, '_>) -> Vec<Signer> {
    let mut signers: Vec<Signer> = Vec::new();
    for element in reader.elements(node) {
        let expected = "a minisign public key: the second line of minisign.pub, which begins with `RW`";
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
