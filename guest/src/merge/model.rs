//! Reading `models.providers.amazon-bedrock.models`.

use std::collections::BTreeSet;

use super::params;
use super::partial::{CostPart, ModelEntry, Said};
use super::reader::{Member, Node, Reader, shown};
use super::tree::LARGEST_EXACT;
use crate::contract::types::CostTier;
use crate::identity;

const KNOWN: &[&str] =
    &["id", "name", "reasoning", "input", "cost", "contextWindow", "maxTokens", "params", "api", "baseUrl"];

/// Members that OpenClaw has for models and that mean nothing here. They may stay where they are.
const OPENCLAWS: &[&str] = &["compat", "contextTokens"];

/// Kinds of input that the contract knows.
const INPUTS: &[&str] = &["text", "image", "document", "video"];

const COSTS: &[&str] = &["input", "output", "cacheRead", "cacheWrite", "tiers"];
const TIERS: &[&str] = &["inputTokensAbove", "input", "output", "cacheRead", "cacheWrite"];

const A_PRICE: &str = "US dollars for a million tokens, 0 or more";
const TOKENS: &str = "a number of tokens, 1 or more";

/// Reads the list. An entry with an error in it is left out, and its error told.
pub(super) fn read_all(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Vec<ModelEntry>> {
    let mut entries: Vec<ModelEntry> = Vec::new();
    let mut ids = BTreeSet::new();
    for element in reader.elements(node, "a list of models")? {
        let Some(entry) = read(reader, &element) else { continue };
        if ids.insert(entry.id.value.clone()) {
            entries.push(entry);
        } else {
            let message = format!("{} is listed already; the first entry is used", shown(&entry.id.value));
            reader.warning(&element, message, "one entry for a model");
        }
    }
    Some(entries)
}

fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<ModelEntry> {
    let members = reader.members(node, "an object with at least the member `id`")?;
    let (mut id, mut has_id) = (None, false);
    let (mut name, mut reasoning, mut input) = (None, None, None);
    let (mut context_window, mut max_tokens, mut own_params) = (None, None, None);
    let mut cost = CostPart::default();
    for member in &members {
        let node = &member.node;
        match member.name {
            "id" => (id, has_id) = (reader.text(node, "the model's id"), true),
            "name" => name = reader.text(node, "the display name, a string"),
            "reasoning" => reasoning = reader.boolean(node),
            "input" => input = inputs(reader, node),
            "cost" => cost = read_cost(reader, node),
            "contextWindow" => context_window = tokens(reader, node),
            "maxTokens" => max_tokens = tokens(reader, node),
            "params" => own_params = read_params(reader, node),
            "baseUrl" => reader.warn_of_member(
                member,
                "the baseUrl of a single model is not used".to_owned(),
                "`models.providers.amazon-bedrock.baseUrl`",
            ),
            "api" => drop(reader.choice(node, &[identity::API])),
            "headers" => reader.warn_of_member(
                member,
                "headers of a single model are not sent".to_owned(),
                "`models.providers.amazon-bedrock.headers`",
            ),
            name if OPENCLAWS.contains(&name) => {}
            _ => reader.unknown(member, KNOWN),
        }
    }
    if !has_id {
        reader.error(node, format!("{} has no id", node.path.name), "`id`, the modelId for Bedrock");
    }
    let id = id.map(|found| found.with(identity::without_prefix(&found.value).to_owned()))?;
    let place = reader.place(node.position());
    let params = own_params;
    Some(ModelEntry { place, id, name, reasoning, input, cost, context_window, max_tokens, params })
}

/// Kinds of input, each once. None at all means text, as in discovery.
fn inputs(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<Vec<String>> {
    let mut kinds: Vec<String> = Vec::new();
    for element in reader.elements(node, "a list such as [\"text\", \"image\"]")? {
        let kind = reader.choice(&element, INPUTS)?;
        if !kinds.contains(&kind.value) {
            kinds.push(kind.value);
        }
    }
    (!kinds.is_empty()).then(|| reader.found(node, kinds))
}

/// A limit in tokens: whole, parts of a token are cut off.
fn tokens(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<u64> {
    let number = reader.number(node, TOKENS)?;
    if number.value > LARGEST_EXACT {
        reader.error(node, format!("{} is too large", node.path.name), TOKENS);
        return None;
    }
    if number.value < 1.0 {
        reader.error(node, format!("{} is {}", node.path.name, number.value), TOKENS);
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within 1 and 2^53")]
    Some(number.with(number.value.floor() as u64))
}

fn read_params(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<Vec<(String, String)>> {
    let members = params::read(reader, node)?;
    Some(reader.found(node, members.into_iter().map(|(name, found)| (name, found.value)).collect()))
}

fn read_cost(reader: &mut Reader<'_>, node: &Node<'_>) -> CostPart {
    let mut cost = CostPart::default();
    let Some(members) = reader.members(node, "an object with input, output, cacheRead and cacheWrite") else {
        return cost;
    };
    for member in &members {
        match member.name {
            "input" => cost.input = price(reader, &member.node),
            "output" => cost.output = price(reader, &member.node),
            "cacheRead" => cost.cache_read = price(reader, &member.node),
            "cacheWrite" => cost.cache_write = price(reader, &member.node),
            "tiers" => cost.tiers = tiers(reader, &member.node),
            _ => reader.unknown(member, COSTS),
        }
    }
    cost
}

fn price(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<f64> {
    let number = reader.number(node, A_PRICE)?;
    if number.value < 0.0 {
        reader.error(node, format!("{} is {}", node.path.name, number.value), A_PRICE);
        return None;
    }
    // -0 is 0.
    Some(number.with(number.value.abs()))
}

fn tiers(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<Vec<CostTier>> {
    let mut tiers = Vec::new();
    for element in reader.elements(node, "a list of tiers")? {
        let members = reader.members(&element, "an object with inputTokensAbove and prices")?;
        let bound = members.iter().find(|member| member.name == "inputTokensAbove");
        let Some(bound) = bound else {
            let message = format!("{} has no inputTokensAbove", element.path.name);
            reader.error(&element, message, "`inputTokensAbove`, the input tokens above which the tier applies");
            return None;
        };
        let input_tokens_above = tokens(reader, &bound.node)?.value;
        for member in members.iter().filter(|member| !TIERS.contains(&member.name)) {
            reader.unknown(member, TIERS);
        }
        let mut rate = |name: &str| priced(reader, &members, name);
        tiers.push(CostTier {
            input_tokens_above,
            input: rate("input"),
            output: rate("output"),
            cache_read: rate("cacheRead"),
            cache_write: rate("cacheWrite"),
        });
    }
    Some(reader.found(node, tiers))
}

fn priced(reader: &mut Reader<'_>, members: &[Member<'_>], name: &str) -> f64 {
    let member = members.iter().find(|member| member.name == name);
    member.and_then(|member| price(reader, &member.node)).map_or(0.0, |found| found.value)
}
