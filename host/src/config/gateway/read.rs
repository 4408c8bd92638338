//! From the file to the settings. All that is wrong is reported at once.

use std::path::PathBuf;
use std::time::Duration;

use super::super::file::ConfigFile;
use super::super::json5::{self, BYTE_ORDER_MARK};
use super::super::schema::names_below;
use super::super::similar;
use super::network;
use super::provider;
use super::reader::{Members, Node, Reader};
use super::settings::{
    GatewayConfig, GatewayLimits, LogConfig, LogFormat, OtlpConfig, RemoteConfig, RetryConfig, TlsConfig,
};
use super::{cache, keys};
use crate::contract::config::Problem;

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
            Some(file) => read(file.text(), &file.path().display().to_string()),
            None => Ok(GatewayConfig::default()),
        }
    }
}

fn read(text: &str, source: &str) -> Result<GatewayConfig, Vec<Problem>> {
    // A mark that no one sees has no column.
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut reader = Reader::default();
    let mut config = GatewayConfig::default();
    match json5::parse(text) {
        Ok(Some(document)) => {
            if let Some(section) = reader.child(&Node::root(&document), SECTION) {
                read_section(&mut reader, &section, &mut config);
            }
        }
        // Nothing but space and comments: the file configures nothing.
        Ok(None) => {}
        Err(error) => reader.fault(error.range().start, error.kind().to_string()),
    }
    let problems = reader.into_problems(source, text);
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

fn read_section(reader: &mut Reader, section: &Node<'_, '_>, config: &mut GatewayConfig) {
    let members = reader.members(section, &names_below(SECTION));
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
    if let Some(node) = members.get("otlp") {
        config.otlp = Some(read_otlp(reader, node));
    }
    reader.seconds(&members, "drainSeconds", 0.0..=DAY, &mut config.drain);
    reader.seconds(&members, "keepAliveSeconds", SHORTEST..=HOUR, &mut config.keep_alive);
}

fn read_tls(reader: &mut Reader, node: &Node<'_, '_>) -> Option<TlsConfig> {
    let members = reader.members(node, &names_below("quarry.tls"));
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
                reader.wrong(node, "certificate and key go together", "`certificate` and `key`");
            }
            None
        }
    }
}

fn read_limits(reader: &mut Reader, node: &Node<'_, '_>, limits: &mut GatewayLimits) {
    let members = reader.members(node, &names_below("quarry.limits"));
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

fn read_retry(reader: &mut Reader, node: &Node<'_, '_>, retry: &mut RetryConfig) {
    let members = reader.members(node, &names_below("quarry.retry"));
    set(&mut retry.attempts, reader.whole(&members, "attempts", 1..=20));
    set(&mut retry.base, milliseconds(reader, &members, "baseMilliseconds", 60_000));
    set(&mut retry.most, milliseconds(reader, &members, "mostMilliseconds", 600_000));
    if retry.most < retry.base {
        let at = members.get("mostMilliseconds").or_else(|| members.get("baseMilliseconds")).unwrap_or(node);
        let message = format!("the longest wait would be shorter than the first, {} ms", retry.base.as_millis());
        reader.wrong(at, message, "baseMilliseconds that is not larger than mostMilliseconds");
    }
}

fn milliseconds(reader: &mut Reader, members: &Members<'_, '_>, name: &str, most: u64) -> Option<Duration> {
    reader.whole(members, name, 1..=most).map(Duration::from_millis)
}

fn read_remote(reader: &mut Reader, node: &Node<'_, '_>, remote: &mut RemoteConfig) {
    let members = reader.members(node, &names_below("quarry.remote"));
    reader.flag(&members, "allowed", &mut remote.allowed);
    if let Some(node) = members.get("hosts") {
        remote.hosts = network::hosts(reader, node);
    }
    set(&mut remote.max_bytes, reader.whole(&members, "bytes", 1..=GIB));
    reader.seconds(&members, "seconds", SHORTEST..=10.0 * MINUTE, &mut remote.timeout);
}

fn read_log(reader: &mut Reader, node: &Node<'_, '_>, log: &mut LogConfig) {
    let members = reader.members(node, &names_below("quarry.log"));
    if let Some(node) = members.get("format") {
        let known = ["text", "json"];
        match reader.text(node, &similar::one_of(&known)) {
            Some("text") => log.format = LogFormat::Text,
            Some("json") => log.format = LogFormat::Json,
            Some(other) => {
                reader.wrong(node, "there is no such format", similar::did_you_mean(other, &known));
            }
            None => {}
        }
    }
    reader.flag(&members, "prompts", &mut log.prompts);
}

fn read_otlp(reader: &mut Reader, node: &Node<'_, '_>) -> OtlpConfig {
    let mut otlp = OtlpConfig::default();
    let members = reader.members(node, &names_below("quarry.otlp"));
    if let Some(endpoint) = members.get("endpoint").and_then(|node| network::endpoint(reader, node)) {
        otlp.endpoint = endpoint;
    }
    if let Some(node) = members.get("headers") {
        otlp.headers = network::headers(reader, node);
    }
    otlp
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
