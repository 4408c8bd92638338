//! Laws of merging, over layers that are made up. The seeds are fixed, so that a failure comes again.

use fastrand::Rng;

use super::partial::Partial;
use super::tests;
use super::{merge, read};
use crate::contract::config::Layer;

/// How many stacks of layers each law is tried on.
const STACKS: u64 = 400;

/// Whether a stack of layers has mistakes in it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Tidy,
    Careless,
}

impl Kind {
    fn of(seed: u64) -> Self {
        if seed.is_multiple_of(2) { Kind::Tidy } else { Kind::Careless }
    }
}

/// A layer with some members of everything that is read.
fn layer(random: &mut Rng, kind: Kind, name: &str) -> Layer {
    match random.u8(0..4) {
        0 => variable(random, kind),
        _ => tests::layer(name, &document(random, kind)),
    }
}

fn variable(random: &mut Rng, kind: Kind) -> Layer {
    let variables: [(&str, &[&str]); 2] =
        [("QUARRY_MODEL", &["x", "bedrock/a"]), ("QUARRY_CACHE_RETENTION", &["long", "!fast"])];
    let (name, values) = variables[random.usize(0..variables.len())];
    tests::variable(name, pick(random, kind, values))
}

/// One of the values; those with a `!` before them are mistakes.
fn pick<'v>(random: &mut Rng, kind: Kind, values: &[&'v str]) -> &'v str {
    let values: Vec<&str> =
        values.iter().filter(|value| kind == Kind::Careless || !value.starts_with('!')).copied().collect();
    random.choice(values).unwrap_or_default().trim_start_matches('!')
}

/// An object of some of these members, each with one of its values.
fn object(random: &mut Rng, kind: Kind, members: &[(&str, &[&str])]) -> String {
    let mut text = String::from("{");
    for (name, values) in members {
        if random.u8(0..5) < 2 {
            text.push_str(&format!("{name}:{},", pick(random, kind, values)));
        }
    }
    text + "}"
}

fn document(random: &mut Rng, kind: Kind) -> String {
    let discovery: &[(&str, &[&str])] = &[
        ("enabled", &["true", "false", "!1"]),
        ("providerFilter", &["[]", "['b','A']", "![1]"]),
        ("refreshInterval", &["0", "60.5", "-1"]),
        ("defaultContextWindow", &["1000", "0"]),
        ("defaultMaxTokens", &["100"]),
        ("regoin", &["1"]),
    ];
    let provider: &[(&str, &[&str])] = &[
        ("cacheRetention", &["'none'", "'long'", "!5"]),
        ("models", &["[]", "[{id:'a'},{id:'b',maxTokens:5,params:{t:1}}]", "[{id:'amazon.nova-pro-v1:0'}]"]),
    ];
    let guardrail: &[(&str, &[&str])] = &[
        ("guardrailIdentifier", &["'g'", "'h'"]),
        ("guardrailVersion", &["'1'", "'DRAFT'"]),
        ("trace", &["'enabled'", "'disabled'"]),
        ("streamProcessingMode", &["'sync'"]),
    ];
    let agents: &[(&str, &[&str])] = &[
        ("model", &["'a'", "{primary:'b'}", "{fallbacks:['a','x']}", "{primary:'x',fallbacks:[]}"]),
        ("models", &["{'bedrock/a':{alias:'x'}}", "{'bedrock/a':{alias:'y',params:{t:2,u:3}},'openai/b':{alias:'x'}}"]),
    ];
    let (older, newer) = (object(random, kind, discovery), object(random, kind, discovery));
    let (proper, alias) = (object(random, kind, provider), object(random, kind, provider));
    let (guardrail, agents) = (object(random, kind, guardrail), object(random, kind, agents));
    format!(
        "{{models:{{bedrockDiscovery:{older},providers:{{'amazon-bedrock':{proper},bedrock:{alias}}}}},\
         plugins:{{entries:{{'amazon-bedrock':{{config:{{discovery:{newer},guardrail:{guardrail}}}}}}}}},\
         agents:{{defaults:{agents}}}}}"
    )
}

fn laid_over(mut lower: Partial, higher: &Partial) -> Partial {
    lower.lay_over(higher.clone());
    lower
}

#[test]
fn merging_is_associative() {
    for seed in 0..STACKS {
        let (mut random, kind) = (Rng::with_seed(seed), Kind::of(seed));
        let [a, b, c] = ["a", "b", "c"].map(|name| read(&layer(&mut random, kind, name)).0);
        let from_below = laid_over(laid_over(a.clone(), &b), &c);
        let from_above = laid_over(a, &laid_over(b, &c));
        assert_eq!(from_below, from_above, "seed {seed}");
    }
}

#[test]
fn a_layer_that_says_nothing_is_neutral() {
    for seed in 0..STACKS {
        let one = read(&layer(&mut Rng::with_seed(seed), Kind::of(seed), "a")).0;
        assert_eq!(laid_over(Partial::default(), &one), one, "seed {seed}");
        assert_eq!(laid_over(one.clone(), &Partial::default()), one, "seed {seed}");
    }
}

#[test]
fn merging_a_layer_twice_changes_nothing() {
    let mut merged = 0;
    for seed in 0..STACKS {
        let (mut random, kind) = (Rng::with_seed(seed), Kind::of(seed));
        let stack: Vec<Layer> = ["file", "environment", "flags"].map(|name| layer(&mut random, kind, name)).into();
        let once = merge(&stack);
        merged += usize::from(once.is_ok());
        for twice in 0..stack.len() {
            let mut repeated = stack.clone();
            repeated.insert(twice, stack[twice].clone());
            assert_eq!(merge(&repeated), once, "seed {seed}, layer {twice}");
        }
        // Nor does the whole stack: what it says is said by its highest layer that says it.
        assert_eq!(merge(&[stack.clone(), stack.clone()].concat()), once, "seed {seed}");
    }
    assert!(merged > 100, "only {merged} stacks had no error in them");
}
