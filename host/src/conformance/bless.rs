//! Takes what came for what is expected.

use std::fs;
use std::io;

use super::cases::Case;
use super::{layout, sentences};

/// Writes what came into the case's file in the place of its expectation; the rest of the file stays as it is. Sentences for
/// people are left out.
///
/// # Errors
/// When the file cannot be written, or what came is not JSON.
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
