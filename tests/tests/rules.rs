//! The rules of the contract: a provider that breaks one of them, and nothing else, is found by that rule's name.

#[path = "../guests/building.rs"]
mod building;

use std::path::Path;
use std::sync::Arc;

use quarry_config::unmasked;
use quarry_conformance::component::Component;
use quarry_conformance::provider::{Fault, Provider, Providers};
use quarry_conformance::rules::{check, rules};
use quarry_provider_host::{AotCache, Generation, Host, Limits};

/// No component that imports nothing can break the first, and the host leaves out rows of a catalog that break the second.
const UNBREAKABLE: [&str; 2] = ["calls-are-deterministic", "catalog-ids-are-unique"];

/// The unruly provider, told to break a rule. It is compiled once for all of them.
struct Told {
    component: Component,
    rule: &'static str,
}

impl Providers for Told {
    fn name(&self) -> &str {
        self.component.name()
    }

    fn fresh(&self) -> Result<Box<dyn Provider>, Fault> {
        let mut provider = self.component.fresh()?;
        // A model of another provider: nothing of it is read.
        let told = format!("{{ agents: {{ defaults: {{ models: {{ 'x/unruly-breach:{}': {{}} }} }} }} }}", self.rule);
        let told = provider.merge(&[unmasked("file", "", &told).map_err(Fault)?])?;
        told.map_err(|problems| Fault(format!("it is told by a configuration, and refuses it: {problems:?}")))?;
        Ok(provider)
    }
}

fn unruly() -> Component {
    let cache = AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"));
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    let bytes = building::component("quarry-unruly");
    Component(Generation::load(&host, "unruly", &bytes, Some(&cache)).expect("it is a provider"))
}

#[test]
fn who_breaks_a_rule_is_refused_by_its_name() {
    let component = unruly();
    let mut wrong = Vec::new();
    let mut broken = 0;
    for rule in rules().map(|rule| rule.name).filter(|rule| !UNBREAKABLE.contains(rule)) {
        let told = Told { component: component.clone(), rule };
        let findings = check(&told).expect("the inputs can be read");
        match findings.into_iter().find_map(|finding| Some((finding.rule.name, finding.broken?))) {
            Some((name, _)) if name == rule => broken += 1,
            other => wrong.push(format!("{rule}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), wrong.len() + broken, wrong.join("\n"));
    assert!(broken >= 20, "{broken} rules were broken");
}

#[test]
fn who_breaks_none_passes() {
    let told = Told { component: unruly(), rule: "none" };
    let findings = check(&told).expect("the inputs can be read");
    let broken: Vec<_> = findings.into_iter().filter(|finding| finding.broken.is_some()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
