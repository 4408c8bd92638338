//! A secret never enters the provider's memory: this is where it stays out.
//!
//! The provider gets the parts of a document that it reads, with everything hidden in them but the values of members that are known
//! to be harmless (`places`). Of the objects on the way to these parts it gets the names of members and nothing below them, so that
//! it can recognise a misspelt name.

mod places;
mod secret;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::document::{Document, Member, Node, Value};
use super::path::Segment;
use super::unmasked;
use crate::contract::config::{Entry, EntryValue, ValueKind};
use places::{PARAMS, Place};

use crate::printable::without_user_info;

/// What stands for a hidden character of a text.
const HIDDEN: &str = "x";

/// The longest text that can be seen where a word of a small set is meant.
const LONGEST_WORD: usize = 12;

/// The parts of the configuration that a provider may be shown, if it wants them.
pub const PROVIDER_PATHS: &[&str] = &[
    "models.providers.amazon-bedrock",
    "models.providers.bedrock",
    "models.providers.aws-bedrock",
    "models.bedrockDiscovery",
    "plugins.entries.amazon-bedrock.config",
    "agents.defaults.model",
    "agents.defaults.models",
];

/// What of each of them can be seen.
fn place_of(path: &str) -> Option<&'static Place> {
    Some(match path {
        "models.bedrockDiscovery" => &places::DISCOVERY,
        "plugins.entries.amazon-bedrock.config" => &places::PLUGIN,
        "agents.defaults.model" => &places::DEFAULT_MODEL,
        "agents.defaults.models" => &places::MODELS,
        _ if path.starts_with("models.providers.") && PROVIDER_PATHS.contains(&path) => &places::PROVIDER,
        _ => return None,
    })
}

/// What may be seen of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// It is on the way to parts that can be seen: of what is in it, the names.
    Way,
    /// It is another program's, and its owner looks at it.
    Foreign,
    /// What the place lets be seen.
    At(&'static Place),
    /// Numbers, and no text: nobody knows what the member is for.
    Unknown,
    /// Nothing.
    Hidden,
}

/// What may be seen of a configuration.
#[derive(Debug, Clone)]
pub struct Mask {
    /// Parts that can be seen, by the names on the way to them.
    parts: Vec<(Vec<&'static str>, &'static Place)>,
    /// Further members of `params` that can.
    params: Vec<String>,
    /// What can be seen of the document itself, which says who looks.
    root: Sight,
}

impl Mask {
    /// What a provider may see that wants these parts, of which it gets those of [`PROVIDER_PATHS`]. `params` are the members of a
    /// model's `params` that the operator lets it see besides those that are known.
    #[must_use]
    pub fn for_provider(wanted: &[String], params: &[String]) -> Self {
        let shown = PROVIDER_PATHS.iter().filter(|path| wanted.iter().any(|wanted| wanted == *path));
        Mask { parts: parts(shown), params: params.to_vec(), root: Sight::Way }
    }

    /// What the person sees whose file it is: the same of what a provider may see; of all else what is no secret by name and look.
    #[must_use]
    pub fn for_owner(params: &[String]) -> Self {
        let mut parts = parts(PROVIDER_PATHS.iter());
        parts.push((vec!["quarry"], &Place::Gateway));
        Mask { parts, params: params.to_vec(), root: Sight::Foreign }
    }

    /// A document as the provider gets it.
    pub(super) fn entries(&self, document: &Document) -> Vec<Entry> {
        let mut entries = Vec::new();
        if let Some(root) = document.root() {
            self.push(&mut entries, None, 0, &self.root(root));
        }
        entries
    }

    /// A value as the owner of the file sees it.
    pub(super) fn value(&self, document: &Document, path: &[Segment]) -> Option<serde_json::Value> {
        let root = self.root(document.root()?);
        let view = path.iter().try_fold(root, |view, segment| {
            let name = match segment {
                Segment::Member(name) => Some(name.as_str()),
                Segment::Element(_) => None,
            };
            Some(self.below(&view, name, view.node.child(segment)?))
        })?;
        Some(self.json(&view))
    }

    fn root<'d>(&self, node: &'d Node) -> View<'d> {
        View { node, sight: self.root, way: Vec::new() }
    }

    fn push(&self, entries: &mut Vec<Entry>, member: Option<&Member>, depth: u32, view: &View<'_>) {
        let value = view.entry_value();
        let is_open = matches!(value, EntryValue::List | EntryValue::Object);
        let position = view.node.position;
        entries.push(Entry {
            depth,
            name: member.map(|member| seen_name(&member.name).into_owned()),
            name_position: member.map_or(position, |member| member.position),
            value,
            position,
        });
        if is_open {
            for member in view.node.members() {
                self.push(entries, Some(member), depth + 1, &self.below(view, Some(&member.name), &member.node));
            }
            for element in view.node.elements() {
                self.push(entries, None, depth + 1, &self.below(view, None, element));
            }
        }
    }

    fn json(&self, view: &View<'_>) -> serde_json::Value {
        match &view.node.value {
            Value::Text(text) => match view.text(text) {
                Some(text) => text.into(),
                None => HIDDEN.repeat(text.chars().count()).into(),
            },
            Value::Number(literal) if view.sight == Sight::Hidden => HIDDEN.repeat(literal.len()).into(),
            Value::List(elements) => {
                elements.iter().map(|element| self.json(&self.below(view, None, element))).collect()
            }
            Value::Object(members) => {
                let member = |Member { name, node, .. }: &Member| {
                    (seen_name(name).into_owned(), self.json(&self.below(view, Some(name), node)))
                };
                members.iter().map(member).collect()
            }
            Value::Null | Value::Boolean(_) | Value::Number(_) => view.node.to_json(),
        }
    }

    /// What is seen of a member, or of an element where there is no name.
    fn below<'d>(&self, around: &View<'d>, name: Option<&'d str>, node: &'d Node) -> View<'d> {
        let is_on_the_way = matches!(around.sight, Sight::Way | Sight::Foreign);
        let way: Vec<_> = if is_on_the_way { around.way.iter().copied().chain([name]).collect() } else { Vec::new() };
        View { node, sight: self.sight_below(around.sight, name, &way), way }
    }

    fn sight_below(&self, around: Sight, name: Option<&str>, way: &[Option<&str>]) -> Sight {
        let leads = |part: &[&str]| part.iter().zip(way).all(|(part, name)| *name == Some(*part));
        let mut ahead = self.parts.iter().filter(|(part, _)| part.len() >= way.len() && leads(part));
        match around {
            Sight::Hidden => Sight::Hidden,
            Sight::Way | Sight::Foreign
                if let Some((_, place)) =
                    self.parts.iter().find(|(part, _)| part.len() == way.len() && leads(part)) =>
            {
                Sight::At(place)
            }
            Sight::Way if ahead.next().is_some() => Sight::Way,
            Sight::Way => Sight::Hidden,
            Sight::At(place) if let Some(sight) = self.below_place(place, name) => sight,
            Sight::Foreign | Sight::Unknown | Sight::At(_) if name.is_some_and(secret::may_name_a_secret) => {
                Sight::Hidden
            }
            Sight::Foreign => Sight::Foreign,
            Sight::Unknown | Sight::At(_) => Sight::Unknown,
        }
    }

    /// What may be seen of a member or element of a place; `None` where nobody knows it.
    fn below_place(&self, place: &'static Place, name: Option<&str>) -> Option<Sight> {
        let place = match (place, name) {
            (Place::Members(members) | Place::ValueOr(members), Some(name)) => {
                members.iter().find(|(known, _)| *known == name).map(|(_, place)| place)?
            }
            (Place::Each(place), Some(_)) | (Place::List(place), None) => *place,
            (Place::Params, Some(name)) => {
                let is_allowed = self.params.iter().any(|allowed| allowed == name);
                return match PARAMS.contains(&name) {
                    _ if is_allowed => Some(Sight::At(&Place::Whole)),
                    true => Some(Sight::At(&Place::Value)),
                    false => None,
                };
            }
            (Place::Gateway, Some(name)) if secret::is_secret_name(name) => return Some(Sight::Hidden),
            (Place::Whole, Some(name)) if secret::may_name_a_secret(name) => return Some(Sight::Hidden),
            (Place::Gateway | Place::Whole, _) => place,
            _ => return None,
        };
        let is_the_hosts = matches!(place, Place::Address | Place::Word) && self.root != Sight::Foreign;
        Some(if is_the_hosts { Sight::Hidden } else { Sight::At(place) })
    }
}

/// A value, what may be seen of it, and the names on the way to it as long as they matter.
struct View<'d> {
    node: &'d Node,
    sight: Sight,
    way: Vec<Option<&'d str>>,
}

impl View<'_> {
    fn entry_value(&self) -> EntryValue {
        let kind = match &self.node.value {
            Value::Null => ValueKind::Null,
            Value::Boolean(_) => ValueKind::Boolean,
            Value::Number(_) => ValueKind::Number,
            Value::Text(_) => ValueKind::Text,
            Value::List(_) => ValueKind::List,
            Value::Object(_) => ValueKind::Object,
        };
        match (&self.node.value, self.sight) {
            (Value::Object(_), Sight::Way) => EntryValue::Object,
            (_, Sight::Way | Sight::Hidden) => EntryValue::Hidden(kind),
            (Value::Text(text), _) => {
                self.text(text).map_or(EntryValue::Hidden(kind), |text| EntryValue::Text(text.into_owned()))
            }
            _ => unmasked::value(self.node),
        }
    }

    /// The text of this value as it may be seen; `None` where it may not.
    fn text<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let may_be_seen = match self.sight {
            Sight::At(Place::Value | Place::Whole | Place::Address | Place::ValueOr(_) | Place::Gateway)
            | Sight::Foreign => true,
            Sight::At(Place::Word) => {
                text.len() <= LONGEST_WORD && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            }
            Sight::At(_) | Sight::Way | Sight::Unknown | Sight::Hidden => false,
        };
        // The path of an endpoint is part of what requests are sent to, and may be long.
        let is_secret = match self.sight {
            Sight::At(Place::Address) => text.contains(['?', '#']),
            _ => secret::is_secret_value(text),
        };
        (may_be_seen && !is_secret).then(|| without_user_info(text))
    }
}

/// The name of a member: a key in its place is hidden.
fn seen_name(name: &str) -> Cow<'_, str> {
    if secret::is_secret_value(name) { HIDDEN.repeat(name.chars().count()).into() } else { name.into() }
}

fn parts<'p>(paths: impl Iterator<Item = &'p &'static str>) -> Vec<(Vec<&'static str>, &'static Place)> {
    paths.filter_map(|path| Some((path.split('.').collect(), place_of(path)?))).collect()
}
