//! All that is known of one model, line by line.

use std::io;

use quarry_contract::config::Origin;
use quarry_contract::models::{CatalogSource, LeftOut};
use quarry_contract::types::{Cost, Model};
use quarry_gateway::discovery::told;
use quarry_pi::PROVIDER;
use quarry_system::printable::one_line;
use serde_json::Value;

use super::super::columns::wrapped;
use super::super::{problems, terminal};
use super::asked::Asked;
use super::known::{Absent, KnownModel};
use super::text::{dollars, spoken};

/// How wide the names of the lines are.
const NAMES: usize = 16;

/// A terminal narrower than this gets lines as they come.
const LEAST_VALUE: usize = 24;

/// What a listing's extras are called here. One that is not among them goes by its own name.
const EXTRAS: &[(&str, &str)] = &[
    ("baseModelId", "base model"),
    ("regions", "regions"),
    ("geography", "geography"),
    ("inferenceProfileType", "profile"),
    ("inferenceProfileArn", "ARN"),
    ("canonicalModelId", "canonical id"),
    ("thinkingLevelMap", "thinking levels"),
    ("reasoningSupported", "reasoning"),
    ("systemRoleSupported", "system prompt"),
    ("userImageTypesSupported", "images"),
    ("userDocumentTypesSupported", "documents"),
    ("explicitPromptCaching", "prompt caching"),
    ("guardrailsSupported", "guardrails"),
    ("latencyOptimizationSupported", "low latency"),
];

/// Extras that stand in other lines.
const TOLD_ELSEWHERE: &[&str] = &["limitsFrom", "stale"];

/// Lines of a name and a value.
struct Sheet {
    text: String,
    width: Option<usize>,
}

impl Sheet {
    fn new() -> Self {
        Sheet { text: String::new(), width: terminal::width_of(&io::stdout()) }
    }

    /// A line; a value that is too long for the terminal goes on below itself.
    fn line(&mut self, name: &str, value: &str) {
        let value = one_line(value).to_string();
        let room = self.width.map(|width| width.saturating_sub(NAMES)).filter(|room| *room >= LEAST_VALUE);
        let lines = match room {
            Some(room) if value.chars().count() > room => wrapped(&value, room),
            _ => vec![value],
        };
        for (index, line) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            terminal::push_line(&mut self.text, &format!("{name:<15} {line}"));
        }
    }
}

/// What is known of a model.
pub(super) fn of_known(asked: &Asked, known: &KnownModel) -> String {
    let mut sheet = Sheet::new();
    let model = &known.model;
    sheet.line("model", &model.id);
    sheet.line("name", &model.name);
    sheet.line(
        "provider",
        &known.vendor().map_or(PROVIDER.to_owned(), |vendor| format!("{PROVIDER}, model of {vendor}")),
    );
    sheet.line("configured", &configured(asked, known));
    sheet.line("discovered", &discovered(asked, known));
    let roles = roles(known);
    if !roles.is_empty() {
        sheet.line("used as", &roles.join(", "));
    }
    if known.is_assumed() {
        sheet.line("input", "not known; text, image, document and video are sent");
        sheet.line("thinks", "not known");
    } else {
        sheet.line("input", &model.input.join(", "));
        sheet.line("thinks", if model.reasoning { "yes" } else { "no" });
    }
    sheet.line("context", &limit(model, "contextWindow", model.context_window));
    sheet.line("output", &limit(model, "maxTokens", model.max_tokens));
    prices(&mut sheet, &model.cost);
    if let Some(params) = &model.params {
        sheet.line("params", params);
    }
    if let Some(listing) = known.discovered.as_ref().filter(|_| known.listed) {
        sheet.line("AWS's name", &listing.name);
        sheet.line("AWS's input", &listing.input.join(", "));
        sheet.line("AWS's context", &limit(listing, "contextWindow", listing.context_window));
        sheet.line("AWS's output", &limit(listing, "maxTokens", listing.max_tokens));
    }
    extras(&mut sheet, known.discovered.as_ref().unwrap_or(model));
    sheet.text
}

/// What is known of a model that is left out.
pub(super) fn of_left_out(asked: &Asked, LeftOut { id, reason, message }: &LeftOut) -> String {
    let mut sheet = Sheet::new();
    sheet.line("model", id);
    sheet.line("provider", PROVIDER);
    sheet.line("configured", "no");
    sheet.line("discovered", &format!("in {}, {}, and left out", asked.region, when(asked)));
    sheet.line("left out", &format!("{reason}: {message}"));
    sheet.text
}

fn configured(asked: &Asked, known: &KnownModel) -> String {
    if !known.configured {
        return "no".to_owned();
    }
    let settings = &asked.settings;
    let listed = settings.models.iter().position(|model| model.id == known.model.id);
    match listed {
        Some(index) => format!("yes{}", place(asked, &format!("models.providers.amazon-bedrock.models[{index}]"))),
        None if known.default => format!("named{}", place(asked, "agents.defaults.model.primary")),
        None if known.fallback.is_some() => format!("named{}", place(asked, "agents.defaults.model.fallbacks")),
        None => "named, in agents.defaults.models".to_owned(),
    }
}

/// Where a value of the configuration is from.
fn place(asked: &Asked, path: &str) -> String {
    let found: Option<&Origin> = asked.settings.origins.iter().find(|origin| origin.path == path);
    found.map(|origin| format!(", in {}", problems::place_text(&origin.place))).unwrap_or_default()
}

fn discovered(asked: &Asked, known: &KnownModel) -> String {
    let region = &asked.region;
    match (&known.discovered, &known.absent) {
        (Some(_), _) => format!("in {region}, {}", when(asked)),
        (None, Some(Absent::LeftOut(LeftOut { reason, message, .. }))) => {
            format!("in {region}, and left out: {reason}: {message}")
        }
        (None, Some(Absent::NotListed)) => format!("no: AWS does not list it in {region}"),
        (None, None) => match asked.catalog.source {
            CatalogSource::Disabled if asked.no_credentials => "not called: there are no AWS credentials".to_owned(),
            CatalogSource::Disabled => "not called: models.bedrockDiscovery.enabled is false".to_owned(),
            CatalogSource::Live | CatalogSource::Cache if asked.is_complete() => {
                format!("AWS does not list it in {region}; listings do not contain every ARN")
            }
            _ => format!("not known: {region} could not be listed"),
        },
    }
}

/// When AWS said what is reported.
fn when(asked: &Asked) -> &'static str {
    match asked.catalog.source {
        CatalogSource::Cache => "from the cache",
        CatalogSource::StaleCache => "from an expired listing",
        _ => "just now",
    }
}

fn roles(known: &KnownModel) -> Vec<String> {
    let mut roles = Vec::new();
    roles.extend(known.default.then(|| "default".to_owned()));
    roles.extend(known.fallback.map(|place| format!("fallback {place}")));
    roles.extend(known.aliases.iter().map(|alias| format!("alias {alias}")));
    roles
}

/// A limit, and where it is from.
fn limit(model: &Model, name: &str, tokens: u64) -> String {
    let from = told::limits_from(model).unwrap_or_default();
    match from.get(name).unwrap_or(&from) {
        Value::String(from) => format!("{tokens} tokens (limitsFrom: {from})"),
        _ => format!("{tokens} tokens"),
    }
}

fn prices(sheet: &mut Sheet, cost: &Cost) {
    let Cost { input, output, cache_read, cache_write, tiers } = cost;
    let prices = |input: f64, output: f64, read: f64, write: f64| {
        let [input, output, read, write] = [input, output, read, write].map(dollars);
        format!("{input} input, {output} output, {read} cache read, {write} cache write, a million tokens")
    };
    if tiers.is_empty() && [input, output, cache_read, cache_write].into_iter().all(|price| *price == 0.0) {
        sheet.line("cost", "not known");
        return;
    }
    sheet.line("cost", &prices(*input, *output, *cache_read, *cache_write));
    for tier in tiers {
        let prices = prices(tier.input, tier.output, tier.cache_read, tier.cache_write);
        sheet.line("", &format!("above {} tokens of input: {prices}", tier.input_tokens_above));
    }
}

/// What the listing says besides: first what has a place here, then the rest under its own names.
fn extras(sheet: &mut Sheet, model: &Model) {
    let mut tell = |title: &str, name: &str| {
        if let Some(value) = told::extra(model, name) {
            sheet.line(title, &spoken(&value));
        }
    };
    for (name, title) in EXTRAS {
        tell(title, name);
    }
    let rest = model.extras.iter().map(|extra| extra.name.as_str());
    for name in rest.filter(|name| !TOLD_ELSEWHERE.contains(name) && EXTRAS.iter().all(|(known, _)| known != name)) {
        tell(name, name);
    }
}
