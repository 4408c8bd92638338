//! What the members of a request are called in each format: the provider names its options by the contract.

use super::Format;
use crate::refusal::Refusal;

/// The name of an option in the contract, and of the member that it comes from.
pub(crate) type MemberName = (&'static str, &'static str);

/// Members of Bedrock's own, which every format but pi's takes.
const OF_BEDROCK: &[MemberName] = &[
    ("options.additionalRequestFields", "additionalModelRequestFields"),
    ("options.additionalResponseFieldPaths", "additionalModelResponseFieldPaths"),
    ("options.guardrail", "guardrailConfig"),
    ("options.guardLastTurnOnly", "guardLastTurnOnly"),
    ("options.latency", "performanceConfig.latency"),
    ("options.promptVariables", "promptVariables"),
    ("options.systemTools", "systemTools"),
];

/// Members that all formats have under one name.
const OF_ALL: &[MemberName] = &[
    ("options.requestMetadata", "metadata"),
    ("options.serviceTier", "service_tier"),
    ("options.temperature", "temperature"),
    ("options.toolChoice", "tool_choice"),
    ("options.topP", "top_p"),
];

/// A refusal in the words of a format.
pub(crate) fn in_words_of(format: &Format, refusal: &Refusal) -> Refusal {
    let mut refusal = refusal.clone();
    if format.members.is_empty() {
        return refusal;
    }
    for (ours, theirs) in format.members.iter().chain(OF_BEDROCK).chain(OF_ALL) {
        if let Some(param) = refusal.param.as_mut().filter(|param| param.starts_with(ours)) {
            *param = param.replacen(ours, theirs, 1);
        }
        if refusal.message.contains(ours) {
            refusal.message = refusal.message.replace(ours, theirs);
        }
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::in_words_of;
    use crate::refusal::Refusal;
    use crate::wire::{chat_completions, messages, pi_stream, responses};

    #[test]
    fn each_format_has_its_own() {
        let refusal =
            Refusal::invalid("options.maxTokens", "options.maxTokens: 0; expected 1 or more\noptions.topP: 2");
        for (format, param) in [
            (&chat_completions::CHAT_COMPLETIONS, "max_tokens"),
            (&messages::MESSAGES, "max_tokens"),
            (&responses::RESPONSES, "max_output_tokens"),
        ] {
            let told = in_words_of(format, &refusal);
            assert_eq!(told.param.as_deref(), Some(param));
            assert_eq!(told.message, format!("{param}: 0; expected 1 or more\ntop_p: 2"));
        }
        assert_eq!(in_words_of(&pi_stream::PI_STREAM, &refusal), refusal);
    }
}
