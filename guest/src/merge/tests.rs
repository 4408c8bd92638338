//! What holds for every configuration. What holds for particular ones are the cases in `guest/cases/merge`.

use super::merge;
use super::syntax::MAX_DEPTH;
use crate::contract::config::{Layer, LayerContent, Problem, Severity};

fn file(text: &str) -> Layer {
    let content = LayerContent::Json5(text.to_owned());
    Layer { name: "file".to_owned(), source: "quarry.json5".to_owned(), content }
}

fn environment(variables: &[(&str, &str)]) -> Layer {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let content = LayerContent::Variables(variables.iter().map(owned).collect());
    Layer { name: "environment".to_owned(), source: String::new(), content }
}

fn only_problem(text: &str) -> Problem {
    let mut problems = merge(&[file(text)]).expect_err("the text is wrong");
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

const WHOLE: &str = r#"// All that there is.
{
  models: {
    providers: {
      "amazon-bedrock": {
        cacheRetention: 'long',
        models: [ { id: 'a', name: 'A', params: { top_k: 5 }, cost: { input: 3 } }, { id: 'b', name: 'B', maxTokens: 9 } ],
        tyop: 1,
      },
    },
    bedrockDiscovery: { providerFilter: ['Amazon', 'anthropic '], refreshInterval: 60.9 },
  },
  agents: { defaults: { model: { primary: 'x', fallbacks: ['a'] }, models: { 'bedrock/b': { alias: 'x' } } } },
  plugins: { entries: { 'amazon-bedrock': { config: { guardrail: { guardrailIdentifier: 'g', guardrailVersion: '1', trace: 'enabled' } } } } },
}"#;

#[test]
fn merging_a_layer_twice_changes_nothing() {
    let once = merge(&[file(WHOLE)]).expect("valid");
    assert_eq!(once.warnings.len(), 1, "the misspelt member: {:?}", once.warnings);
    assert_eq!(merge(&[file(WHOLE), file(WHOLE)]).expect("valid"), once);
    let variables = environment(&[("QUARRY_CACHE_RETENTION", "short"), ("QUARRY_MODEL", "b")]);
    let once = merge(&[file(WHOLE), variables.clone()]).expect("valid");
    assert_eq!(merge(&[file(WHOLE), variables.clone(), variables]).expect("valid"), once);
}

#[test]
fn an_empty_layer_changes_nothing() {
    let alone = merge(&[file(WHOLE)]).expect("valid");
    for empty in ["", "{}", " // nothing\n", "{models: {providers: {}}, agents: {defaults: {}}}"] {
        let mut layer = file(empty);
        layer.name = "flags".to_owned();
        assert_eq!(merge(&[file(WHOLE), layer]).expect("valid"), alone, "{empty}");
    }
}

#[test]
fn nesting_without_end_is_a_problem_and_not_a_crash() {
    for open in ["[", "{a:"] {
        let problem = only_problem(&open.repeat(100_000));
        assert_eq!(problem.message, "objects and lists lie too deep in each other");
        assert_eq!(problem.place.column as usize, open.len() * MAX_DEPTH + 1);
    }
    let deepest = format!("{{x:{}{}}}", "[".repeat(MAX_DEPTH - 1), "]".repeat(MAX_DEPTH - 1));
    merge(&[file(&deepest)]).expect("as deep as allowed");
}

#[test]
fn nothing_that_is_cut_off_or_damaged_makes_it_panic() {
    for end in 0..WHOLE.len() {
        let _ = merge(&[file(&WHOLE[..end])]);
        for damage in ["\"", "[", "}", ":", "\\", "é", "\0", "/*"] {
            let _ = merge(&[file(&format!("{}{damage}{}", &WHOLE[..end], &WHOLE[end + 1..]))]);
        }
    }
}

#[test]
fn every_value_of_the_wrong_kind_is_found_at_its_own_place() {
    // Each text value of the whole configuration, replaced by a list: one error, and at that place.
    let ours = WHOLE.find("models").expect("the text has it");
    let mut replaced = 0;
    let mut rest = ours;
    while let Some(start) = WHOLE[rest..].find(": '").map(|at| rest + at + 2) {
        let end = start + 1 + WHOLE[start + 1..].find('\'').expect("strings are closed") + 1;
        let text = format!("{}[{{}}]{}", &WHOLE[..start], &WHOLE[end..]);
        let problems = merge(&[file(&text)]).expect_err(&text);
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        let line = WHOLE[..start].matches('\n').count() + 1;
        let begin_of_line = WHOLE[..start].rfind('\n').map_or(0, |at| at + 1);
        let first = errors[0];
        assert_eq!(
            (first.place.line as usize, first.place.column as usize),
            (line, start - begin_of_line + 1),
            "{text}"
        );
        assert!(!first.path.is_empty() && !first.expected.is_empty());
        replaced += 1;
        rest = end;
    }
    assert!(replaced >= 10, "{replaced}");
}

#[test]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test has a clock")]
fn a_large_file_in_one_line_is_read_in_reasonable_time() {
    // In one line, with as many members, problems and models as fit: nothing may cost the square of them.
    let members: String = (0..20_000).map(|index| format!("member{index}:[],")).collect();
    let models: String = (0..5_000).map(|index| format!("{{id:'é{index}',maxTokens:{index}}},")).collect();
    let text = format!(
        "{{models:{{bedrockDiscovery:{{{members}}},providers:{{bedrock:{{models:[{models}],cacheRetention:0}}}}}}}}"
    );
    let began = std::time::Instant::now();
    let problems =
        merge(&[file(&text), file(&text)]).expect_err("cacheRetention is a number, and the first limit is 0");
    assert_eq!(problems.len(), 501);
    assert_eq!(problems[500].message, "19502 more problems from here on");
    assert_eq!(problems[500].severity, Severity::Error);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn later_variables_and_layers_win() {
    let model = |layers: &[Layer]| merge(layers).expect("valid").settings.default_model;
    let set = environment(&[("QUARRY_MODEL", "a"), ("QUARRY_MODEL", "b")]);
    assert_eq!(model(std::slice::from_ref(&set)).as_deref(), Some("b"));
    assert_eq!(model(&[environment(&[("QUARRY_MODEL", "c")]), set]).as_deref(), Some("b"));
}
