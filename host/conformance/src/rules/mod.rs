//! The rules of the contract: what holds for any provider, in whatever language, with whatever sentences and choices.
//!
//! Each rule has a stable name, by which a version is refused, and says where in `wit/` it comes from. The provider is given inputs
//! that the host makes (`inputs.json`); what it answers is gathered once, as `Evidence`, and every rule looks at that.

mod config;
mod cost;
mod errors;
mod evidence;
mod inputs;
mod listings;
mod repairs;
mod requests;
mod same;
mod streams;
mod turns;

use std::fmt;
use std::sync::OnceLock;

use rayon::prelude::*;

use self::evidence::Evidence;
use super::provider::Providers;
use quarry_provider_host::Digest;

/// A rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its stable name, such as `prefix-ends-in-error`.
    pub name: &'static str,
    /// What holds.
    pub holds: &'static str,
    /// The item of the contract that says so.
    pub source: &'static str,
    holds_for: fn(&Evidence<'_>, &Rule) -> Result<(), String>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Rule").field(&self.name).finish()
    }
}

/// What a rule came to.
#[derive(Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What breaks it, and with which input; `None` where it holds.
    pub broken: Option<String>,
}

/// All rules, in the order in which they are told. A rule stands before those that its breach breaks too.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        evidence::RULES,
        turns::RULES,
        requests::RULES,
        config::RULES,
        listings::RULES,
        errors::RULES,
        repairs::RULES,
        same::RULES,
        cost::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Holds a provider against all rules, on as many threads as there are cores.
///
/// # Errors
/// When the inputs that the binary was built with cannot be read.
pub fn check(providers: &dyn Providers) -> Result<Vec<Finding>, String> {
    let evidence = Evidence::gather(providers)?;
    let rules: Vec<_> = rules().collect();
    Ok(rules.into_par_iter().map(|rule| Finding { rule, broken: (rule.holds_for)(&evidence, rule).err() }).collect())
}

/// Holds a provider against one rule.
///
/// # Errors
/// Says what breaks it.
pub fn check_one(rule: &Rule, providers: &dyn Providers) -> Result<(), String> {
    (rule.holds_for)(&Evidence::gather(providers)?, rule)
}

/// What tells one set of rules and inputs from another: a version that proved the one has not proved the other.
#[must_use]
pub fn digest() -> Digest {
    static DIGEST: OnceLock<Digest> = OnceLock::new();
    *DIGEST.get_or_init(|| Digest::of(env!("QUARRY_CHECKS").as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{check, rules};
    use crate::component::Component;
    use crate::embedded::{EMBEDDED, EMBEDDED_NAME};
    use quarry_provider_host::{AotCache, Generation, Host, Limits};

    #[test]
    fn the_embedded_provider_keeps_all_rules() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
        let generation =
            Generation::load(&host, EMBEDDED_NAME, EMBEDDED, Some(&AotCache::new(folder.path().to_owned())))
                .expect("it loads");
        let findings: Vec<_> = check(&Component(generation)).expect("the inputs can be read");
        let broken: Vec<_> = findings.iter().filter_map(|of| Some((of.rule.name, of.broken.as_ref()?))).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    #[test]
    fn names_of_rules_are_stable_words_and_each_its_own() {
        let mut names: Vec<&str> = rules().map(|rule| rule.name).collect();
        let is_word = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(names.iter().all(is_word), "{names:?}");
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
