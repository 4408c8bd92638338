//! What a source of credentials said, for a person.

use aws_credential_types::provider::error::CredentialsError;

use crate::failure;

/// How much is told of what a source said, in characters from its beginning and from its end: a process may have put anything on
/// its standard error, and what went wrong stands in the last line of a stack trace.
const TOLD_OF_BEGINNING: usize = 300;
const TOLD_OF_END: usize = 700;

/// The SDK's classes of errors, which say nothing to a person.
const CLASSES: &[&str] = &[
    "the credential provider was not enabled",
    "an error occurred while loading credentials",
    "the credentials provider was not properly configured",
    "unexpected credentials error",
];

/// The SDK's words without its classes, no more than a person reads.
pub(super) fn words(error: &CredentialsError) -> String {
    let all = failure::chain(error);
    let said = without_classes(&all);
    shortened(if said.is_empty() { &all } else { said })
}

/// The SDK's words for a profile that leads to credentials. It has `None` where those are not there.
pub(super) fn words_of_profile(error: &CredentialsError, name: &str) -> String {
    let all = failure::chain(error);
    match without_classes(&all) {
        "" => format!("the sources that the profile {name} refers to have no credentials"),
        said => shortened(said),
    }
}

/// What the SDK says of a process that failed, and apart from that what the process wrote on its standard error.
pub(super) fn without_complaint(said: String) -> (String, Option<String>) {
    match said.split_once(". Stderr: ") {
        Some((reason, complaint)) => (reason.to_owned(), Some(complaint.trim().to_owned())),
        None => (said, None),
    }
}

/// One class may stand before another: a role's own, and then that of what it is assumed with.
fn without_classes(said: &str) -> &str {
    let mut said = said;
    while let Some(rest) = CLASSES.iter().find_map(|class| said.strip_prefix(class)) {
        said = rest.trim_start_matches(": ");
    }
    said.trim()
}

/// The beginning and the end of a long text.
fn shortened(text: &str) -> String {
    let nth = |count: usize| text.char_indices().nth(count).map(|(at, _)| at);
    let nth_last = |count: usize| text.char_indices().rev().nth(count - 1).map(|(at, _)| at);
    match (nth(TOLD_OF_BEGINNING), nth_last(TOLD_OF_END)) {
        (Some(beginning), Some(end)) if beginning < end => format!("{} … {}", &text[..beginning], &text[end..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::error::CredentialsError;

    use super::{shortened, words, words_of_profile};

    #[test]
    fn what_a_source_says_is_told_without_classes_and_not_at_any_length() {
        let nested = CredentialsError::provider_error(CredentialsError::not_loaded("no variable is set"));
        assert_eq!(words(&nested), "no variable is set");
        let nothing = CredentialsError::not_loaded_no_source();
        assert_eq!(words(&nothing), "the credential provider was not enabled");
        assert_eq!(words_of_profile(&nothing, "p"), "the sources that the profile p refers to have no credentials");
        let long = format!("begin{}é{}the end", "é".repeat(5_000), "x".repeat(693));
        let told = shortened(&long);
        assert!(told.starts_with("begin") && told.ends_with("the end"), "{told}");
        assert_eq!(told.chars().count(), 300 + 3 + 700);
        for short in ["", "é", &"é".repeat(1_000)] {
            assert_eq!(shortened(short), short);
        }
    }
}
