//! `inferenceConfig`: limits, sampling, stops.

use crate::contract::conversation::Options;
use crate::families::{Family, Sampling};
use crate::repair::part;

use super::adjustments::Adjustments;
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
pub(super) fn inference(
    family: &Family,
    plan: &ThinkingPlan,
    options: &mut Options,
    adjustments: &Adjustments,
    report: &mut Report,
) -> Inference {
    if plan.max_tokens.is_some_and(|tokens| tokens == 0 || tokens > i32::MAX as u64) {
        let tokens = plan.max_tokens.unwrap_or_default();
        report.problem(
            "options.maxTokens",
            format!("{tokens} tokens cannot be requested"),
            "a whole number from 1 to 2147483647",
        );
    }
    let mut temperature = fraction("options.temperature", options.temperature, report);
    let mut top_p = fraction("options.topP", options.top_p, report);
    let mut max_tokens = plan.max_tokens;
    if family.sampling == Sampling::Neither {
        leave_out(&mut temperature, "temperature", "temperature was left out: this model does not support it", report);
        leave_out(&mut top_p, "top-p", "top-p was left out: this model does not support it", report);
    }
    if plan.claude_thinks {
        // pi sends it and gets a 400; OpenClaw leaves it out.
        leave_out(
            &mut temperature,
            "temperature",
            "temperature was left out: Claude does not support it together with thinking",
            report,
        );
        if top_p.is_some_and(|top_p| top_p < MIN_THINKING_TOP_P) {
            leave_out(
                &mut top_p,
                "top-p",
                "top-p was left out: Claude supports no value below 0.95 together with thinking",
                report,
            );
        }
    }
    if plan.refuses_inference {
        leave_out(
            &mut temperature,
            "temperature",
            "temperature was left out: Nova does not support it at the effort `high`",
            report,
        );
        leave_out(&mut top_p, "top-p", "top-p was left out: Nova does not support it at the effort `high`", report);
        leave_out(
            &mut max_tokens,
            "max-tokens",
            "maxTokens was left out: Nova does not support it at the effort `high`",
            report,
        );
    }
    if max_tokens.is_some_and(|tokens| tokens > 0 && tokens < family.min_tokens) {
        let message = format!("maxTokens was raised to {}, the least that this model supports", family.min_tokens);
        report.notice("max-tokens-changed", message);
        max_tokens = Some(family.min_tokens);
    }
    if family.sampling == Sampling::Either && temperature.is_some() {
        let why = "top-p was left out: this model supports temperature or top-p, but not both";
        leave_out(&mut top_p, "top-p", why, report);
    }
    let mut stop_sequences = Some(stop_sequences(family, options, report)).filter(|stops| !stops.is_empty());
    let refused = |part| adjustments.omit(part);
    if refused(part::TEMPERATURE) {
        leave_out(&mut temperature, "temperature", "temperature was left out: the service refused it", report);
    }
    if refused(part::TOP_P) {
        leave_out(&mut top_p, "top-p", "top-p was left out: the service refused it", report);
    }
    if refused(part::STOP_SEQUENCES) {
        let why = "the stop sequences were left out: the service refused them";
        leave_out(&mut stop_sequences, "stop-sequences", why, report);
    }
    if refused(part::MAX_TOKENS) {
        leave_out(&mut max_tokens, "max-tokens", "maxTokens was left out: the service refused it", report);
    }
    Inference { max_tokens, temperature, top_p, stop_sequences: stop_sequences.unwrap_or_default() }
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
    let mut stops = std::mem::take(&mut options.stop_sequences);
    if stops.len() > MAX_STOP_SEQUENCES {
        let message = format!("{} stop sequences were given", stops.len());
        report.problem("options.stopSequences", message, format!("at most {MAX_STOP_SEQUENCES}"));
    }
    for (index, stop) in stops.iter().enumerate() {
        let path = || format!("options.stopSequences[{index}]");
        if stop.is_empty() {
            report.problem(path(), "a stop sequence is empty", "at least one character");
        } else if family.claude && is_blank(stop) {
            report.problem(
                path(),
                "Claude rejects a stop sequence that contains only white space",
                "a text that is not blank",
            );
        }
    }
    if !family.stop_sequences && !stops.is_empty() {
        let message = "the stop sequences were left out: this model does not support them";
        report.notice("stop-sequences-omitted", message);
        return Vec::new();
    }
    if family.stop_length > 0 {
        let longest = usize::try_from(family.stop_length).unwrap_or(usize::MAX);
        let all = stops.len();
        stops.retain(|stop| stop.chars().count() <= longest);
        if stops.len() < all {
            let message = format!(
                "stop sequences of more than {longest} characters were left out: this model does not support them"
            );
            report.notice("stop-sequences-omitted", message);
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
