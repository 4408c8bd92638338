//! Conversations times ways to ask times models, as far as a second allows.

use std::collections::BTreeSet;

use super::contexts::{self, CALLED, Conversation, HELLO, MEDIA, THOUGHT, TOOLS, UNEVEN};
use super::models::{Models, wide, without_geography};
use super::options::{self, ALONE, COUNT, DENSE, INTERACTING, Question, Setting};
use super::{Generated, REGION};
use crate::contract::config::{Guardrail, Settings};
use crate::contract::conversation::Context;
use crate::contract::types::{Model, NamedJson};
use crate::cost::inputs::{Input, Request};
use crate::json::settings::default_settings;

pub(super) fn all(models: &Models) -> Vec<Generated> {
    let mut inputs = Vec::new();
    models.each.iter().for_each(|model| each(&mut inputs, model));
    for (number, model) in models.of_series().into_iter().enumerate() {
        series(&mut inputs, number, model);
    }
    for model in models.strange_series().into_iter().take(MOST_STRANGE) {
        everything(&mut inputs, model);
    }
    everything(&mut inputs, &models.any());
    profiles(&mut inputs, &models.public.profiles);
    addresses(&mut inputs);
    descriptions(&mut inputs, &models.any());
    settings(&mut inputs, &models.any());
    let mut seen = BTreeSet::new();
    inputs.retain(|input| seen.insert(input.name.clone()));
    inputs
}

fn name(settings: &[Setting], model: &Model) -> String {
    let names: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
    format!("prepare/{}/{}", names.join("+"), model.id)
}

fn input(name: String, region: &str, model: Model, context: Context, question: Question) -> Generated {
    with_settings(name, region, default_settings(), model, context, question)
}

fn with_settings(
    name: String,
    region: &str,
    settings: Settings,
    model: Model,
    context: Context,
    (kind, options): Question,
) -> Generated {
    let input = Input::Request(Box::new(Request { kind, settings, model, context, options }));
    Generated { name, region: region.to_owned(), input }
}

/// The conversations that ways to ask take in turn: those that most rules look at.
const IN_TURN: [Conversation; 6] = [HELLO, CALLED, TOOLS, TOOLS, THOUGHT, CALLED];

/// What every model gets.
fn each(inputs: &mut Vec<Generated>, model: &Model) {
    for (number, settings) in DENSE.iter().enumerate() {
        let context = (IN_TURN[number % IN_TURN.len()].with)(model);
        inputs.push(input(name(settings, model), REGION, model.clone(), context, options::with(settings)));
    }
    for context in [MEDIA, UNEVEN] {
        let name = format!("prepare/{}/{}", context.name, model.id);
        inputs.push(input(name, REGION, model.clone(), (context.with)(model), options::none()));
    }
}

/// Of so many series that no public model is of, one model gets everything.
const MOST_STRANGE: usize = 6;

/// Of so many inputs a series gets one: different series get different ones.
const IN_ROTATION: usize = 8;

/// What one model of each series gets besides: the other conversations, single options and pairs, in rotation.
fn series(inputs: &mut Vec<Generated>, number: usize, model: &Model) {
    let mut all = Vec::new();
    everything(&mut all, model);
    inputs.extend(all.into_iter().skip(number % IN_ROTATION).step_by(IN_ROTATION));
}

/// Single options, pairs, and conversations that not every model gets.
fn everything(inputs: &mut Vec<Generated>, model: &Model) {
    let mut ask = |settings: &[Setting]| {
        inputs.push(input(name(settings, model), REGION, model.clone(), (CALLED.with)(model), options::with(settings)));
    };
    ALONE.iter().for_each(|setting| ask(&[*setting]));
    for (number, one) in INTERACTING.iter().enumerate() {
        INTERACTING[number + 1..].iter().for_each(|other| ask(&[*one, *other]));
    }
    for context in contexts::ALL.iter().filter(|context| ![MEDIA.name, UNEVEN.name].contains(&context.name)) {
        let name = format!("prepare/{}/{}", context.name, model.id);
        inputs.push(input(name, REGION, model.clone(), (context.with)(model), options::none()));
    }
}

/// Profiles of each geography, in a region of theirs and in one of another.
fn profiles(inputs: &mut Vec<Generated>, profiles: &[String]) {
    const REGIONS: [&str; 4] = [REGION, "eu-central-1", "ap-northeast-1", "us-gov-west-1"];
    const OF_A_GEOGRAPHY: usize = 3;
    let mut seen: Vec<&str> = Vec::new();
    for id in profiles {
        let geography = id.strip_suffix(without_geography(id)).unwrap_or_default();
        if seen.iter().filter(|known| **known == geography).count() == OF_A_GEOGRAPHY {
            continue;
        }
        seen.push(geography);
        let region = REGIONS[seen.len() % REGIONS.len()];
        for settings in [&[COUNT][..], &[options::HIGH, options::CACHE_LONG]] {
            let model = wide(id);
            inputs.push(input(name(settings, &model), region, model, (TOOLS.with)(&wide(id)), options::with(settings)));
        }
    }
}

/// Every kind of ARN, and ids that say nothing.
fn addresses(inputs: &mut Vec<Generated>) {
    let arns = ["inference-profile/us.amazon.nova-pro-v1:0", "application-inference-profile/a1b2c3d4e5f6"]
        .into_iter()
        .chain([
            "provisioned-model/a1b2c3d4e5f6",
            "imported-model/a1b2c3d4e5f6",
            "custom-model-deployment/a1b2c3d4e5f6",
        ])
        .chain(["default-prompt-router/anthropic.claude:1", "prompt/PROMPT12345:1"])
        .map(|resource| format!("arn:aws:bedrock:{REGION}:111122223333:{resource}"))
        .chain([format!("arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-pro-v1:0")])
        .chain([format!("arn:aws:sagemaker:{REGION}:111122223333:endpoint/a-name")])
        .chain(["q7simteam0a1", "vendor.new-model-v9:0", "anthropic.claude-nova-9", "", "a b"].map(str::to_owned));
    for id in arns {
        for settings in [&[options::MAX_TOKENS][..], &[options::HIGH, options::CHOICE_TOOL], &[COUNT]] {
            let model = wide(&id);
            inputs.push(input(
                name(settings, &model),
                REGION,
                model,
                (TOOLS.with)(&wide(&id)),
                options::with(settings),
            ));
        }
    }
    let variables = options::ALONE.iter().filter(|setting| setting.name == "prompt-variables");
    for setting in variables {
        let model = wide(&format!("arn:aws:bedrock:{REGION}:111122223333:prompt/PROMPT12345:1"));
        let context = Context { system_prompt: None, messages: Vec::new(), tools: Vec::new() };
        inputs.push(input(name(&[*setting], &model), REGION, model, context, options::with(&[*setting])));
    }
}

/// What may be known of one model.
fn descriptions(inputs: &mut Vec<Generated>, model: &Model) {
    let extra = |name: &str, value: &str| vec![NamedJson { name: name.to_owned(), value: value.to_owned() }];
    let params = |params: &str| Model { params: Some(params.to_owned()), ..model.clone() };
    let described = [
        ("no-thinking", Model { reasoning: false, ..model.clone() }),
        ("text-only", Model { input: vec!["text".to_owned()], ..model.clone() }),
        ("no-input-named", Model { input: Vec::new(), ..model.clone() }),
        ("small", Model { context_window: 4000, max_tokens: 500, ..model.clone() }),
        ("limits-unknown", Model { extras: extra("limitsFrom", "\"defaults\""), ..model.clone() }),
        (
            "canonical",
            Model {
                id: "a1b2c3".to_owned(),
                extras: extra("canonicalModelId", "\"amazon.nova-pro-v1:0\""),
                ..model.clone()
            },
        ),
        ("unknown-extra", Model { extras: extra("somethingNew", "[1]"), ..model.clone() }),
        ("sampling-params", params(r#"{"temperature":0.3,"topP":0.8,"maxTokens":700,"thinking":"high"}"#)),
        (
            "other-params",
            params(r#"{"cacheRetention":"long","serviceTier":"flex","latency":"optimized","unknown":[1]}"#),
        ),
        ("params-of-a-wrong-kind", params(r#"{"temperature":"hot","maxTokens":-1}"#)),
    ];
    for (what, model) in described {
        for settings in [&[][..], &[options::HIGH, options::TEMPERATURE, options::MAX_TOKENS]] {
            let name = format!("prepare/{what}{}/{}", if settings.is_empty() { "" } else { "+options" }, model.id);
            let context = (if settings.is_empty() { MEDIA } else { CALLED }.with)(&model);
            inputs.push(input(name, REGION, model.clone(), context, options::with(settings)));
        }
    }
}

/// Settings that requests follow.
fn settings(inputs: &mut Vec<Generated>, model: &Model) {
    let guardrail = |trace: Option<&str>| {
        let (identifier, version) = ("gr-1".to_owned(), "3".to_owned());
        Some(Guardrail { identifier, version, stream_processing_mode: None, trace: trace.map(str::to_owned) })
    };
    let settings = [
        ("guardrail-configured", Settings { guardrail: guardrail(None), ..default_settings() }),
        ("guardrail-traced", Settings { guardrail: guardrail(Some("enabled")), ..default_settings() }),
        ("caching-configured", Settings { cache_retention: Some("long".to_owned()), ..default_settings() }),
        ("caching-off", Settings { cache_retention: Some("none".to_owned()), ..default_settings() }),
    ];
    for (what, settings) in settings {
        for with in [&[][..], &[options::CACHE_SHORT, options::HIGH]] {
            let name = format!("prepare/{what}{}/{}", if with.is_empty() { "" } else { "+options" }, model.id);
            let context = (CALLED.with)(model);
            inputs.push(with_settings(name, REGION, settings.clone(), model.clone(), context, options::with(with)));
        }
    }
}
