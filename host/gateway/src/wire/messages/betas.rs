//! The headers `anthropic-version` and `anthropic-beta`.

use hyper::HeaderMap;

use super::super::reader::Reader;

/// The versions of the API. The previous one them streams in another form.
///
/// What `2026-10-21` changes in Messages are requests that are refused: sampling parameters, documents in the assistant's
/// messages, citations in the user's texts (Anthropic's migration guide). Nothing of the answer's form changes. Sampling
/// parameters are taken all the same: they mean here what they mean to the model that is asked, which refuses them itself
/// where it has none.
const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];

/// Thinking between tool calls: an option of the contract, so it is not passed on.
const INTERLEAVED_THINKING: &str = "interleaved-thinking-2025-05-14";

/// Switches that are passed on only beside the member that they are for: clients send them always, and models that do not
/// know the member do not know the switch.
const BESIDE_A_MEMBER: &[(&str, &str)] =
    &[("effort-", "output_config"), ("context-management-", "context_management"), ("compact-", "context_management")];

/// The features that the headers of a request enable.
#[derive(Debug, Default)]
pub(super) struct Betas {
    /// Whether thinking may go on between tool calls.
    pub(super) interleaved_thinking: bool,
    others: Vec<String>,
}

impl Betas {
    /// Reads the headers.
    pub(super) fn read(headers: &HeaderMap, reader: &Reader<'_>) -> Betas {
        if let Some(version) = headers.get("anthropic-version")
            && !VERSIONS.iter().any(|served| version == served)
        {
            let version = String::from_utf8_lossy(version.as_bytes());
            let [old, new] = VERSIONS;
            reader.problem("anthropic-version", format!("`{version}` is not supported; expected `{old}` or `{new}`"));
        }
        let mut betas = Betas::default();
        for value in headers.get_all("anthropic-beta") {
            let Ok(value) = value.to_str() else {
                reader.problem("anthropic-beta", "it is not ASCII text");
                continue;
            };
            for beta in value.split(',').map(str::trim).filter(|beta| !beta.is_empty()) {
                if beta == INTERLEAVED_THINKING {
                    betas.interleaved_thinking = true;
                } else if !betas.others.iter().any(|known| known == beta) {
                    betas.others.push(beta.to_owned());
                }
            }
        }
        betas
    }

    /// Those to pass on with these additional fields, as a JSON array; `None` where there are none.
    pub(super) fn beside(&self, has_field: impl Fn(&str) -> bool) -> Option<String> {
        let wanted = |beta: &&String| {
            BESIDE_A_MEMBER
                .iter()
                .find(|(prefix, _)| beta.starts_with(prefix))
                .is_none_or(|(_, field)| has_field(field))
        };
        let passed: Vec<&String> = self.others.iter().filter(wanted).collect();
        if passed.is_empty() { None } else { serde_json::to_string(&passed).ok() }
    }
}
