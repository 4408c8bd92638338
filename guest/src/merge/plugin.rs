//! Reading `plugins.entries.amazon-bedrock.config`, where OpenClaw has discovery and guardrail since 2026.5.

use super::discovery;
use super::partial::{Partial, over};
use super::reader::{Node, Reader};

const GUARDRAIL: &[&str] = &["guardrailIdentifier", "guardrailVersion", "streamProcessingMode", "trace"];

/// Reads the plugin's configuration. `older` is `models.bedrockDiscovery` of the same document.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, older: Option<&Node<'_>>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object") else { return };
    for member in &members {
        match member.name {
            "discovery" => {
                discovery::read(reader, &member.node, partial);
                if let Some(older) = older {
                    discovery::warn_of_both_places(reader, older, &member.node);
                }
            }
            "guardrail" => guardrail(reader, &member.node, partial),
            _ => reader.unknown(member, &["discovery", "guardrail"]),
        }
    }
}

fn guardrail(reader: &mut Reader<'_>, node: &Node<'_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object with guardrailIdentifier and guardrailVersion") else { return };
    let guardrail = &mut partial.guardrail;
    for member in &members {
        let node = &member.node;
        match member.name {
            "guardrailIdentifier" => over(&mut guardrail.identifier, reader.text(node, "the guardrail's id or ARN")),
            "guardrailVersion" => over(&mut guardrail.version, reader.text(node, "\"DRAFT\", or a number as a string")),
            "streamProcessingMode" => {
                over(&mut guardrail.stream_processing_mode, reader.choice(node, &["sync", "async"]));
            }
            "trace" => over(&mut guardrail.trace, reader.choice(node, &["enabled", "disabled", "enabled_full"])),
            _ => reader.unknown(member, GUARDRAIL),
        }
    }
}
