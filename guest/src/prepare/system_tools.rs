//! `options.extras` `systemTools`: tools that Bedrock runs itself, by name, such as `["nova_grounding"]`.

use std::collections::BTreeSet;

use crate::contract::conversation::Options;

use super::report::Report;

/// The name of the extra.
const NAME: &str = "systemTools";

/// Takes the names out of the options, each once.
pub(super) fn take(options: &mut Options, report: &mut Report) -> Vec<String> {
    let Some(position) = options.extras.iter().position(|extra| extra.name == NAME) else { return Vec::new() };
    let value = options.extras.remove(position).value;
    let path = format!("options.{NAME}");
    let Ok(given) = serde_json::from_str::<Option<Vec<String>>>(&value) else {
        report.problem(path, format!("{value} is not a list of names"), "a list such as `[\"nova_grounding\"]`");
        return Vec::new();
    };
    let mut names: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in given.unwrap_or_default() {
        // `ToolName` of the API model. Bedrock's own tools cannot be mapped to another name.
        if !(1..=64).contains(&name.len()) || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            report.problem(&*path, format!("`{name}` cannot be a tool's name"), "1 to 64 letters, digits, `_` or `-`");
        } else if seen.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}
