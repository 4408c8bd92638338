//! Reading `agents.defaults`: the model to use, and other names of models.

use super::params;
use super::partial::{Partial, over};
use super::reader::{Node, Reader};
use crate::identity;

const A_REFERENCE: &str = "a model such as \"amazon-bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0\"";

/// Reads `agents.defaults`.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, partial: &mut Partial) {
    if let Some(model) = reader.child(node, "model") {
        default_model(reader, &model, partial);
    }
    if let Some(models) = reader.child(node, "models") {
        aliases(reader, &models, partial);
    }
}

fn default_model(reader: &mut Reader<'_>, node: &Node<'_>, partial: &mut Partial) {
    if node.value.text().is_some() {
        let primary = reader.text(node, A_REFERENCE);
        if let Some(found) = &primary {
            // A single value replaces the whole object that lies below, its fallbacks too.
            partial.fallbacks = Some(found.with(Vec::new()));
        }
        over(&mut partial.primary, primary);
        return;
    }
    let Some(members) = reader.members(node, "a model, or an object with primary and fallbacks") else { return };
    for member in &members {
        let node = &member.node;
        match member.name {
            "primary" => over(&mut partial.primary, reader.text(node, A_REFERENCE)),
            "fallbacks" => over(&mut partial.fallbacks, reader.texts(node, "a list of models", A_REFERENCE)),
            _ => reader.unknown(member, &["primary", "fallbacks"]),
        }
    }
}

/// Reads `agents.defaults.models`: `{"amazon-bedrock/MODEL": {alias: "NAME", params: {…}}}`. Other providers' models are read too, since
/// an alias of theirs that is the default model must not be taken for a model of Bedrock; but they are not criticised.
fn aliases(reader: &mut Reader<'_>, node: &Node<'_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object of models") else { return };
    for member in &members {
        let reference = member.name.trim();
        if let Some(id) = identity::own_model(reference) {
            if let Some(alias) = reader.child(&member.node, "alias")
                && let Some(found) = reader.text(&alias, "another name for the model, a string")
            {
                partial.aliases.insert(reference.to_owned(), found);
            }
            if member.node.value.members().is_some()
                && let Some(node) = reader.child(&member.node, "params")
                && let Some(members) = params::read(reader, &node)
            {
                partial.params.entry(id.to_owned()).or_default().extend(members);
            }
        } else if let Some(alias) = foreign_alias(&member.node) {
            partial.aliases.insert(reference.to_owned(), reader.found(&member.node, alias.trim().to_owned()));
        }
    }
}

/// The alias of another provider's model.
fn foreign_alias<'v>(node: &Node<'v>) -> Option<&'v str> {
    node.value.members()?.iter().rev().find(|member| member.name() == "alias")?.text()
}
