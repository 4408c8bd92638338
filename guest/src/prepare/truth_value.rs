//! Extras that are `true` or `false`.

use crate::contract::conversation::Options;

use super::report::Report;

/// Takes the extra of this name out of the options. `null` is as if it were not there.
pub(super) fn take(options: &mut Options, name: &str, report: &mut Report) -> Option<bool> {
    let position = options.extras.iter().position(|extra| extra.name == name)?;
    let value = options.extras.remove(position).value;
    match value.trim() {
        "true" => Some(true),
        "false" => Some(false),
        "null" => None,
        other => {
            let path = format!("options.{name}");
            report.problem(path, format!("{other} is not a truth value"), "`true` or `false`");
            None
        }
    }
}
