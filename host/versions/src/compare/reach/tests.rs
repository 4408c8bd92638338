use super::*;
use crate::conformance::cost::inputs::{Input as Asked, Request};
use crate::conformance::frames::unbatch;
use crate::conformance::generated;

/// What the generated inputs reach. A listing takes a provider, and reaches nothing.
fn generated() -> Reach {
    let mut reach = Reach::default();
    for generated in generated::inputs(&[]) {
        match generated.input {
            Asked::Request(request) => {
                let Request { kind: _, settings: _, model, context, options } = *request;
                reach.model(&model.id);
                OPTIONS
                    .into_iter()
                    .zip(set(&options))
                    .filter(|(_, is_set)| *is_set)
                    .for_each(|(name, _)| insert(&mut reach.options, name));
                reach.context(&context);
            }
            Asked::Answer(answer) => {
                let batches = answer.batches.iter().map(unbatch).collect();
                reach.stream(&Stream { opening: answer.opening, batches, ending: answer.ending, preparation: None });
            }
            Asked::Failure(error) => reach.error(&error),
            Asked::Layers(_) | Asked::Listing(_) => {}
        }
    }
    reach
}

#[test]
fn generated_inputs_reach_all_that_the_contract_and_the_service_have() {
    let reach = generated();
    assert_eq!(reach.missing(), BTreeMap::new());
    assert!(reach.models.len() > 150 && reach.series.len() > 40, "{}", reach.summary());
    assert!(reach.events.contains("heartbeat") && reach.errors.contains("529"), "{reach:?}");
}

#[test]
fn what_no_input_has_is_named() {
    let mut reach = generated();
    reach.options.remove("latency");
    reach.events.remove("contentBlockDelta/image");
    let text = reach.summary();
    assert!(text.ends_with("\nnot reached: events contentBlockDelta/image; options latency"), "{text}");
    assert!(text.contains(" 22 of 23 options, 20 of 20 kinds of content, "), "{text}");
    let mut both = Reach::default();
    both.merge(&reach);
    both.merge(&generated());
    assert_eq!((both.missing(), both.options.len()), (BTreeMap::new(), OPTIONS.len()));
}

#[test]
fn names_from_outside_are_bounded() {
    let mut names = BTreeSet::new();
    (0..2 * MOST).for_each(|number| insert(&mut names, &format!("{number}{}", "x".repeat(1000))));
    assert_eq!((names.len(), names.iter().map(String::len).max()), (MOST, Some(LONGEST)));
}
