//! The metrics of OpenTelemetry's conventions for generative AI, for a collector (semantic conventions 1.37, `gen-ai-metrics`).

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::spans::{OPERATION, PROVIDER};
use crate::contract::types::Usage;

/// The conventions' boundaries of `gen_ai.client.operation.duration` and `gen_ai.server.request.duration`, in seconds.
const DURATION: [f64; 14] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Those of `gen_ai.server.time_to_first_token`.
const FIRST_TOKEN: [f64; 16] =
    [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Those of `gen_ai.server.time_per_output_token`.
const OUTPUT_TOKEN: [f64; 13] = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

/// Those of `gen_ai.client.token.usage`, in tokens.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// The instruments.
#[derive(Debug)]
pub(super) struct GenAi {
    operation: Histogram<f64>,
    tokens: Histogram<u64>,
    request: Histogram<f64>,
    first_token: Histogram<f64>,
    output_token: Histogram<f64>,
}

/// A request for a model that ended.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    /// The model's label, which is bounded as those of our own metrics are.
    pub(super) model: &'a str,
    /// The kind of failure, if it failed.
    pub(super) error: Option<&'a str>,
    /// The host of the request, once AWS accepted it.
    pub(super) server: Option<&'a str>,
    /// The time since the request to the model.
    pub(super) asked: Duration,
    /// Since the request's head was there.
    pub(super) whole: Duration,
    /// The same to the first delta with content.
    pub(super) first: Option<Duration>,
    pub(super) usage: Option<Usage>,
}

impl GenAi {
    pub(super) fn new(meter: &Meter) -> Self {
        let seconds = |name, about, boundaries: &[f64]| {
            let histogram = meter.f64_histogram(name).with_description(about).with_unit("s");
            histogram.with_boundaries(boundaries.to_vec()).build()
        };
        let tokens = meter.u64_histogram("gen_ai.client.token.usage").with_unit("{token}");
        let about = "Number of input and output tokens used; cached tokens are input tokens";
        GenAi {
            operation: seconds("gen_ai.client.operation.duration", "GenAI operation duration", &DURATION),
            tokens: tokens.with_description(about).with_boundaries(TOKENS.to_vec()).build(),
            request: seconds("gen_ai.server.request.duration", "From the request's head to its end", &DURATION),
            first_token: seconds("gen_ai.server.time_to_first_token", "Time to the first token", &FIRST_TOKEN),
            output_token: seconds(
                "gen_ai.server.time_per_output_token",
                "Time per token after the first",
                &OUTPUT_TOKEN,
            ),
        }
    }

    pub(super) fn record(&self, ended: &Operation<'_>) {
        let Operation { model, error, server, asked, whole, first, usage } = ended;
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", OPERATION),
            KeyValue::new("gen_ai.provider.name", PROVIDER),
            KeyValue::new("gen_ai.request.model", (*model).to_owned()),
        ];
        attributes.extend(server.map(|server| KeyValue::new("server.address", server.to_owned())));
        if let Some(usage) = usage {
            // The conventions count cached tokens as input tokens, Bedrock does not.
            let input = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
            for (kind, tokens) in [("input", input), ("output", usage.output)] {
                attributes.push(KeyValue::new("gen_ai.token.type", kind));
                self.tokens.record(tokens, &attributes);
                attributes.pop();
            }
        }
        if let Some(first) = first {
            self.first_token.record(first.as_secs_f64(), &attributes);
            let more = usage.map_or(0, |usage| usage.output).saturating_sub(1);
            if more > 0 && error.is_none() {
                #[expect(clippy::cast_precision_loss, reason = "an answer has fewer tokens than a double has integers")]
                let each = whole.saturating_sub(*first).as_secs_f64() / more as f64;
                self.output_token.record(each, &attributes);
            }
        }
        attributes.extend(error.map(|error| KeyValue::new("error.type", error.to_owned())));
        self.operation.record(asked.as_secs_f64(), &attributes);
        self.request.record(whole.as_secs_f64(), &attributes);
    }
}
