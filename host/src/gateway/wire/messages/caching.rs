//! `cache_control`: where it stands, and what becomes of it.

use std::cell::RefCell;

use super::super::reader::Object;
use crate::contract::conversation::Options;
use crate::contract::types::NamedJson;

/// The most of a request (Anthropic's limit, and Bedrock's).
const MOST: usize = 4;

/// How long an entry is asked to live; none where nothing is said.
pub(super) type TimeToLive = Option<String>;

/// The cache points of a request. Those in messages are put there; the others are kept here.
#[derive(Debug, Default)]
pub(super) struct CachePoints(RefCell<Found>);

#[derive(Debug, Default)]
struct Found {
    count: usize,
    system: Vec<String>,
    tools: Vec<String>,
}

impl CachePoints {
    /// Takes the `cache_control` of an object out; none where there is none.
    pub(super) fn take(&self, object: &Object<'_, '_>) -> Option<TimeToLive> {
        let control = object.take("cache_control")?.require_object("an object with the type `ephemeral`")?;
        let kind = control.require_string("type");
        if kind != "ephemeral" {
            control.reader().problem(control.path_of("type"), format!("`{kind}` is unknown; expected `ephemeral`"));
        }
        let ttl = control.string("ttl");
        if let Some(ttl) = ttl.as_deref().filter(|ttl| !matches!(*ttl, "5m" | "1h")) {
            control.reader().problem(control.path_of("ttl"), format!("`{ttl}` is unknown; expected `5m` or `1h`"));
        }
        control.ignore(&["scope"]);
        let path = control.path.clone();
        let reader = object.reader();
        control.finish();
        let mut found = self.0.borrow_mut();
        found.count += 1;
        if found.count == MOST + 1 {
            reader.problem(path, format!("a request has at most {MOST} blocks with `cache_control`"));
        }
        Some(ttl)
    }

    /// A point behind so many bytes of the system prompt.
    pub(super) fn in_system(&self, at: usize, ttl: TimeToLive) {
        self.0.borrow_mut().system.push(point("at", at, ttl));
    }

    /// A point behind the tool with this index.
    pub(super) fn behind_tool(&self, index: usize, ttl: TimeToLive) {
        self.0.borrow_mut().tools.push(point("after", index, ttl));
    }

    /// Puts them into the options. Who says what is to be cached gets that and nothing else.
    pub(super) fn put_into(self, options: &mut Options) {
        let Found { count, system, tools } = self.0.into_inner();
        if count > 0 {
            options.cache_retention = Some("none".to_owned());
        }
        if !system.is_empty() || !tools.is_empty() {
            let value = format!("{{\"system\":[{}],\"tools\":[{}]}}", system.join(","), tools.join(","));
            options.extras.push(NamedJson { name: "cachePoints".to_owned(), value });
        }
    }
}

fn point(place: &str, at: usize, ttl: TimeToLive) -> String {
    match ttl {
        Some(ttl) => format!("{{\"{place}\":{at},\"ttl\":{}}}", serde_json::Value::from(ttl)),
        None => format!("{{\"{place}\":{at}}}"),
    }
}
