//! The model's `params` of the configuration: what a request does not say itself.
//!
//! OpenClaw's members `cacheRetention`, `serviceTier` (or `service_tier`), `temperature`, `maxTokens` and `thinking`, and ours
//! beside them: `topP`, `latency`, `thinkingDisplay`, `interleavedThinking`. They hold for every request of the model, so one
//! that is wrong is reported and left out, as OpenClaw does, and does not stop the request. Others are not for the provider.

use serde::de::DeserializeOwned;

use crate::contract::conversation::Options;
use crate::contract::types::Model;

use super::raw_json::RawObject;
use super::report::Report;

const LEVELS: &[&str] = &["off", "minimal", "low", "medium", "high", "xhigh", "max", "adaptive"];

/// Fills in what the request leaves open.
pub(super) fn fill_in(options: &mut Options, model: &Model, report: &mut Report) {
    let Some(params) = model.params.as_deref() else { return };
    let members = match RawObject::parse(params) {
        Ok(members) => members,
        Err(message) => {
            report.notice("param-ignored", format!("model.params was ignored: {message}; expected an object"));
            return;
        }
    };
    let mut params = Params { members: &members, report };
    params.word(&mut options.cache_retention, &["cacheRetention"], &["none", "short", "long"]);
    params.word(
        &mut options.service_tier,
        &["serviceTier", "service_tier"],
        &["default", "priority", "flex", "reserved"],
    );
    params.word(&mut options.latency, &["latency"], &["standard", "optimized"]);
    params.word(&mut options.thinking, &["thinking"], LEVELS);
    params.word(&mut options.thinking_display, &["thinkingDisplay"], &["summarized", "omitted"]);
    params.value(&mut options.interleaved_thinking, "interleavedThinking", |_| true, "`true` or `false`");
    params.value(&mut options.max_tokens, "maxTokens", |tokens| *tokens > 0, "a whole number from 1");
    let fraction = |number: &f64| (0.0..=1.0).contains(number);
    params.value(&mut options.temperature, "temperature", fraction, "a number from 0 to 1");
    params.value(&mut options.top_p, "topP", fraction, "a number from 0 to 1");
}

struct Params<'a> {
    members: &'a RawObject<'a>,
    report: &'a mut Report,
}

impl Params<'_> {
    /// A word of a set, under the first of these names that is there. Case and space around it do not matter (OpenClaw).
    fn word(&mut self, place: &mut Option<String>, names: &[&str], set: &[&str]) {
        let Some(name) = names.iter().find(|name| self.members.get(name).is_some()) else { return };
        let mut given = place.take();
        let fits = |word: &String| set.contains(&word.trim().to_ascii_lowercase().as_str());
        self.value(&mut given, name, fits, &format!("one of {}", set.join(", ")));
        *place = given.map(|word| if fits(&word) { word.trim().to_ascii_lowercase() } else { word });
    }

    fn value<T: DeserializeOwned>(
        &mut self,
        place: &mut Option<T>,
        name: &str,
        fits: impl Fn(&T) -> bool,
        expected: &str,
    ) {
        let Some(json) = self.members.get(name).filter(|json| place.is_none() && *json != "null") else { return };
        *place = serde_json::from_str(json).ok().filter(fits);
        if place.is_none() {
            let message = format!("model.params.{name} was ignored: it is {json}; expected {expected}");
            self.report.notice("param-ignored", message);
        }
    }
}
