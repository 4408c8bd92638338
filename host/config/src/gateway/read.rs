//! From the file to the settings. All that is wrong is reported at once.

use std::path::PathBuf;
use std::time::Duration;

use super::super::document::{Document, Fault, Value};
use super::super::file::ConfigFile;
use super::super::reader::{Item, Reader};
use super::super::schema::names_below;
use super::network;
use super::provider;
use super::reader::Members;
use super::settings::{
    GatewayConfig, GatewayLimits, LogConfig, LogFormat, OtlpConfig, RemoteConfig, ResponsesConfig, RetryConfig, Signal,
    TlsConfig,
};
use super::{cache, keys};
use crate::contract::config::{Problem, Severity};
use crate::similar;

/// The member of the configuration that is the gateway's.
pub(super) const SECTION: &str = "quarry";

/// The shortest time that can be set, in seconds, where zero means nothing.
const SHORTEST: f64 = 0.001;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

const KIB: usize = 1024;
const GIB: usize = 1024 * 1024 * KIB;

/// More than one machine has connections for, and within what a semaphore can count.
pub(super) const MOST_AT_ONCE: usize = 1_000_000;

/// The shortest head that hyper can be told to take.
const SHORTEST_HEAD: usize = 8 * KIB;

impl GatewayConfig {
    /// Reads the settings. What is not said keeps its default, and so does everything where there is no file.
    ///
    /// # Errors
    /// All the problems: the text is no JSON5, a setting is not known or there twice, a value is of the wrong kind or out of its
    /// range, two keys have the same name. No problem quotes what may be a secret.
    pub fn read(file: Option<&ConfigFile>) -> Result<Self, Vec<Problem>> {
        match file {
            Some(file) => read(file),
            None => Ok(GatewayConfig::default()),
        }
    }
}

impl LogFormat {
    /// The format of the log that a file names, whatever else is wrong with it: its problems are logged in that format too.
    #[must_use]
    pub fn of_file(file: &ConfigFile) -> Self {
        let format = file.document().ok().and_then(|document| document.at(&[SECTION, "log", "format"]));
        match format.map(|node| &node.value) {
            Some(Value::Text(format)) if format == "json" => LogFormat::Json,
            _ => LogFormat::Text,
        }
    }
}

fn read(file: &ConfigFile) -> Result<GatewayConfig, Vec<Problem>> {
    let mut reader = Reader::new("file", &file.path().display().to_string());
    let mut config = GatewayConfig::default();
    match file.document().map(Document::root) {
        Ok(Some(root)) => read_root(&mut reader, &Item::root(root), &mut config),
        // Nothing but space and comments: the file configures nothing.
        Ok(None) => {}
        Err(Fault { position, message, expected }) => {
            reader.note(Severity::Error, *position, &[], *message, *expected);
        }
    }
    let problems = reader.into_problems();
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

fn read_root(reader: &mut Reader, root: &Item<'_>, config: &mut GatewayConfig) {
    let mut sections = reader.members(root, "an object").iter().filter(|member| member.name == SECTION);
    if let Some(first) = sections.next() {
        read_section(reader, &root.of(first), config);
        sections.for_each(|repeated| reader.repeated(root, repeated));
    }
}

fn read_section(reader: &mut Reader, section: &Item<'_>, config: &mut GatewayConfig) {
    let members = reader.settings(section, &names_below(SECTION));
    if let Some(listen) = members.get("listen").and_then(|node| network::listen(reader, node)) {
        config.listen = listen;
    }
    if let Some(node) = members.get("tls") {
        config.tls = read_tls(reader, node);
    }
    if let Some(node) = members.get("keys") {
        config.keys = keys::read(reader, node);
    }
    if let Some(node) = members.get("limits") {
        read_limits(reader, node, &mut config.limits);
    }
    if let Some(node) = members.get("readiness") {
        let members = reader.settings(node, &names_below("quarry.readiness"));
        reader.flag(&members, "credentials", &mut config.readiness.credentials);
    }
    if let Some(node) = members.get("retry") {
        read_retry(reader, node, &mut config.retry);
    }
    reader.flag(&members, "fallbacks", &mut config.fallbacks);
    if let Some(node) = members.get("regions") {
        config.regions = Some(network::regions(reader, node));
    }
    if let Some(node) = members.get("cors") {
        config.cors = network::origins(reader, node);
    }
    if let Some(node) = members.get("proxies") {
        config.proxies = network::networks(reader, node);
    }
    if let Some(node) = members.get("responses") {
        read_responses(reader, node, &mut config.responses);
    }
    if let Some(node) = members.get("remote") {
        read_remote(reader, node, &mut config.remote);
    }
    if let Some(node) = members.get("provider") {
        provider::read(reader, node, &mut config.provider);
    }
    if let Some(node) = members.get("cache") {
        cache::read(reader, node, &mut config.cache);
    }
    if let Some(node) = members.get("log") {
        read_log(reader, node, &mut config.log);
    }
    if let Some(node) = members.get("metrics") {
        let members = reader.settings(node, &names_below("quarry.metrics"));
        config.metrics.listen = members.get("listen").and_then(|node| network::listen(reader, node));
    }
    if let Some(node) = members.get("otlp") {
        config.otlp = Some(read_otlp(reader, node));
    }
    reader.seconds(&members, "drainSeconds", 0.0..=DAY, &mut config.drain);
    reader.seconds(&members, "drainMinimumSeconds", 0.0..=DAY, &mut config.drain_minimum);
    reader.seconds(&members, "keepAliveSeconds", SHORTEST..=HOUR, &mut config.keep_alive);
    reader.flag(&members, "strict", &mut config.strict);
}

fn read_tls(reader: &mut Reader, node: &Item<'_>) -> Option<TlsConfig> {
    let members = reader.settings(node, &names_below("quarry.tls"));
    let mut file = |name| {
        let node = members.get(name)?;
        reader.text(node, "the path of a file in PEM").map(PathBuf::from)
    };
    let (certificate, key, client_authorities) = (file("certificate"), file("key"), file("clientAuthorities"));
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsConfig { certificate, key, client_authorities }),
        _ => {
            // What was named wrongly was told already.
            if !members.contains_key("certificate") || !members.contains_key("key") {
                reader.wrong(node, "`certificate` and `key` require each other", "`certificate` and `key`");
            }
            None
        }
    }
}

fn read_limits(reader: &mut Reader, node: &Item<'_>, limits: &mut GatewayLimits) {
    let members = reader.settings(node, &names_below("quarry.limits"));
    set(&mut limits.body, reader.whole(&members, "bodyBytes", KIB..=GIB));
    set(&mut limits.headers, reader.whole(&members, "headerBytes", SHORTEST_HEAD..=KIB * KIB));
    reader.seconds(&members, "headerSeconds", SHORTEST..=HOUR, &mut limits.header_time);
    reader.seconds(&members, "bodySeconds", SHORTEST..=HOUR, &mut limits.body_time);
    reader.seconds(&members, "idleSeconds", SHORTEST..=DAY, &mut limits.idle);
    reader.seconds(&members, "turnSeconds", 0.0..=DAY, &mut limits.turn);
    reader.seconds(&members, "stallSeconds", SHORTEST..=DAY, &mut limits.stall);
    set(&mut limits.connections, reader.whole(&members, "connections", 1..=MOST_AT_ONCE));
    limits.concurrency = reader.whole(&members, "concurrency", 1..=MOST_AT_ONCE);
    set(&mut limits.unready_percent, reader.whole(&members, "unreadyPercent", 0..=100));
}

fn read_retry(reader: &mut Reader, node: &Item<'_>, retry: &mut RetryConfig) {
    let members = reader.settings(node, &names_below("quarry.retry"));
    set(&mut retry.attempts, reader.whole(&members, "attempts", 1..=20));
    set(&mut retry.base, milliseconds(reader, &members, "baseMilliseconds", 60_000));
    set(&mut retry.most, milliseconds(reader, &members, "mostMilliseconds", 600_000));
    set(&mut retry.budget_percent, reader.whole(&members, "budgetPercent", 0..=1000));
    if retry.most < retry.base {
        let at = members.get("mostMilliseconds").or_else(|| members.get("baseMilliseconds")).unwrap_or(node);
        let message = format!("the longest wait would be shorter than the first, {} ms", retry.base.as_millis());
        reader.wrong(at, message, "baseMilliseconds that is not larger than mostMilliseconds");
    }
}

fn milliseconds(reader: &mut Reader, members: &Members<'_>, name: &str, most: u64) -> Option<Duration> {
    reader.whole(members, name, 1..=most).map(Duration::from_millis)
}

fn read_responses(reader: &mut Reader, node: &Item<'_>, responses: &mut ResponsesConfig) {
    let members = reader.settings(node, &names_below("quarry.responses"));
    reader.seconds(&members, "keepSeconds", 0.0..=DAY, &mut responses.keep);
    set(&mut responses.keep_bytes, reader.whole(&members, "keepBytes", 0..=GIB));
    set(&mut responses.keep_number, reader.whole(&members, "keepNumber", 0..=MOST_AT_ONCE));
}

fn read_remote(reader: &mut Reader, node: &Item<'_>, remote: &mut RemoteConfig) {
    let members = reader.settings(node, &names_below("quarry.remote"));
    reader.flag(&members, "allowed", &mut remote.allowed);
    if let Some(node) = members.get("hosts") {
        remote.hosts = network::hosts(reader, node);
    }
    set(&mut remote.max_bytes, reader.whole(&members, "bytes", 1..=GIB));
    reader.seconds(&members, "seconds", SHORTEST..=10.0 * MINUTE, &mut remote.timeout);
}

fn read_log(reader: &mut Reader, node: &Item<'_>, log: &mut LogConfig) {
    let members = reader.settings(node, &names_below("quarry.log"));
    if let Some(node) = members.get("format") {
        let known = ["text", "json"];
        match reader.text(node, &similar::one_of(&known)) {
            Some("text") => log.format = LogFormat::Text,
            Some("json") => log.format = LogFormat::Json,
            Some(other) => {
                reader.wrong(node, "this format does not exist", similar::did_you_mean(other, &known));
            }
            None => {}
        }
    }
    reader.flag(&members, "prompts", &mut log.prompts);
}

fn read_otlp(reader: &mut Reader, node: &Item<'_>) -> OtlpConfig {
    let mut otlp = OtlpConfig::default();
    let members = reader.settings(node, &names_below("quarry.otlp"));
    if let Some(endpoint) = members.get("endpoint").and_then(|node| network::endpoint(reader, node)) {
        otlp.endpoint = endpoint;
    }
    if let Some(node) = members.get("signals") {
        otlp.signals = signals(reader, node);
    }
    if let Some(node) = members.get("headers") {
        otlp.headers = network::headers(reader, node);
    }
    otlp
}

fn signals(reader: &mut Reader, node: &Item<'_>) -> Vec<Signal> {
    let known = Signal::ALL.map(Signal::name);
    let mut signals = Vec::new();
    for element in reader.elements(node) {
        let Some(name) = reader.text(&element, &similar::one_of(&known)) else { continue };
        match Signal::ALL.into_iter().find(|signal| signal.name() == name) {
            Some(signal) => signals.push(signal),
            None => reader.wrong(&element, "there is no such signal", similar::did_you_mean(name, &known)),
        }
    }
    signals
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
