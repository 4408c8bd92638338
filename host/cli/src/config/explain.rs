//! `quarry config explain`.

use anyhow::bail;
use quarry_config::{Segment, Shown, parse_path};
use quarry_gateway::EffectiveValue;
use quarry_system::printable::one_line;
use serde_json::{Value, json};

use super::super::arguments::{ExplainArguments, Global};
use super::super::exit::Exit;
use super::super::{problems, setup, terminal};
use super::check::Checker;

pub(super) fn run(global: &Global, ExplainArguments { path, json }: &ExplainArguments) -> anyhow::Result<Exit> {
    let file = super::file(global)?;
    let configuration = match Checker::new(global)?.load(file.as_ref())? {
        Ok(configuration) => configuration,
        Err(found) => {
            setup::tell_problems(&found);
            return Ok(Exit::Usage);
        }
    };
    terminal::tell(&problems::of_configuration(&configuration.warnings));
    let mut values = configuration.explain(file.as_ref());
    if let Some(wanted) = path {
        values.retain(|value| is_below(&value.path, &wanted.0));
        if values.is_empty() {
            bail!("nothing is set at {} or below it; `quarry config explain` shows every value", Shown(&wanted.0));
        }
    }
    if *json {
        let values: Vec<Value> = values.iter().map(as_json).collect();
        terminal::print_json(&values)?;
    } else {
        terminal::print(&table(&values))?;
    }
    Ok(Exit::Done)
}

fn is_below(path: &str, wanted: &[Segment]) -> bool {
    parse_path(path).is_ok_and(|path| path.starts_with(wanted))
}

fn as_json(EffectiveValue { path, value, place }: &EffectiveValue) -> Value {
    json!({
        "path": path,
        "value": value,
        "layer": place.layer,
        "source": place.source,
        "line": (place.line > 0).then_some(place.line),
        "column": (place.column > 0).then_some(place.column),
    })
}

/// Longer values are cut: `quarry config get` shows a whole one.
const LONGEST_VALUE: usize = 60;

fn table(values: &[EffectiveValue]) -> String {
    let rows: Vec<[String; 3]> = values
        .iter()
        .map(|EffectiveValue { path, value, place }| {
            [one_line(path).to_string(), shown(value), one_line(problems::place_text(place)).to_string()]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1)];
    let line = |[path, value, place]: &[String; 3]| {
        let [w0, w1] = widths;
        format!("{path:w0$}  {value:w1$}  {place}\n")
    };
    rows.iter().map(line).collect()
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => one_line(text).to_string(),
        other => one_line(other).to_string(),
    };
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    text.chars().take(LONGEST_VALUE - 1).chain(['…']).collect()
}
