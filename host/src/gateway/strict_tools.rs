//! Asking again without strict tools, where a request with them was refused.

use crate::contract::conversation::{Context, Options};
use crate::contract::types::{Failure, FailureKind, NamedJson};

/// The option that tells the provider whether tools that prefer to be strict may be.
const STRICT_TOOLS: &str = "strictTools";

/// The options to ask with again, where a request was refused as invalid that has tools which only *prefer* to be strict: the
/// service has limits for these that nobody can reckon beforehand (pi #11416: "The compiled grammar is too large"). A wish is
/// given up before the request is.
pub(super) fn without_preferred_strictness(failure: &Failure, context: &Context, options: &Options) -> Option<Options> {
    let preferred = context.tools.iter().any(|tool| tool.strict.as_deref() == Some("prefer"));
    let told = options.extras.iter().any(|extra| extra.name == STRICT_TOOLS);
    if failure.kind != FailureKind::Validation || !preferred || told {
        return None;
    }
    let mut options = options.clone();
    options.extras.push(NamedJson { name: STRICT_TOOLS.to_owned(), value: "false".to_owned() });
    Some(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::Tool;
    use crate::gateway::no_options;
    use crate::gateway::turn::failure;

    #[test]
    fn only_a_wish_of_an_invalid_request_is_given_up_and_only_once() {
        let context = |strict: &str| {
            let (name, description, parameters) = ("a".to_owned(), String::new(), "{}".to_owned());
            let tools = vec![Tool { name, description, parameters, strict: Some(strict.to_owned()) }];
            Context { system_prompt: None, messages: Vec::new(), tools }
        };
        let refused = |kind| failure(kind, "The compiled grammar is too large".to_owned(), None, None);
        let invalid = refused(FailureKind::Validation);
        let again = without_preferred_strictness(&invalid, &context("prefer"), &no_options());
        let again = again.expect("a wish can be given up");
        assert_eq!(again.extras, [NamedJson { name: "strictTools".to_owned(), value: "false".to_owned() }]);
        assert_eq!(without_preferred_strictness(&invalid, &context("prefer"), &again), None);
        assert_eq!(without_preferred_strictness(&invalid, &context("require"), &no_options()), None);
        let throttled = refused(FailureKind::Throttled);
        assert_eq!(without_preferred_strictness(&throttled, &context("prefer"), &no_options()), None);
    }
}
