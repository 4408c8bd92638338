//! Reads a client's JSON member by member. All problems are reported together; unknown members are ignored and noted by name.
//!
//! Values that go on as they are (tool arguments, schemas) stay text, so their numbers and the order of their members survive.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::notices::Notices;
use super::{ReadError, Wanted};
use crate::blobs::Blobs;
use crate::contract::conversation::Blob;
use crate::pi::json as text;
use crate::refusal::{Refusal, RefusalKind};
use crate::remote::Fetched;

/// The problems and notices that a request has collected so far.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    fetched: &'a Fetched,
    found: RefCell<Found>,
}

#[derive(Debug, Default)]
struct Found {
    problems: Vec<(String, String)>,
    notices: Notices,
    wanted: Vec<Wanted>,
    blobs: Blobs,
}

/// How many problems are reported; the rest is counted.
const MOST_TOLD: usize = 20;

impl<'a> Reader<'a> {
    /// Begins. `fetched` holds attachments that were named by address and are here by now.
    pub(crate) fn new(fetched: &'a Fetched) -> Self {
        Reader { fetched, found: RefCell::default() }
    }

    /// The body, which must be a JSON object.
    pub(crate) fn body<'r>(&'r self, body: &'r [u8]) -> Result<Object<'r, 'a>, Refusal> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|error| {
            let expected = "expected a JSON object";
            Refusal::new(RefusalKind::Invalid, format!("the request's body is not JSON: {error}; {expected}"))
        })?;
        Value { reader: self, path: String::new(), raw }.object().ok_or_else(|| {
            let found = text::kind(raw);
            Refusal::new(RefusalKind::Invalid, format!("the request's body is {found}; expected a JSON object"))
        })
    }

    /// Adds a problem. Reading goes on, so that all problems are reported together.
    pub(crate) fn problem(&self, path: impl Into<String>, message: impl Into<String>) {
        self.found.borrow_mut().problems.push((path.into(), message.into()));
    }

    /// Notes a member that is ignored.
    pub(crate) fn ignored(&self, path: impl Into<String>) {
        self.found.borrow_mut().notices.add(&path.into());
    }

    /// The attachments and the notices, or why there is no request.
    ///
    /// # Errors
    /// All the problems, or the attachments that must be fetched first.
    pub(crate) fn finish(self) -> Result<(Blobs, Notices), ReadError> {
        let Found { problems, notices, wanted, blobs } = self.found.into_inner();
        if let Some((param, _)) = problems.first() {
            let mut told: Vec<_> =
                problems.iter().take(MOST_TOLD).map(|(path, message)| format!("{path}: {message}")).collect();
            if problems.len() > MOST_TOLD {
                told.push(format!("and {} more", problems.len() - MOST_TOLD));
            }
            return Err(Refusal::invalid(param.clone(), told.join("\n")).into());
        }
        if wanted.is_empty() { Ok((blobs, notices)) } else { Err(ReadError::Wants(wanted)) }
    }

    /// An attachment in base64.
    pub(crate) fn base64(&self, path: &str, media_type: &str, base64: &str) -> Option<Blob> {
        let added = {
            let blobs = &mut self.found.borrow_mut().blobs;
            blobs.add_base64(base64.to_owned()).map(|added| (added, blobs.media_type(added.index, media_type)))
        };
        match added {
            Ok((added, media_type)) => Some(Blob { index: added.index, media_type, size: added.size }),
            Err(_) => {
                self.problem(path, "it is not base64");
                None
            }
        }
    }

    /// An attachment of plain bytes, such as the text of a document.
    pub(crate) fn bytes(&self, media_type: &str, bytes: &[u8]) -> Blob {
        let blobs = &mut self.found.borrow_mut().blobs;
        let added = blobs.add_bytes(bytes);
        Blob { index: added.index, media_type: blobs.media_type(added.index, media_type), size: added.size }
    }

    /// An attachment by its address: a `data:` URL, or one that was or must be fetched.
    pub(crate) fn url(&self, path: &str, url: &str) -> Option<Blob> {
        if let Some(data) = url.strip_prefix("data:") {
            let Some((head, payload)) = data.split_once(',') else {
                self.problem(path, "the `data:` URL has no comma; expected `data:MEDIA-TYPE;base64,…`");
                return None;
            };
            let mut parameters = head.split(';');
            let media_type = parameters.next().filter(|media_type| !media_type.is_empty()).unwrap_or("text/plain");
            if parameters.any(|parameter| parameter.eq_ignore_ascii_case("base64")) {
                return self.base64(path, media_type, payload);
            }
            return Some(self.bytes(media_type, &percent_decoded(payload)));
        }
        if let Some(attachment) = self.fetched.get(url) {
            let mut found = self.found.borrow_mut();
            let added = found.blobs.add_bytes(&attachment.bytes);
            let media_type = found.blobs.media_type(added.index, &attachment.media_type);
            return Some(Blob { index: added.index, media_type, size: added.size });
        }
        self.found.borrow_mut().wanted.push(Wanted { path: path.to_owned(), url: url.to_owned() });
        None
    }
}

/// The bytes of percent-encoded text. Text that is not an escape stays as it is.
pub(crate) fn percent_decoded(encoded: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| byte == b'%') {
            Some(escaped) => {
                decoded.push(escaped);
                rest = &after[2..];
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

/// A value at a place in the request.
#[derive(Debug, Clone)]
pub(crate) struct Value<'r, 'a> {
    reader: &'r Reader<'a>,
    /// Where it is, such as `messages[0].content`.
    pub(crate) path: String,
    /// The value as it came.
    pub(crate) raw: &'r RawValue,
}

impl<'r, 'a> Value<'r, 'a> {
    /// The reader, for problems and attachments.
    pub(crate) fn reader(&self) -> &'r Reader<'a> {
        self.reader
    }

    /// Adds a problem with this value.
    pub(crate) fn problem(&self, message: impl Into<String>) {
        self.reader.problem(self.path.clone(), message);
    }

    /// Says that it is not what it must be.
    pub(crate) fn expected(&self, expected: &str) {
        self.problem(format!("it is {}; expected {expected}", text::kind(self.raw)));
    }

    /// Its members, when it is an object; no problem is noted otherwise.
    pub(crate) fn object(&self) -> Option<Object<'r, 'a>> {
        let members: BTreeMap<Cow<'r, str>, &'r RawValue> = serde_json::from_str(self.raw.get()).ok()?;
        Some(Object { reader: self.reader, path: self.path.clone(), members: RefCell::new(members) })
    }

    /// Its members; a problem when it is no object.
    pub(crate) fn require_object(&self, expected: &str) -> Option<Object<'r, 'a>> {
        let object = self.object();
        if object.is_none() {
            self.expected(expected);
        }
        object
    }

    /// Its items; a problem and none when it is no array. Each is made when its turn comes: their paths together would take
    /// several times as much memory as a body of many small items.
    pub(crate) fn items(&self, expected: &str) -> impl ExactSizeIterator<Item = Value<'r, 'a>> + use<'r, 'a> {
        let items = text::array(self.raw).unwrap_or_else(|| {
            self.expected(expected);
            Vec::new()
        });
        let (reader, path) = (self.reader, self.path.clone());
        items.into_iter().enumerate().map(move |(index, raw)| Value { reader, path: format!("{path}[{index}]"), raw })
    }

    /// Whether it is a string.
    pub(crate) fn is_string(&self) -> bool {
        text::is_string(self.raw)
    }

    /// Its text, without lone surrogates; a problem when it is no string.
    pub(crate) fn string(&self) -> Option<String> {
        let string = text::string(self.raw);
        if string.is_none() {
            self.expected("a string");
        }
        string
    }

    /// A scalar; a problem when it is something else.
    pub(crate) fn scalar<T: Deserialize<'r>>(&self, expected: &str) -> Option<T> {
        let value = serde_json::from_str(self.raw.get()).ok();
        if value.is_none() {
            self.problem(format!("it is {}; expected {expected}", self.raw.get()));
        }
        value
    }
}

/// An object whose members are removed as they are read. Members that are left at the end are unknown: they are ignored and noted.
#[derive(Debug)]
pub(crate) struct Object<'r, 'a> {
    reader: &'r Reader<'a>,
    /// Where it is.
    pub(crate) path: String,
    members: RefCell<BTreeMap<Cow<'r, str>, &'r RawValue>>,
}

impl<'r, 'a> Object<'r, 'a> {
    /// The reader, for problems and attachments.
    pub(crate) fn reader(&self) -> &'r Reader<'a> {
        self.reader
    }

    /// The path of a member.
    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A member as it came, without taking it out; none when it is absent or `null`.
    pub(crate) fn raw(&self, name: &str) -> Option<&'r RawValue> {
        self.members.borrow().get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// Removes a member; `None` when it is absent or `null`.
    pub(crate) fn take(&self, name: &str) -> Option<Value<'r, 'a>> {
        let raw = self.members.borrow_mut().remove(name).filter(|raw| raw.get() != "null")?;
        Some(Value { reader: self.reader, path: self.path_of(name), raw })
    }

    /// Removes a required member.
    pub(crate) fn require(&self, name: &str, expected: &str) -> Option<Value<'r, 'a>> {
        let value = self.take(name);
        if value.is_none() {
            self.reader.problem(self.path_of(name), format!("it is missing; expected {expected}"));
        }
        value
    }

    /// A string that may be absent.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.take(name)?.string()
    }

    /// A string that must be there; an empty one, with a problem, when it is not.
    pub(crate) fn require_string(&self, name: &str) -> String {
        self.require(name, "a string").and_then(|value| value.string()).unwrap_or_default()
    }

    /// `true` or `false`; none when absent.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.take(name)?.scalar("`true` or `false`")
    }

    /// A whole number, 0 or more.
    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        self.take(name)?.scalar("a whole number, 0 or more")
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.take(name)?.scalar("a number")
    }

    /// The items of an array that may be absent.
    pub(crate) fn items(&self, name: &str, expected: &str) -> impl Iterator<Item = Value<'r, 'a>> + use<'r, 'a> {
        self.take(name).map(|value| value.items(expected)).into_iter().flatten()
    }

    /// All the members that are left, which must be strings.
    pub(crate) fn strings(self) -> Vec<(String, String)> {
        let names: Vec<_> = self.members.borrow().keys().map(|name| name.clone().into_owned()).collect();
        names.into_iter().filter_map(|name| self.string(&name).map(|text| (name, text))).collect()
    }

    /// Removes members that have no meaning here, such as hints for another service's cache.
    pub(crate) fn ignore(&self, names: &[&str]) {
        for name in names {
            let _ = self.take(name);
        }
    }

    /// Removes every member: those of an unknown kind of object get no problems of their own.
    pub(crate) fn ignore_rest(&self) {
        self.members.borrow_mut().clear();
    }

    /// Every member that is left, with its name.
    pub(crate) fn into_members(self) -> Vec<(String, Value<'r, 'a>)> {
        let Object { reader, path, members } = self;
        let members = members.into_inner().into_iter();
        members
            .map(|(name, raw)| {
                let path = if path.is_empty() { name.clone().into_owned() } else { format!("{path}.{name}") };
                (name.into_owned(), Value { reader, path, raw })
            })
            .collect()
    }

    /// Refuses members by name that Bedrock cannot do. `null`, and a value that asks for nothing, are left alone.
    pub(crate) fn refuse(&self, name: &str, asks_for_nothing: &[&str], why: &str) {
        if let Some(value) = self.take(name)
            && !asks_for_nothing.contains(&value.raw.get())
        {
            value.problem(why);
        }
    }

    /// Ignores a known member that asks for something that Bedrock cannot do and that changes no meaning. A value that asks for
    /// nothing needs no notice.
    pub(crate) fn ignored(&self, name: &str, asks_for_nothing: &[&str]) {
        if let Some(value) = self.take(name)
            && !asks_for_nothing.contains(&value.raw.get())
        {
            self.reader.ignored(value.path);
        }
    }

    /// Notes each member that was not read: it is ignored.
    pub(crate) fn finish(self) {
        for (name, raw) in self.members.borrow().iter() {
            if raw.get() != "null" {
                self.reader.ignored(self.path_of(name));
            }
        }
    }
}
