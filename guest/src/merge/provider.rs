//! Reading `models.providers.amazon-bedrock`.

use jsonc_parser::ast::Value;

use super::endpoint;
use super::model;
use super::partial::{Found, Partial, Said, over};
use super::reader::{Node, Reader, shown};
use crate::identity::API;

/// How requests may be authenticated (OpenClaw's set).
pub(super) const AUTHS: &[&str] = &["aws-sdk", "api-key", "oauth", "token"];

/// How long the prompt cache may be asked to keep things (pi's set).
pub(super) const CACHE_RETENTIONS: &[&str] = &["none", "short", "long"];

const KNOWN: &[&str] = &["baseUrl", "api", "auth", "headers", "apiKey", "models", "cacheRetention"];

/// Members that OpenClaw has for providers and that mean nothing for Bedrock. They may stay where they are.
const OPENCLAWS: &[&str] = &["authHeader", "injectNumCtxForOpenAICompat", "request"];

/// Reads the provider's object.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_, '_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object") else { return };
    for member in &members {
        let node = &member.node;
        match member.name {
            "baseUrl" => over(&mut partial.base_url, base_url(reader, node)),
            "api" => over(&mut partial.api, api(reader, node)),
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

/// Reads an endpoint.
pub(super) fn base_url(reader: &mut Reader<'_>, node: &Node<'_, '_>) -> Said<String> {
    let url = reader.text(node, endpoint::A_BASE_URL)?;
    if let Some(fault) = endpoint::fault_of_base_url(&url.value) {
        // The address itself is not repeated: it may have a password in it.
        reader.error(node, format!("{} {fault}", node.path.name), endpoint::A_BASE_URL);
        return None;
    }
    Some(url)
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

/// Reads the name of an API: there is one that this provider speaks.
pub(super) fn api(reader: &mut Reader<'_>, node: &Node<'_, '_>) -> Said<String> {
    reader.choice(node, &[API])
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
