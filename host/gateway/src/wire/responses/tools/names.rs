//! The names of tools: the client's, which may have a namespace, and the one that Bedrock has.

use std::collections::BTreeMap;

/// The name of the function that stands for `tool_search`.
pub(in super::super) const SEARCH: &str = "tool_search";

/// The longest name that Bedrock takes (API doc of ToolSpecification).
const LONGEST: usize = 64;

/// How a client declared a tool, and so how its calls come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// `function_call`.
    Function,
    /// `custom_tool_call`, with a text in place of arguments.
    Custom,
    /// `tool_search_call`.
    Search,
}

/// A tool as the client knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ToolName {
    pub(in super::super) kind: Kind,
    pub(in super::super) namespace: Option<String>,
    pub(in super::super) name: String,
}

/// The tools of a request by the names that Bedrock has.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct ToolNames {
    by_wire: BTreeMap<String, ToolName>,
    /// The same the other way round, by namespace and name.
    wires: BTreeMap<(Option<String>, String), String>,
}

impl ToolNames {
    /// Adds a tool and returns the name that Bedrock gets: another than that of every tool before.
    pub(super) fn add(&mut self, tool: ToolName) -> String {
        let plain = flat(tool.namespace.as_deref(), &tool.name);
        let mut wire = plain.clone();
        let mut number = 2;
        while self.by_wire.contains_key(&wire) {
            let suffix = format!("_{number}");
            let kept = plain.chars().take(LONGEST.saturating_sub(suffix.len()));
            wire = kept.chain(suffix.chars()).collect();
            number += 1;
        }
        self.wires.insert((tool.namespace.clone(), tool.name.clone()), wire.clone());
        self.by_wire.insert(wire.clone(), tool);
        wire
    }

    /// The name that Bedrock has for a tool of the client's.
    pub(super) fn wire(&self, namespace: Option<&str>, name: &str) -> Option<&str> {
        self.wires.get(&(namespace.map(str::to_owned), name.to_owned())).map(String::as_str)
    }

    /// The name for a call in the history, whose tool need not be there any more.
    pub(in super::super) fn of_call(&self, namespace: Option<&str>, name: &str) -> String {
        self.wire(namespace, name).map_or_else(|| flat(namespace, name), str::to_owned)
    }

    /// The name that Bedrock has for a tool that a choice names, which has no namespace: its own tool, else one of a namespace.
    pub(super) fn chosen(&self, namespace: Option<&str>, name: &str) -> Option<&str> {
        let in_any = || self.by_wire.iter().find(|(_, tool)| tool.name == name).map(|(wire, _)| wire.as_str());
        self.wire(namespace, name).or_else(|| namespace.is_none().then(in_any).flatten())
    }

    /// The tools of a namespace by the names that Bedrock has.
    pub(super) fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &str> {
        let tools = self.by_wire.iter();
        tools.filter(move |(_, tool)| tool.namespace.as_deref() == Some(namespace)).map(|(wire, _)| wire.as_str())
    }

    /// How the client declared the tool that the model calls; none for a tool that nobody declared.
    pub(in super::super) fn get(&self, wire: &str) -> Option<&ToolName> {
        self.by_wire.get(wire)
    }
}

/// The names in one. The provider sees to names that Bedrock does not take, but a joined one is this gateway's own.
fn flat(namespace: Option<&str>, name: &str) -> String {
    let Some(namespace) = namespace else { return name.to_owned() };
    let separator = if namespace.ends_with("__") { "" } else { "__" };
    let letter = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    let joined: Vec<char> = format!("{namespace}{separator}{name}").chars().map(letter).collect();
    // The end of a name that is too long says more than its beginning.
    joined[joined.len().saturating_sub(LONGEST)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(namespace: Option<&str>, name: &str) -> ToolName {
        ToolName { kind: Kind::Function, namespace: namespace.map(str::to_owned), name: name.to_owned() }
    }

    #[test]
    fn every_tool_has_a_valid_name_of_its_own() {
        let long = "x".repeat(70);
        let tools = [
            tool(None, "team__start"),
            tool(Some("team"), "start"),
            tool(Some("team__"), "start"),
            tool(Some("team.a b"), "stärt"),
            tool(Some(&long), "start"),
            tool(Some(&format!("y{long}")), "start"),
            tool(Some("a"), &long),
        ];
        let mut names = ToolNames::default();
        let wires: Vec<_> = tools.iter().map(|tool| names.add(tool.clone())).collect();
        assert_eq!(wires[..4], ["team__start", "team__start_2", "team__start_3", "team_a_b__st_rt"]);
        assert!(wires[4].ends_with("x__start") && wires[5].ends_with("x__sta_2"), "{wires:?}");
        for (wire, tool) in wires.iter().zip(&tools) {
            assert!(wire.len() <= LONGEST, "{wire}");
            assert!(wire.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter)), "{wire}");
            assert_eq!(names.get(wire), Some(tool));
            assert_eq!(names.of_call(tool.namespace.as_deref(), &tool.name), *wire);
        }
        assert_eq!(names.of_call(Some("gone"), "tool"), "gone__tool");
        assert_eq!(names.get("start"), None);
    }

    #[test]
    fn a_choice_without_a_namespace_means_the_plain_tool_first() {
        let mut names = ToolNames::default();
        names.add(tool(Some("team"), "start"));
        assert_eq!(names.chosen(None, "start"), Some("team__start"));
        assert_eq!(names.chosen(Some("other"), "start"), None);
        names.add(tool(None, "start"));
        assert_eq!(names.chosen(None, "start"), Some("start"));
        assert_eq!(names.in_namespace("team").collect::<Vec<_>>(), ["team__start"]);
    }
}
