//! Blessing: replaces the expectation of a case by the actual result.

use std::fs;
use std::io;

use super::cases::Case;
use super::{layout, sentences};

/// Replaces the expectation in the case's file by the actual result; the rest of the file stays. Sentences for people
/// are left out.
///
/// # Errors
/// When the file cannot be written, or the result is not JSON.
pub fn bless(case: &Case, actual: &str) -> io::Result<()> {
    let actual = sentences::without(actual, case.verb())?;
    fs::write(&case.path, blessed(&case.text, case.expect_span.clone(), &actual)?)
}

/// The text with what came in the place of the expectation.
fn blessed(text: &str, expect: std::ops::Range<usize>, actual: &str) -> serde_json::Result<String> {
    Ok(format!("{}{}{}", &text[..expect.start], layout::pretty(actual, 1)?, &text[expect.end..]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_the_expectation_changes() {
        let text = "{\n  \"about\": \"é\",\n  \"expect\": {\"failure\": {}},\n  \"given\": {\"error\":   {}}\n}\n";
        let case = Case::read(Path::new("explain/some.json"), text.to_owned()).expect("the case is well formed");
        assert_eq!(case.name, "explain/some");
        let after = blessed(&case.text, case.expect_span, r#"{"failure":{"kind":"denied"}}"#).ok();
        assert_eq!(after, Some(text.replace("{\"failure\": {}}", "{\"failure\": {\"kind\": \"denied\"}}")));
    }
}
