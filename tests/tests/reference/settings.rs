//! The tables of `docs/reference/configuration.md`.

use quarry_config::schema::{Kind, Setting, settings};
use serde_json::Value;

use crate::page;

/// Headings of the page, each the part of the file that its table is about.
const PARTS: [&str; 5] = [
    "models.providers.amazon-bedrock",
    "models.bedrockDiscovery",
    "plugins.entries.amazon-bedrock.config.guardrail",
    "agents.defaults",
    "quarry",
];

/// A default, as a person reads it.
fn shown(setting: &Setting) -> String {
    match setting.default() {
        None => String::new(),
        Some(Value::Number(bytes)) if setting.path.to_lowercase().ends_with("bytes") => {
            let bytes = bytes.as_u64().expect("a number of bytes is whole");
            let (size, unit) = if bytes >> 20 > 0 { (bytes >> 20, "MiB") } else { (bytes >> 10, "KiB") };
            format!("{size} {unit}")
        }
        Some(value) => format!("`{value}`"),
    }
}

fn values(kind: Kind) -> String {
    let listed = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match kind {
        Kind::OneOf(words) if words.len() > 1 => format!(" ({})", listed(words)),
        Kind::Texts(words) if !words.is_empty() => format!(" ({})", listed(words)),
        _ => String::new(),
    }
}

#[test]
fn the_tables_of_settings_are_those_of_the_schema() {
    let mut rows = 0;
    for part in PARTS {
        let below = settings()
            .iter()
            .filter_map(|setting| Some((setting, setting.path.strip_prefix(part)?.strip_prefix('.')?)));
        let lines: Vec<_> = below
            .map(|(setting, name)| {
                let restart = if setting.restarts { "**restart** " } else { "" };
                let meaning = format!("{restart}{}{}", setting.about, values(setting.kind));
                [format!("`{name}`"), shown(setting), meaning]
            })
            .collect();
        rows += lines.len();
        let table = page::table(["Member", "Default", "Meaning"], lines);
        page::has_table("docs/reference/configuration.md", &format!("## {part}"), &table);
    }
    assert_eq!(rows, settings().len(), "a setting stands below no heading");
}
