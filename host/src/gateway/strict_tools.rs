//! Asking again without strict tools, where a request with them was refused.

use crate::contract::conversation::{Context, Options};
use crate::contract::types::{Failure, FailureKind, NamedJson};

/// The option that tells the provider whether tools that prefer to be strict may be.
const STRICT_TOOLS: &str = "strictTools";

/// The options to ask with again, where a request with these is refused as invalid ([`is_invalid`]). None where it has no tools
/// that only *prefer* to be strict, or where it was said already whether they may be. The service has limits for strict tools that
/// nobody can reckon beforehand (pi #11416: "The compiled grammar is too large"). A wish is given up before the request is.
#[must_use]
pub fn without_preferred_strictness(context: &Context, options: &Options) -> Option<Options> {
    let preferred = context.tools.iter().any(|tool| tool.strict.as_deref() == Some("prefer"));
    let told = options.extras.iter().any(|extra| extra.name == STRICT_TOOLS);
    if !preferred || told {
        return None;
    }
    let mut options = options.clone();
    options.extras.push(NamedJson { name: STRICT_TOOLS.to_owned(), value: "false".to_owned() });
    Some(options)
}

/// Whether a request was refused as invalid, so that it may be its strict tools which are wrong with it.
pub(super) fn is_invalid(failure: &Failure) -> bool {
    failure.kind == FailureKind::Validation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::Tool;
    use crate::gateway::failures::failure;
    use crate::gateway::no_options;

    #[test]
    fn only_a_wish_of_an_invalid_request_is_given_up_and_only_once() {
        let context = |strict: &str| {
            let (name, description, parameters) = ("a".to_owned(), String::new(), "{}".to_owned());
            let tools = vec![Tool { name, description, parameters, strict: Some(strict.to_owned()) }];
            Context { system_prompt: None, messages: Vec::new(), tools }
        };
        let again = without_preferred_strictness(&context("prefer"), &no_options()).expect("a wish can be given up");
        assert_eq!(again.extras, [NamedJson { name: "strictTools".to_owned(), value: "false".to_owned() }]);
        assert_eq!(without_preferred_strictness(&context("prefer"), &again), None);
        assert_eq!(without_preferred_strictness(&context("require"), &no_options()), None);
        let refused = |kind| failure(kind, "The compiled grammar is too large".to_owned(), None, None);
        assert!(is_invalid(&refused(FailureKind::Validation)));
        assert!(!is_invalid(&refused(FailureKind::Throttled)));
    }
}
