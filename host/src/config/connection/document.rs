//! What a document (the file, or the flags) says of the connection.

use std::collections::{BTreeMap, BTreeSet};

use hyper::header::HeaderValue;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;
use secrecy::SecretString;

use super::super::json5::{self, BYTE_ORDER_MARK};
use super::super::path::{Segment, Shown};
use super::super::position::Cursor;
use super::super::similar;
use super::settle::Layer;
use super::{Found, Header, PROVIDER_NAMES, endpoint};
use crate::aws::is_reserved_header;
use crate::contract::config::{Place, Problem, Severity};
use crate::pi;

/// How requests may be authenticated (OpenClaw's set).
const AUTHS: [&str; 4] = ["aws-sdk", "api-key", "oauth", "token"];

/// What OpenClaw writes in place of a key that is not one: the name of the variable that made the provider usable, or a word
/// for "there are credentials". None of them is a bearer token.
const MARKERS: [&str; 5] =
    ["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "<authenticated>", "aws-sdk"];

/// Reads a document. One whose syntax is wrong says nothing here: the provider reports that.
pub(super) fn read(layer: &str, source: &str, text: &str) -> Layer {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut reader = Reader::default();
    if json5::too_deep(text).is_none()
        && let Ok(Some(Value::Object(root))) = json5::parse(text)
    {
        reader.document(&root);
    }
    reader.layer(layer, source, text)
}

/// A value and the offset of its place.
struct At<T> {
    value: T,
    offset: usize,
}

/// What was read, and what was wrong, by offsets.
#[derive(Default)]
struct Reader {
    region: Option<At<String>>,
    base_url: Option<At<String>>,
    auth: Option<At<String>>,
    api: Option<At<String>>,
    headers: BTreeMap<String, At<Header>>,
    bearer_token: Option<SecretString>,
    noted: Vec<Noted>,
}

struct Noted {
    severity: Severity,
    offset: usize,
    path: String,
    message: String,
    expected: String,
}

/// A value and its path.
#[derive(Clone)]
struct Node<'v, 't> {
    value: &'v Value<'t>,
    path: Vec<Segment>,
}

impl<'v, 't> Node<'v, 't> {
    fn name(&self) -> String {
        Shown(self.path.last().map(std::slice::from_ref).unwrap_or_default()).to_string()
    }
}

/// The member at the end of a path; of members with the same name the last counts, as for the provider.
fn at<'v, 't>(root: &'v Object<'t>, names: &[&str]) -> Option<Node<'v, 't>> {
    let (last, objects) = names.split_last()?;
    let within = objects.iter().try_fold(root, |object, name| member(object, name)?.value.as_object())?;
    let property = member(within, last)?;
    Some(Node { value: &property.value, path: Segment::members(names.iter().copied()) })
}

fn member<'v, 't>(object: &'v Object<'t>, name: &str) -> Option<&'v ObjectProp<'t>> {
    object.properties.iter().rev().find(|property| property.name.as_str() == name)
}

impl Reader {
    fn document(&mut self, root: &Object<'_>) {
        for name in PROVIDER_NAMES {
            let member = |member: &str| at(root, &["models", "providers", name, member]);
            if let Some(node) = member("baseUrl") {
                let found = self.base_url(&node);
                over(&mut self.base_url, found);
            }
            if let Some(node) = member("api") {
                let found = self.choice(&node, &[pi::API]);
                over(&mut self.api, found);
            }
            if let Some(node) = member("auth") {
                let found = self.choice(&node, &AUTHS);
                over(&mut self.auth, found);
            }
            if let Some(node) = member("apiKey") {
                self.api_key(&node);
            }
            if let Some(node) = member("headers") {
                self.headers(&node);
            }
        }
        // Where a file has both, the newer place wins, as in OpenClaw.
        for names in [
            &["models", "bedrockDiscovery", "region"][..],
            &["plugins", "entries", "amazon-bedrock", "config", "discovery", "region"],
        ] {
            if let Some(node) = at(root, names) {
                let found = self.region(&node);
                over(&mut self.region, found);
            }
        }
    }

    fn base_url(&mut self, node: &Node<'_, '_>) -> Option<At<String>> {
        let url = self.text(node, endpoint::A_BASE_URL)?;
        if let Some(fault) = endpoint::fault_of_base_url(&url.value) {
            // The address itself is not repeated: it may have a password in it.
            self.error(node, format!("{} {fault}", node.name()), endpoint::A_BASE_URL);
            return None;
        }
        Some(url)
    }

    fn region(&mut self, node: &Node<'_, '_>) -> Option<At<String>> {
        let region = self.text(node, endpoint::A_REGION)?;
        if let Some((severity, message, expected)) = endpoint::fault_of_region(&node.name(), &region.value) {
            self.note(severity, node.value.start(), &node.path, message, expected);
            if severity == Severity::Error {
                return None;
            }
        }
        Some(region)
    }

    fn api_key(&mut self, node: &Node<'_, '_>) {
        match node.value {
            Value::StringLit(literal) => {
                let key = literal.value.trim();
                if !key.is_empty() && !MARKERS.contains(&key) {
                    self.bearer_token = Some(SecretString::from(key));
                }
            }
            // OpenClaw's SecretRef: where else the key is.
            Value::Object(_) => self.note(
                Severity::Warning,
                node.value.start(),
                &node.path,
                "apiKey names a place of a secret, which is not looked up; this key is not used".to_owned(),
                "the key itself, or AWS_BEARER_TOKEN_BEDROCK".to_owned(),
            ),
            _ => self.wrong_kind(node, "the key, a string"),
        }
    }

    fn headers(&mut self, node: &Node<'_, '_>) {
        let Value::Object(object) = node.value else {
            return self.wrong_kind(node, "an object of header names and values");
        };
        let mut seen = BTreeSet::new();
        let mut properties: Vec<_> =
            object.properties.iter().rev().filter(|property| seen.insert(property.name.as_str())).collect();
        properties.reverse();
        for property in properties {
            self.header(property, node);
        }
    }

    fn header(&mut self, property: &ObjectProp<'_>, headers: &Node<'_, '_>) {
        let name = property.name.as_str();
        let lower = name.to_ascii_lowercase();
        let path = headers.path.iter().cloned().chain([Segment::Member(name.to_owned())]).collect();
        let node = Node { value: &property.value, path };
        if !is_header_name(name) {
            let message = format!("{} is not a header's name", endpoint::shown(name));
            return self.error(&node, message, "a name such as `x-tenant`");
        }
        let offset = property.name.start();
        if is_reserved_header(&lower) {
            let message = format!("the header {name} is set by the signature; the configured one is not sent");
            return self.note(Severity::Warning, offset, &node.path, message, "another header".to_owned());
        }
        let Some(value) = self.text(&node, "the header's value, a string") else { return };
        if HeaderValue::from_str(&value.value).is_err() {
            // It is not quoted: it may be a secret.
            let message = format!("the value of {name} has a sign in it that no header can have, such as a line break");
            return self.error(&node, message, "printable ASCII");
        }
        let header = Header { name: name.to_owned(), value: SecretString::from(value.value) };
        self.headers.insert(lower, At { value: header, offset });
    }

    fn choice(&mut self, node: &Node<'_, '_>, allowed: &[&str]) -> Option<At<String>> {
        let text = self.text(node, &similar::one_of(allowed))?;
        if !allowed.contains(&text.value.as_str()) {
            let expected = match similar::nearest(&text.value, allowed) {
                Some(word) if allowed.len() > 1 => format!("{}; did you mean `{word}`?", similar::one_of(allowed)),
                _ => similar::one_of(allowed),
            };
            self.error(node, format!("{} is {}", node.name(), endpoint::shown(&text.value)), &expected);
            return None;
        }
        Some(text)
    }

    /// A string, with space at its ends removed. A blank one is an error.
    fn text(&mut self, node: &Node<'_, '_>, expected: &str) -> Option<At<String>> {
        let Value::StringLit(literal) = node.value else {
            self.wrong_kind(node, expected);
            return None;
        };
        let text = literal.value.trim();
        if text.is_empty() {
            self.error(node, format!("{} is blank", node.name()), expected);
            return None;
        }
        Some(At { value: text.to_owned(), offset: node.value.start() })
    }

    fn wrong_kind(&mut self, node: &Node<'_, '_>, expected: &str) {
        let kind = match node.value {
            Value::StringLit(_) => "a string",
            Value::NumberLit(_) => "a number",
            Value::BooleanLit(_) => "true or false",
            Value::Object(_) => "an object",
            Value::Array(_) => "a list",
            Value::NullKeyword(_) => "null",
        };
        self.error(node, format!("{} is {kind}", node.name()), expected);
    }

    fn error(&mut self, node: &Node<'_, '_>, message: String, expected: &str) {
        self.note(Severity::Error, node.value.start(), &node.path, message, expected.to_owned());
    }

    fn note(&mut self, severity: Severity, offset: usize, path: &[Segment], message: String, expected: String) {
        self.noted.push(Noted { severity, offset, path: Shown(path).to_string(), message, expected });
    }

    /// What was read, with lines and columns in the place of offsets. The text is walked through once.
    fn layer(self, layer: &str, source: &str, text: &str) -> Layer {
        let Reader { region, base_url, auth, api, headers, bearer_token, noted } = self;
        let of_values = [&region, &base_url, &auth, &api].into_iter().flatten().map(|found| found.offset);
        let offsets: BTreeSet<usize> = of_values
            .chain(headers.values().map(|found| found.offset))
            .chain(noted.iter().map(|noted| noted.offset))
            .collect();
        let mut cursor = Cursor::new(text);
        let places: BTreeMap<usize, (u32, u32)> =
            offsets.into_iter().map(|offset| (offset, cursor.advance_to(offset))).collect();
        let place = |offset: usize| {
            let (line, column) = places.get(&offset).copied().unwrap_or_default();
            Place { layer: layer.to_owned(), source: source.to_owned(), line, column }
        };
        let found = |at: At<String>| Found { value: at.value, place: place(at.offset) };
        let headers = headers
            .into_iter()
            .map(|(lower, At { value, offset })| (lower, Found { value, place: place(offset) }))
            .collect();
        let problems = noted.into_iter().map(|Noted { severity, offset, path, message, expected }| Problem {
            severity,
            place: place(offset),
            path,
            message,
            expected,
        });
        Layer {
            region: region.map(found),
            base_url: base_url.map(found),
            auth: auth.map(found),
            api: api.map(found),
            headers,
            bearer_token,
            problems: problems.collect(),
            ..Layer::default()
        }
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
