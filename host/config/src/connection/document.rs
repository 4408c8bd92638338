//! The members of a document (the file, or the flags) that say how to reach AWS.

use std::collections::BTreeSet;

use hyper::header::HeaderValue;
use secrecy::SecretString;

use super::super::document::{Document, Member, Node, Value};
use super::super::path::{Segment, Shown};
use super::super::reader::{Item, Reader, shown};
use super::settle::Layer;
use super::slips::{Slip, slips};
use super::{Found, Header, PROVIDER_NAMES, endpoint};
use crate::aws::is_reserved_header;
use crate::contract::config::Severity;
use crate::pi;

/// How requests may be authenticated (OpenClaw's set).
const AUTHS: [&str; 4] = ["aws-sdk", "api-key", "oauth", "token"];

/// What OpenClaw writes in place of a key that is not one: the name of the variable that made the provider usable, or a word
/// for "there are credentials". None of them is a bearer token.
const MARKERS: [&str; 5] =
    ["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "<authenticated>", "aws-sdk"];

/// Reads a document.
pub(super) fn read(layer: &str, source: &str, document: &Document) -> Layer {
    let mut reading = Reading { reader: Reader::new(layer, source), layer: Layer::default() };
    if let Some(root) = document.root() {
        reading.document(root);
    }
    Layer { problems: reading.reader.into_problems(), ..reading.layer }
}

struct Reading {
    reader: Reader,
    layer: Layer,
}

impl Reading {
    fn document(&mut self, root: &Node) {
        for name in PROVIDER_NAMES {
            let member = |member: &str| Item::at(root, &["models", "providers", name, member]);
            if let Some(item) = member("baseUrl") {
                let url = self.base_url(&item);
                over(&mut self.layer.base_url, url);
            }
            if let Some(item) = member("api") {
                let api = self.choice(&item, &[pi::API]);
                over(&mut self.layer.api, api);
            }
            if let Some(item) = member("auth") {
                let auth = self.choice(&item, &AUTHS);
                over(&mut self.layer.auth, auth);
            }
            if let Some(item) = member("apiKey") {
                self.api_key(&item);
            }
            if let Some(item) = member("headers") {
                self.headers(&item);
            }
        }
        // Where a file has both, the newer place wins, as in OpenClaw.
        for names in [
            &["models", "bedrockDiscovery", "region"][..],
            &["plugins", "entries", "amazon-bedrock", "config", "discovery", "region"],
        ] {
            if let Some(item) = Item::at(root, names) {
                let region = self.region(&item);
                over(&mut self.layer.region, region);
            }
        }
        for Slip { path, position, meant } in slips(root) {
            let path = Segment::members(path);
            let name = Shown(path.last().map(std::slice::from_ref).unwrap_or_default()).to_string();
            let message = format!("{name} is not known and is ignored");
            self.reader.note(Severity::Warning, position, &path, message, format!("did you mean `{meant}`?"));
        }
    }

    fn found<T>(&self, item: &Item<'_>, value: T) -> Found<T> {
        Found { value, place: self.reader.place(item.node.position) }
    }

    fn choice(&mut self, item: &Item<'_>, allowed: &[&str]) -> Option<Found<String>> {
        let word = self.reader.choice(item, allowed)?.to_owned();
        Some(self.found(item, word))
    }

    fn base_url(&mut self, item: &Item<'_>) -> Option<Found<String>> {
        let url = self.reader.full_text(item, endpoint::A_BASE_URL)?;
        if let Some(fault) = endpoint::fault_of_base_url(url) {
            // The address itself is not repeated: it may have a password in it.
            self.reader.wrong(item, format!("{} {fault}", item.name()), endpoint::A_BASE_URL);
            return None;
        }
        Some(self.found(item, url.to_owned()))
    }

    fn region(&mut self, item: &Item<'_>) -> Option<Found<String>> {
        let region = self.reader.full_text(item, endpoint::A_REGION)?;
        if let Some((severity, message, expected)) = endpoint::fault_of_region(&item.name(), region) {
            self.reader.note(severity, item.node.position, &item.path, message, expected);
            if severity == Severity::Error {
                return None;
            }
        }
        Some(self.found(item, region.to_owned()))
    }

    fn api_key(&mut self, item: &Item<'_>) {
        match &item.node.value {
            Value::Text(text) => {
                let key = text.trim();
                if !key.is_empty() && !MARKERS.contains(&key) {
                    self.layer.bearer_token = Some(SecretString::from(key));
                }
            }
            // OpenClaw's SecretRef: where else the key is.
            Value::Object(_) => self.reader.note(
                Severity::Warning,
                item.node.position,
                &item.path,
                "apiKey refers to a stored secret, which Quarry does not look up; it is ignored",
                "the key itself, or AWS_BEARER_TOKEN_BEDROCK",
            ),
            _ => self.reader.wrong_kind(item, "the key, a string"),
        }
    }

    fn headers(&mut self, item: &Item<'_>) {
        let members = self.reader.members(item, "an object of header names and values");
        let mut seen = BTreeSet::new();
        let mut last: Vec<_> = members.iter().rev().filter(|member| seen.insert(member.name.as_str())).collect();
        last.reverse();
        for member in last {
            self.header(member, item);
        }
    }

    fn header(&mut self, member: &Member, headers: &Item<'_>) {
        let (name, item) = (&member.name, headers.of(member));
        if !is_header_name(name) {
            let message = format!("{} is not the name of a header", shown(name));
            return self.reader.wrong(&item, message, "a name such as `x-tenant`");
        }
        let lower = name.to_ascii_lowercase();
        if is_reserved_header(&lower) {
            let message = format!("the header {name} is set by the signature; the configured one is not sent");
            return self.reader.note(Severity::Warning, member.position, &item.path, message, "another header");
        }
        let Some(value) = self.reader.full_text(&item, "the header's value, a string") else { return };
        if HeaderValue::from_str(value).is_err() {
            // It is not quoted: it may be a secret.
            let message =
                format!("the value of {name} contains a character that headers do not allow, such as a line break");
            return self.reader.wrong(&item, message, "printable ASCII");
        }
        let header = Header { name: name.clone(), value: SecretString::from(value) };
        let place = self.reader.place(member.position);
        self.layer.headers.insert(lower, Found { value: header, place });
    }
}

fn over<T>(below: &mut Option<T>, above: Option<T>) {
    if above.is_some() {
        *below = above;
    }
}

/// A token of RFC 9110.
fn is_header_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(allowed)
}
