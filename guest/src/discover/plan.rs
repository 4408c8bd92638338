//! What one listing is to do: the discovery settings, normalised.

use crate::contract::config::Settings;

/// Context window, in tokens, where the configuration gives none that can be used (OpenClaw does).
const DEFAULT_CONTEXT_WINDOW: u64 = 32_000;

/// Output limit, in tokens, where the configuration gives none that can be used (OpenClaw does).
const DEFAULT_MAX_TOKENS: u64 = 4_096;

/// The discovery settings in the form that the rules use.
#[derive(Debug)]
pub(super) struct Plan {
    /// The region to list.
    pub(super) region: String,
    /// Trimmed, lower case, without blanks and repetitions, sorted. Empty lists all.
    pub(super) provider_filter: Vec<String>,
    /// In tokens.
    pub(super) context_window: u64,
    /// In tokens.
    pub(super) max_tokens: u64,
}

impl Plan {
    /// Normalises. `merge` hands out normalised settings already; a caller that builds settings itself gets the same rules.
    pub(super) fn new(settings: &Settings, region: String) -> Self {
        let discovery = &settings.discovery;
        let mut provider_filter: Vec<String> = discovery
            .provider_filter
            .iter()
            .map(|provider| provider.trim().to_lowercase())
            .filter(|provider| !provider.is_empty())
            .collect();
        provider_filter.sort();
        provider_filter.dedup();
        let or_default = |value: u64, default: u64| if value == 0 { default } else { value };
        Plan {
            region,
            provider_filter,
            context_window: or_default(discovery.default_context_window, DEFAULT_CONTEXT_WINDOW),
            max_tokens: or_default(discovery.default_max_tokens, DEFAULT_MAX_TOKENS),
        }
    }

    /// Whether the filter lets a model through that is known under any of these provider names. A model can go by two:
    /// the listing's `providerName` (`Mistral AI`) and the first part of its id (`mistral`); either will do, for
    /// foundation models and inference profiles alike.
    pub(super) fn lists_provider<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        let wanted = |name: &str| self.provider_filter.binary_search(&name.trim().to_lowercase()).is_ok();
        self.provider_filter.is_empty() || names.any(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(provider_filter: &[&str]) -> Plan {
        Plan {
            region: "eu-west-1".to_owned(),
            provider_filter: provider_filter.iter().map(|&name| name.to_owned()).collect(),
            context_window: 32_000,
            max_tokens: 4_096,
        }
    }

    #[test]
    fn any_name_of_a_provider_passes_the_filter() {
        let plan = plan(&["mistral ai"]);
        assert!(plan.lists_provider([" Mistral AI ", "mistral"].into_iter()));
        assert!(!plan.lists_provider(["mistral"].into_iter()));
        assert!(!plan.lists_provider(["", " "].into_iter()));
    }
}
