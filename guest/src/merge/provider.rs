//! Reading `models.providers.amazon-bedrock`.

use jsonc_parser::ast::Value;

use super::endpoint;
use super::model;
use super::params::CACHE_RETENTIONS;
use super::partial::{Found, Partial, over};
use super::reader::{Node, Reader, shown};
use crate::identity::API;

/// How requests may be authenticated (OpenClaw's set).
pub(super) const AUTHS: &[&str] = &["aws-sdk", "api-key", "oauth", "token"];

const KNOWN: &[&str] = &["baseUrl", "api", "auth", "headers", "apiKey", "models", "cacheRetention"];

/// Members that OpenClaw has for providers and that mean nothing for Bedrock. They may stay where they are.
const OPENCLAWS: &[&str] = &["authHeader", "injectNumCtxForOpenAICompat", "request"];

/// Reads the provider's object.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_, '_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object") else { return };
    for member in &members {
        let node = &member.node;
        match member.name {
            "baseUrl" => over(&mut partial.base_url, endpoint::read(reader, node)),
            "api" => over(&mut partial.api, reader.choice(node, &[API])),
            "auth" => over(&mut partial.auth, reader.choice(node, AUTHS)),
            "cacheRetention" => over(&mut partial.cache_retention, reader.choice(node, CACHE_RETENTIONS)),
            "headers" => headers(reader, node, partial),
            "models" => over(&mut partial.models, model::read_all(reader, node)),
            "apiKey" => api_key(reader, node),
            // Not a member of the provider in OpenClaw's files, and often looked for here.
            "region" => reader.warn_of_member(
                member,
                "region is not a member of the provider and does nothing".to_owned(),
                "`models.bedrockDiscovery.region`",
            ),
            name if OPENCLAWS.contains(&name) => {}
            _ => reader.unknown(member, KNOWN),
        }
    }
}

/// Checks the key's kind. The host reads the key itself; what reaches a provider is masked and says nothing.
fn api_key(reader: &mut Reader<'_>, node: &Node<'_, '_>) {
    match node.value {
        Value::StringLit(_) => {}
        // OpenClaw's SecretRef: where else the key is.
        Value::Object(_) => reader.warning(
            node,
            "apiKey names a place of a secret, which is not looked up; this key is not used".to_owned(),
            "the key itself, or AWS_BEARER_TOKEN_BEDROCK",
        ),
        _ => reader.wrong_kind(node, "the key, a string"),
    }
}

fn headers(reader: &mut Reader<'_>, node: &Node<'_, '_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object of header names and values") else { return };
    for member in &members {
        let name = member.name;
        let lower = name.to_ascii_lowercase();
        if !is_header_name(name) {
            reader.error(&member.node, format!("{} is not a header's name", shown(name)), "a name such as `x-tenant`");
        } else if is_signers_own(&lower) {
            let message = format!("the header {name} is set when the request is signed; this one is not sent");
            reader.warn_of_member(member, message, "another header");
        } else if reader.text(&member.node, "the header's value, a string").is_some() {
            let place = reader.place(member.at);
            partial.headers.insert(lower, Found { value: name.to_owned(), place });
        }
    }
}

/// A token of RFC 9110.
fn is_header_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(allowed)
}

/// Headers that belong to the signature or the connection; pi skips them in silence.
fn is_signers_own(lower: &str) -> bool {
    matches!(lower, "authorization" | "host" | "content-length") || lower.starts_with("x-amz-")
}
