//! `options.system-tools`: tools that Bedrock runs itself, by name, such as `nova_grounding`.

use std::collections::BTreeSet;

use crate::contract::conversation::Options;

use super::report::Report;

/// Takes the names out of the options, each once.
pub(super) fn take(options: &mut Options, report: &mut Report) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in std::mem::take(&mut options.system_tools) {
        // `ToolName` of the API model. Bedrock's own tools cannot be mapped to another name.
        if !(1..=64).contains(&name.len()) || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            report.problem(
                "options.systemTools",
                format!("`{name}` cannot be the name of a tool"),
                "1 to 64 letters, digits, `_` or `-`",
            );
        } else if seen.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}
