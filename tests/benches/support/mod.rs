//! What the benches share: medians, CPU time of this thread, a stream of frames to work on.
#![allow(dead_code, reason = "each bench uses its part")]

pub(crate) mod typed;

use std::time::Instant;

use quarry_contract::conversation::{Batch, Frame, MessageType};
use quarry_contract::types::{Cost, Model};

/// Median of some runs of `work`, in nanoseconds for one of `per` units.
pub(crate) fn median_ns(runs: usize, per: usize, mut work: impl FnMut()) -> f64 {
    let mut samples: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_nanos() as f64 / per as f64
        })
        .collect();
    median(&mut samples)
}

/// Median of samples.
pub(crate) fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Nanoseconds that this thread has been on a CPU.
pub(crate) fn thread_cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has schedstat");
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("the first field is nanoseconds")
}

/// The events of a long text answer, as Bedrock sends it: (name, payload).
pub(crate) fn answer(deltas: usize) -> Vec<(&'static str, String)> {
    const WORDS: &[&str] =
        &["The", " bedrock", " lies", " under", " the", " soil", ",", " \\\"solid\\\"", ".\\n", " And"];
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678";
    let mut events = vec![("messageStart", r#"{"p":"abcdefghijklm","role":"assistant"}"#.to_owned())];
    for index in 0..deltas {
        let word = WORDS[index % WORDS.len()];
        let padding = &LETTERS[..2 + index * 7 % 59];
        events.push((
            "contentBlockDelta",
            format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{word}"}},"p":"{padding}"}}"#),
        ));
    }
    events.push(("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcdefgh"}"#.to_owned()));
    events.push(("messageStop", r#"{"p":"abcdef","stopReason":"end_turn"}"#.to_owned()));
    let usage =
        r#"{"metrics":{"latencyMs":1500},"p":"abc","usage":{"inputTokens":10,"outputTokens":500,"totalTokens":510}}"#;
    events.push(("metadata", usage.to_owned()));
    events
}

/// Events in batches of at most `size`.
pub(crate) fn batches(events: &[(&'static str, String)], size: usize) -> Vec<Batch> {
    events
        .chunks(size)
        .map(|chunk| {
            let mut batch = Batch { frames: Vec::new(), bytes: Vec::new() };
            for (name, payload) in chunk {
                batch.frames.push(Frame {
                    message_type: MessageType::Event,
                    name_length: name.len() as u32,
                    payload_length: payload.len() as u32,
                });
                batch.bytes.extend_from_slice(name.as_bytes());
                batch.bytes.extend_from_slice(payload.as_bytes());
            }
            batch
        })
        .collect()
}

/// The model that answers.
pub(crate) fn model() -> Model {
    Model {
        id: "anthropic.claude-sonnet-4-20250514-v1:0".to_owned(),
        name: "Claude Sonnet 4".to_owned(),
        reasoning: true,
        input: vec!["text".to_owned()],
        cost: Cost { input: 3.0, output: 15.0, cache_read: 0.3, cache_write: 3.75, tiers: Vec::new() },
        context_window: 200_000,
        max_tokens: 64_000,
        params: None,
        extras: Vec::new(),
    }
}
