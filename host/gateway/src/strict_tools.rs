//! Retry without strict tools, after Bedrock rejected a request with them.

use crate::contract::conversation::{Context, Options};
use crate::contract::types::{Failure, FailureKind};

/// The options to ask with again, where a request with these is refused as invalid (`is_invalid`). `None` where it has no tools
/// that only *prefer* to be strict, or where it was said already whether they may be. The service has limits for strict tools that
/// nobody can reckon beforehand (pi #11416: "The compiled grammar is too large"). A wish is given up before the request is.
#[must_use]
pub fn without_preferred_strictness(context: &Context, options: &Options) -> Option<Options> {
    let preferred = context.tools.iter().any(|tool| tool.strict.as_deref() == Some("prefer"));
    (preferred && options.strict_tools.is_none()).then(|| Options { strict_tools: Some(false), ..options.clone() })
}

/// Whether a request was refused as invalid, so that it may be its strict tools which are wrong with it.
pub(super) fn is_invalid(failure: &Failure) -> bool {
    failure.kind == FailureKind::Validation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::Tool;
    use crate::contract::no_options;
    use crate::failures::failure;

    #[test]
    fn only_a_wish_of_an_invalid_request_is_given_up_and_only_once() {
        let context = |strict: &str| {
            let (name, description, parameters) = ("a".to_owned(), String::new(), "{}".to_owned());
            let tools = vec![Tool { name, description, parameters, strict: Some(strict.to_owned()) }];
            Context { system_prompt: None, messages: Vec::new(), tools }
        };
        let again = without_preferred_strictness(&context("prefer"), &no_options()).expect("a wish can be given up");
        assert_eq!(again.strict_tools, Some(false));
        assert_eq!(without_preferred_strictness(&context("prefer"), &again), None);
        assert_eq!(without_preferred_strictness(&context("require"), &no_options()), None);
        let refused = |kind| failure(kind, "The compiled grammar is too large".to_owned(), None, None);
        assert!(is_invalid(&refused(FailureKind::Validation)));
        assert!(!is_invalid(&refused(FailureKind::Throttled)));
    }
}
