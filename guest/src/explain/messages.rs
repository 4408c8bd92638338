//! What only AWS's words tell: one exception name covers failures that want different answers.

use super::profiles;
use super::table::{FORM, LOGIN};
use crate::contract::types::{Failure, FailureKind};

/// What AWS's words mean for a failure of some kind.
struct Rule {
    /// The kinds that the exception's name may have given.
    of: &'static [FailureKind],
    /// The message has any of these, read as by [`says`]. Lower case.
    words: &'static [&'static str],
    kind: FailureKind,
    retryable: bool,
    hint: Hint,
}

/// What to do about it.
enum Hint {
    Text(&'static str),
    /// To look which models the region has.
    ListModels,
    /// To ask for an inference profile in the model's place.
    InferenceProfile,
}

/// The first rule that fits holds.
static RULES: &[Rule] = &[
    // "Too many tokens per day": waiting a moment does not help (OpenClaw #10462). OpenClaw classes it with throttling so
    // that another model is tried; a quota is one kind more to tell a caller the same.
    Rule {
        of: &[FailureKind::Throttled],
        words: &["per day", "daily"],
        kind: FailureKind::Quota,
        retryable: false,
        hint: Hint::Text("the daily quota is used up: use another model or region, or request a higher quota from AWS"),
    },
    // Not for throttling, whose "too many tokens" is no overflow (pi #2699).
    Rule {
        of: &[FailureKind::Validation, FailureKind::Service, FailureKind::ModelOutput],
        words: OVERFLOW,
        kind: FailureKind::ContextOverflow,
        retryable: false,
        hint: Hint::Text("make the conversation shorter, or use a model with a larger context"),
    },
    // OpenClaw #5290.
    Rule {
        of: &[FailureKind::Validation],
        words: &["on-demand throughput"],
        kind: FailureKind::NeedsInferenceProfile,
        retryable: false,
        hint: Hint::InferenceProfile,
    },
    // OpenClaw #55642: also the answer to a profile of another geography.
    Rule {
        of: &[FailureKind::Validation],
        words: &["model identifier is invalid", "invalid model id", "could not resolve the foundation model"],
        kind: FailureKind::ModelNotFound,
        retryable: false,
        hint: Hint::ListModels,
    },
    // pi #5561, in pi's words.
    Rule {
        of: &[FailureKind::Validation],
        words: &["data retention mode"],
        kind: FailureKind::Validation,
        retryable: false,
        hint: Hint::Text(
            "See https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html for supported data retention \
             modes.",
        ),
    },
    // OpenClaw #45010 and six more: thinking that was changed, cut or moved to another model.
    Rule {
        of: &[FailureKind::Validation],
        words: &["signature` in `thinking", "signature: field required", "thinking_blocks cannot be modified"],
        kind: FailureKind::Validation,
        retryable: false,
        hint: Hint::Text(
            "the conversation contains thinking that was changed or that another model wrote: send thinking back unchanged, or leave it out",
        ),
    },
    // An account that AWS has not let in yet says so with a 400 (aws-cli #8717, dify #7488).
    Rule {
        of: &[FailureKind::Validation],
        words: &["operation not allowed"],
        kind: FailureKind::Denied,
        retryable: false,
        hint: Hint::Text("AWS does not let this account invoke models yet: contact AWS Support"),
    },
    // Bedrock user guide, "Troubleshooting API error codes"; seen as 404 and 400 (obot #6747).
    Rule {
        of: &[FailureKind::Denied, FailureKind::ModelNotFound, FailureKind::Validation, FailureKind::ModelNotEnabled],
        words: &["use case details", "use-case form", "use case form"],
        kind: FailureKind::ModelNotEnabled,
        retryable: false,
        hint: Hint::Text(FORM),
    },
    // opensre #1808: people were sent to look at their IAM policies.
    Rule {
        of: &[FailureKind::Denied],
        words: &["payment instrument", "payment_instrument"],
        kind: FailureKind::ModelNotEnabled,
        retryable: false,
        hint: Hint::Text("add a valid payment method to the AWS account; the permissions are sufficient"),
    },
    Rule {
        of: &[FailureKind::Denied],
        words: &["aws-marketplace", "marketplace subscription"],
        kind: FailureKind::ModelNotEnabled,
        retryable: false,
        hint: Hint::Text(
            "enable access to this model once, as an identity with aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions, and try again some minutes later",
        ),
    },
    Rule {
        of: &[FailureKind::Denied],
        words: &["access to the model", "model access"],
        kind: FailureKind::ModelNotEnabled,
        retryable: false,
        hint: Hint::Text("enable access to this model in the Bedrock console of the region"),
    },
    // A bearer token that is over is no lack of permissions.
    Rule {
        of: &[FailureKind::Denied],
        words: &["token has expired", "token is expired", "request is expired", "make sure your api key is valid"],
        kind: FailureKind::CredentialsInvalid,
        retryable: false,
        hint: Hint::Text(LOGIN),
    },
    // Bedrock user guide, "Geographic cross-Region inference": the policy has to allow every region of the profile.
    Rule {
        of: &[FailureKind::Denied],
        words: &["service control policy", "explicit deny"],
        kind: FailureKind::Denied,
        retryable: false,
        hint: Hint::Text(
            "a policy forbids the call; an inference profile invokes the model in every region of its geography, so the policy must allow all of them",
        ),
    },
    // Seen as 404 and as 400 (amazon-bedrock-workshop #386, airflow PR 72521).
    Rule {
        of: &[FailureKind::ModelNotFound, FailureKind::Validation, FailureKind::Denied],
        words: &["end of its life", "provider as legacy"],
        kind: FailureKind::ModelNotFound,
        retryable: false,
        hint: Hint::Text(
            "AWS has retired this version of the model; `quarry models list` shows the models you can use",
        ),
    },
    // Llama since 3.1, Palmyra and others take tools in Converse only ("Supported models and model features" of the Bedrock user
    // guide; pi #3739, langchain-aws #140). Also for a history with calls, which cannot go without tools.
    Rule {
        of: &[FailureKind::Validation],
        words: &["tool use in streaming mode"],
        kind: FailureKind::Validation,
        retryable: false,
        hint: Hint::Text(
            "this model cannot call tools while it streams, and Quarry always streams from Bedrock: use a model that can (such as Claude or Nova), or send no tools",
        ),
    },
    // langchain-aws #447.
    Rule {
        of: &[FailureKind::Validation],
        words: &["doesn't support tool use", "does not support tool use"],
        kind: FailureKind::Validation,
        retryable: false,
        hint: Hint::Text("use a model that can call tools, or send no tools"),
    },
    // Nova, again and again for the same request (aws-solutions IDP #895, strands #649).
    Rule {
        of: &[FailureKind::Service, FailureKind::ModelOutput],
        words: &["invalid sequence as part of tooluse"],
        kind: FailureKind::ModelOutput,
        retryable: false,
        hint: Hint::Text("the model could not write a valid tool call: change the prompt or the tools"),
    },
];

/// How Bedrock and the models behind it say that the input is too long (pi's, OpenClaw's and strands' patterns). Not every maximum
/// is one of the context: a request may also have too many images, or ask for too long an answer.
const OVERFLOW: &[&str] = &[
    "input is too long",
    "prompt is too long",
    "prompt too long",
    "max input token",
    "too many input tokens",
    "too many tokens",
    "too many total text bytes",
    // Claude, of input and `max_tokens` together.
    "exceed context limit",
    // Nova: "Input Tokens Exceeded"; Gemma: "The input token count (…) exceeds".
    "input token*exceed",
    "exceed* the maximum tokens",
    "exceed* the maximum input tokens",
    "exceed* the max tokens",
    "exceed* the max number of tokens",
    "exceed* the max number of input tokens",
    "maximum number of tokens",
    "maximum number of input tokens",
    "maximum context length",
    "model_context_window_exceeded",
    "context_length_exceeded",
    "context length exceeded",
    "token limit exceeded",
    // GPT, MiniMax, Kimi, Grok, Qwen.
    "exceeds the context window",
    "context window exceeds limit",
    "exceeded model token limit",
    "maximum prompt length is",
    "range of input length should be",
];

/// Whether a message, in lower case, has the parts of a pattern in their order; a `*` stands between parts.
fn says(message: &str, pattern: &str) -> bool {
    let mut rest = message;
    pattern.split('*').all(|part| {
        let behind = rest.split_once(part).map(|(_, behind)| behind);
        rest = behind.unwrap_or_default();
        behind.is_some()
    })
}

/// Looks at AWS's message and makes the failure more exact.
pub(super) fn refine(failure: &mut Failure, message: &str, model_id: Option<&str>, region: Option<&str>) {
    let words = message.to_lowercase();
    let fits = |rule: &&Rule| rule.of.contains(&failure.kind) && rule.words.iter().any(|part| says(&words, part));
    let Some(Rule { kind, retryable, hint, .. }) = RULES.iter().find(fits) else { return };
    failure.kind = kind.clone();
    failure.retryable = *retryable;
    failure.hint = Some(match hint {
        Hint::Text(text) => (*text).to_owned(),
        Hint::ListModels => {
            let place = region.map_or_else(|| "this region".to_owned(), |region| format!("the region {region}"));
            format!("`quarry models list` shows the models of {place}")
        }
        Hint::InferenceProfile => {
            failure.suggestions = profiles::candidates(model_id, region);
            profiles::hint(&failure.suggestions)
        }
    });
}
