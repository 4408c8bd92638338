//! Reading `models.providers.amazon-bedrock`.

use super::model;
use super::params::CACHE_RETENTIONS;
use super::partial::{Partial, over};
use super::reader::{Node, Reader};

const KNOWN: &[&str] = &["baseUrl", "api", "auth", "headers", "apiKey", "models", "cacheRetention"];

/// Members that only the host reads: they decide where requests go.
const HOSTS: &[&str] = &["baseUrl", "api", "auth", "headers", "apiKey"];

/// Members that OpenClaw has for providers and that mean nothing for Bedrock. They may stay where they are.
const OPENCLAWS: &[&str] = &["authHeader", "injectNumCtxForOpenAICompat", "request"];

/// Reads the provider's object.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object") else { return };
    for member in &members {
        let node = &member.node;
        match member.name {
            "cacheRetention" => over(&mut partial.cache_retention, reader.choice(node, CACHE_RETENTIONS)),
            "models" => over(&mut partial.models, model::read_all(reader, node)),
            // Not a member of the provider in OpenClaw's files, and often looked for here.
            "region" => reader.warn_of_member(
                member,
                "region is not a member of the provider and is ignored".to_owned(),
                "`models.bedrockDiscovery.region`",
            ),
            name if HOSTS.contains(&name) || OPENCLAWS.contains(&name) => {}
            _ => reader.unknown(member, KNOWN),
        }
    }
}
