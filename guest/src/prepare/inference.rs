//! `inferenceConfig`: limits, sampling, stops.

use crate::contract::conversation::Options;
use crate::families::{Family, Sampling};

use super::body::Members;
use super::report::Report;
use super::thinking::ThinkingPlan;
use super::user_content::is_blank;

/// The most stop sequences (API model).
const MAX_STOP_SEQUENCES: usize = 2500;

/// The least top-p that a thinking Claude takes (Anthropic's API).
const MIN_THINKING_TOP_P: f64 = 0.95;

/// What `inferenceConfig` holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Inference {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    pub(super) stop_sequences: Vec<String>,
}

/// Checks the options against the API model's bounds, and leaves out with a notice what the family refuses.
pub(super) fn inference(family: &Family, plan: &ThinkingPlan, options: &mut Options, report: &mut Report) -> Inference {
    if plan.max_tokens.is_some_and(|tokens| tokens == 0 || tokens > i32::MAX as u64) {
        let tokens = plan.max_tokens.unwrap_or_default();
        report.problem(
            "options.maxTokens",
            format!("{tokens} tokens cannot be asked for"),
            "a whole number from 1 to 2147483647",
        );
    }
    let mut temperature = fraction("options.temperature", options.temperature, report);
    let mut top_p = fraction("options.topP", options.top_p, report);
    let mut max_tokens = plan.max_tokens;
    if family.sampling == Sampling::Neither {
        leave_out(&mut temperature, "temperature", "this model takes no temperature", report);
        leave_out(&mut top_p, "top-p", "this model takes no top-p", report);
    }
    if plan.claude_thinks {
        // pi sends it and gets a 400; OpenClaw leaves it out.
        leave_out(&mut temperature, "temperature", "a thinking Claude takes no temperature", report);
        if top_p.is_some_and(|top_p| top_p < MIN_THINKING_TOP_P) {
            leave_out(&mut top_p, "top-p", "a thinking Claude takes no top-p below 0.95", report);
        }
    }
    if plan.refuses_inference {
        leave_out(&mut temperature, "temperature", "a Nova that thinks with high effort takes no temperature", report);
        leave_out(&mut top_p, "top-p", "a Nova that thinks with high effort takes no top-p", report);
        leave_out(&mut max_tokens, "max-tokens", "a Nova that thinks with high effort takes no limit", report);
    }
    if family.sampling == Sampling::Either && temperature.is_some() {
        let why = "this model takes temperature or top-p, not both; temperature was sent";
        leave_out(&mut top_p, "top-p", why, report);
    }
    Inference { max_tokens, temperature, top_p, stop_sequences: stop_sequences(family, options, report) }
}

fn leave_out<T>(value: &mut Option<T>, name: &str, why: &str, report: &mut Report) {
    if value.take().is_some() {
        report.notice(&format!("{name}-omitted"), why);
    }
}

fn fraction(path: &str, value: Option<f64>, report: &mut Report) -> Option<f64> {
    let given = value?;
    if !(0.0..=1.0).contains(&given) {
        report.problem(path, format!("{given} is out of bounds"), "a number from 0 to 1");
        return None;
    }
    // A minus sign would be all that is left of -0.
    Some(given.abs())
}

fn stop_sequences(family: &Family, options: &mut Options, report: &mut Report) -> Vec<String> {
    let stops = std::mem::take(&mut options.stop_sequences);
    if stops.len() > MAX_STOP_SEQUENCES {
        let message = format!("{} stop sequences are too many", stops.len());
        report.problem("options.stopSequences", message, format!("at most {MAX_STOP_SEQUENCES}"));
    }
    for (index, stop) in stops.iter().enumerate() {
        let path = || format!("options.stopSequences[{index}]");
        if stop.is_empty() {
            report.problem(path(), "a stop sequence is empty", "a text of at least one character");
        } else if family.claude && is_blank(stop) {
            report.problem(
                path(),
                "Claude does not accept a stop sequence of white space alone",
                "a text that is not blank",
            );
        }
    }
    stops
}

impl Inference {
    /// Writes the members.
    pub(super) fn write(&self, o: &mut Members<'_>) {
        if let Some(tokens) = self.max_tokens {
            o.member("maxTokens").raw(&tokens.to_string());
        }
        if let Some(temperature) = self.temperature {
            o.member("temperature").number(temperature);
        }
        if let Some(top_p) = self.top_p {
            o.member("topP").number(top_p);
        }
        if !self.stop_sequences.is_empty() {
            o.member("stopSequences").array(&self.stop_sequences, |body, stop| body.string(stop));
        }
    }
}
