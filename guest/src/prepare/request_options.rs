//! The members of a request that are about the request: guardrail, metadata, tier, latency, output format and the like.

use std::collections::BTreeSet;

use crate::contract::config::Guardrail;
use crate::contract::conversation::{Options, OutputSchema};
use crate::families::{Family, Tier};

use super::body::Members;
use super::report::Report;

/// Bounds of the API model.
const MAX_METADATA: usize = 16;
const MAX_METADATA_LENGTH: usize = 256;
const MAX_RESPONSE_PATHS: usize = 10;
const MAX_RESPONSE_PATH_LENGTH: usize = 256;

/// Where a Claude that refuses says why.
const REFUSAL_PATH: &str = "/stop_details";

/// What is written behind the conversation itself. All of it is checked.
#[derive(Debug, Default)]
pub(super) struct RequestOptions {
    request_metadata: Vec<(String, String)>,
    guardrail: Option<Guardrail>,
    prompt_variables: Vec<(String, String)>,
    response_paths: Vec<String>,
    latency: Option<String>,
    service_tier: Option<String>,
    output_format: Option<OutputSchema>,
}

/// Checks the options. A value outside the set that the API names is a problem: the service would refuse the request.
pub(super) fn request_options(
    options: &mut Options,
    configured_guardrail: Option<&Guardrail>,
    output_format: Option<OutputSchema>,
    family: &Family,
    is_prompt: bool,
    report: &mut Report,
) -> RequestOptions {
    let mut guardrail = match (options.guardrail.take(), configured_guardrail) {
        (Some(guardrail), _) => Some(("options.guardrail", guardrail)),
        (None, configured) => configured.cloned().map(|guardrail| ("settings.guardrail", guardrail)),
    };
    if let Some((path, guardrail)) = &mut guardrail {
        check_guardrail(path, guardrail, report);
    }
    let prompt_variables = std::mem::take(&mut options.prompt_variables);
    if !prompt_variables.is_empty() && !is_prompt {
        report.notice(
            "prompt-variables-omitted",
            "prompt variables require a model id that is the ARN of a stored prompt",
        );
    }
    RequestOptions {
        request_metadata: request_metadata(options, report),
        guardrail: guardrail.map(|(_, guardrail)| guardrail),
        prompt_variables: if is_prompt { prompt_variables } else { Vec::new() },
        response_paths: response_paths(options, family, report),
        latency: one_of("options.latency", options.latency.take(), &["standard", "optimized"], report),
        service_tier: service_tier(options, family, report),
        output_format,
    }
}

/// A value of a set, or a problem that names the set. Case and space around it do not matter (OpenClaw does so for the tier).
fn one_of(path: &str, value: Option<String>, set: &[&str], report: &mut Report) -> Option<String> {
    let given = value?;
    let word = given.trim().to_ascii_lowercase();
    if !set.contains(&word.as_str()) {
        let expected = set.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        report.problem(path, format!("`{given}` is unknown"), format!("one of {expected}"));
        return None;
    }
    Some(word)
}

fn service_tier(options: &mut Options, family: &Family, report: &mut Report) -> Option<String> {
    let tiers = &["default", "priority", "flex", "reserved"];
    let tier = one_of("options.serviceTier", options.service_tier.take(), tiers, report)?;
    if tier != "default" && !Tier::of_word(&tier).is_some_and(|tier| family.service_tiers.has(tier)) {
        report.notice("service-tier-omitted", format!("this model does not support the service tier `{tier}`"));
        return None;
    }
    Some(tier)
}

/// Checks a guardrail; its words become the API's own.
fn check_guardrail(path: &str, guardrail: &mut Guardrail, report: &mut Report) {
    let id = &guardrail.identifier;
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let arn_id = id.strip_prefix("arn:").and_then(|rest| rest.split_once(":guardrail/")).map(|(_, id)| id);
    if !plain(arn_id.unwrap_or(id)) {
        report.problem(format!("{path}.identifier"), format!("`{id}` is not a guardrail"), "a guardrail's id or ARN");
    }
    let version = &guardrail.version;
    let numbered =
        (1..=8).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit()) && !version.starts_with('0');
    if !numbered && version != "DRAFT" {
        report.problem(
            format!("{path}.version"),
            format!("`{version}` is not a version"),
            "a number from 1, or `DRAFT`",
        );
    }
    let mut check = |member: &str, value: &mut Option<String>, set: &[&str]| {
        *value = one_of(&format!("{path}.{member}"), value.take(), set, report);
    };
    check("streamProcessingMode", &mut guardrail.stream_processing_mode, &["sync", "async"]);
    check("trace", &mut guardrail.trace, &["enabled", "disabled", "enabled_full"]);
}

fn request_metadata(options: &mut Options, report: &mut Report) -> Vec<(String, String)> {
    let metadata = std::mem::take(&mut options.request_metadata);
    let path = "options.requestMetadata";
    if metadata.len() > MAX_METADATA {
        report.problem(path, format!("{} entries were given", metadata.len()), format!("at most {MAX_METADATA}"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c);
    let mut seen = BTreeSet::new();
    for (name, value) in &metadata {
        let fits = |text: &str| text.len() <= MAX_METADATA_LENGTH && text.chars().all(allowed);
        if name.is_empty() || !fits(name) || !fits(value) {
            report.problem(
                format!("{path}.{name}"),
                "Bedrock does not accept the name or the value",
                "up to 256 ASCII letters, digits, white space or `:_@$#=/+,-.` in each, and a name that is not empty",
            );
        } else if !seen.insert(name) {
            report.problem(format!("{path}.{name}"), "the name is set twice", "each name once");
        }
    }
    metadata
}

fn response_paths(options: &mut Options, family: &Family, report: &mut Report) -> Vec<String> {
    let mut paths = std::mem::take(&mut options.additional_response_field_paths);
    let at = "options.additionalResponseFieldPaths";
    for (index, path) in paths.iter().enumerate() {
        if !path.starts_with('/') || path.chars().count() > MAX_RESPONSE_PATH_LENGTH {
            report.problem(
                format!("{at}[{index}]"),
                format!("`{path}` is not a path"),
                "a JSON Pointer of up to 256 characters, such as `/stop_sequence`",
            );
        }
    }
    if family.refusal_details && paths.len() < MAX_RESPONSE_PATHS && !paths.iter().any(|path| path == REFUSAL_PATH) {
        paths.push(REFUSAL_PATH.to_owned());
    }
    if paths.len() > MAX_RESPONSE_PATHS {
        report.problem(at, format!("{} paths were given", paths.len()), format!("at most {MAX_RESPONSE_PATHS}"));
    }
    paths
}

impl RequestOptions {
    /// Whether a guardrail looks at the request.
    pub(super) fn has_guardrail(&self) -> bool {
        self.guardrail.is_some()
    }

    /// Writes the members.
    pub(super) fn write(&self, o: &mut Members<'_>) {
        if !self.request_metadata.is_empty() {
            o.object("requestMetadata", |o| {
                self.request_metadata.iter().for_each(|(name, value)| o.string(name, value))
            });
        }
        if let Some(guardrail) = &self.guardrail {
            o.object("guardrailConfig", |o| {
                o.string("guardrailIdentifier", &guardrail.identifier);
                o.string("guardrailVersion", &guardrail.version);
                if let Some(mode) = &guardrail.stream_processing_mode {
                    o.string("streamProcessingMode", mode);
                }
                if let Some(trace) = &guardrail.trace {
                    o.string("trace", trace);
                }
            });
        }
        if !self.prompt_variables.is_empty() {
            o.object("promptVariables", |o| {
                for (name, value) in &self.prompt_variables {
                    o.object(name, |o| o.string("text", value));
                }
            });
        }
        if !self.response_paths.is_empty() {
            o.member("additionalModelResponseFieldPaths").array(&self.response_paths, |body, path| body.string(path));
        }
        if let Some(latency) = &self.latency {
            o.object("performanceConfig", |o| o.string("latency", latency));
        }
        if let Some(tier) = &self.service_tier {
            o.object("serviceTier", |o| o.string("type", tier));
        }
        if let Some(output) = &self.output_format {
            o.object("outputConfig", |o| o.object("textFormat", |o| write_text_format(o, output)));
        }
    }
}

fn write_text_format(o: &mut Members<'_>, output: &OutputSchema) {
    o.string("type", "json_schema");
    o.object("structure", |o| {
        o.object("jsonSchema", |o| {
            // The API takes the schema as a string that holds JSON.
            o.string("schema", &output.schema);
            if !output.name.is_empty() {
                o.string("name", &output.name);
            }
            if let Some(description) = &output.description {
                o.string("description", description);
            }
        });
    });
}
