//! Rules of sameness: a provider is a pure function of what it is handed.

use super::Rule;
use super::evidence::{Answer, Evidence};
use super::streams::Way;
use crate::contract::conversation::Ending;
use crate::provider::{Fault, Provider};
use crate::{discover, splits};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "calls-are-deterministic",
        holds: "two new instances return the same result for the same input",
        source: "world `provider`: a provider is a pure function",
        holds_for: |evidence, _| again(evidence, true),
    },
    Rule {
        name: "no-call-leaks-into-another",
        holds: "an instance that made other calls returns the same result as a new one",
        source: "world `provider`: a provider is a pure function",
        holds_for: |evidence, _| again(evidence, false),
    },
    Rule {
        name: "batching-changes-nothing",
        holds: "the same frames in other batches, including empty ones, give the same deltas",
        source: "`turn.push`, `batch`",
        holds_for: |evidence, _| batching_changes_nothing(evidence),
    },
];

/// Gives all inputs once more: each to an instance of its own, or all to one.
fn again(evidence: &Evidence<'_>, fresh: bool) -> Result<(), String> {
    let mut instances = Instances { evidence, kept: None, fresh };
    if let Some(first) = &evidence.identity {
        instances.same("identify", first, |provider| provider.identify())?;
    }
    for run in evidence.runs.iter().filter(|run| matches!(run.way, Way::Whole | Way::Ending(Ending::Broken(_)))) {
        let stream = &evidence.streams[run.stream];
        let first = (run.pushed.clone(), run.finished.clone());
        instances.same(&stream.label(&run.way), &first, |provider| stream.run(provider, &run.way))?;
    }
    for Answer { name, input, answer } in &evidence.requests {
        answer.iter().try_for_each(|first| instances.same(name, first, |provider| input.prepare(provider)))?;
    }
    for Answer { name, input, answer } in &evidence.merges {
        answer.iter().try_for_each(|first| instances.same(name, first, |provider| provider.merge(&input.layers())))?;
    }
    for Answer { name, input, answer } in &evidence.listings {
        answer
            .iter()
            .try_for_each(|first| instances.same(name, first, |provider| discover::listings(input, provider)))?;
    }
    for Answer { name, input, answer } in &evidence.failures {
        answer.iter().try_for_each(|first| instances.same(name, first, |provider| provider.explain(input)))?;
    }
    Ok(())
}

/// Makes calls once more.
struct Instances<'e> {
    evidence: &'e Evidence<'e>,
    kept: Option<Box<dyn Provider>>,
    fresh: bool,
}

impl Instances<'_> {
    fn same<A: PartialEq + std::fmt::Debug>(
        &mut self,
        name: &str,
        first: &A,
        call: impl FnOnce(&mut dyn Provider) -> Result<A, Fault>,
    ) -> Result<(), String> {
        let mut provider = match self.kept.take() {
            Some(kept) => kept,
            None => self.evidence.providers.fresh().map_err(|fault| fault.to_string())?,
        };
        let second = call(provider.as_mut()).map_err(|fault| format!("{name}: {fault}"))?;
        if !self.fresh {
            self.kept = Some(provider);
        }
        if second == *first {
            return Ok(());
        }
        let (first, second) = (format!("{first:?}"), format!("{second:?}"));
        let differ = first.chars().zip(second.chars()).take_while(|(a, b)| a == b).count();
        let shown = |text: &str| text.chars().skip(differ.saturating_sub(40)).take(120).collect::<String>();
        Err(format!("{name}: the first result is …{}…, the second …{}…", shown(&first), shown(&second)))
    }
}

fn batching_changes_nothing(evidence: &Evidence<'_>) -> Result<(), String> {
    for run in evidence.runs.iter().filter(|run| matches!(run.way, Way::Whole)) {
        let stream = &evidence.streams[run.stream];
        let whole: Vec<_> = run.pushed.iter().chain(&run.finished).cloned().collect();
        let properties = stream.of_properties();
        splits::batches(&properties, evidence.providers, &whole)
            .map_err(|what| format!("{}: {what}", stream.label(&run.way)))?;
    }
    Ok(())
}
