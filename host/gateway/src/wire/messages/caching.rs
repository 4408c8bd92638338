//! `cache_control`: where it stands, and what becomes of it.

use std::cell::RefCell;

use super::super::reader::Object;
use crate::contract::conversation::{CachePoints as PointsOfRequest, Options, SystemCachePoint, ToolCachePoint};

/// The most of a request (Anthropic's limit, and Bedrock's).
const MOST: usize = 4;

/// The requested time to live of an entry; `None` where the client names none.
pub(super) type TimeToLive = Option<String>;

/// The cache points of a request. Those in messages are put there; the others are kept here.
#[derive(Debug, Default)]
pub(super) struct CachePoints(RefCell<Found>);

#[derive(Debug, Default)]
struct Found {
    count: usize,
    system: Vec<SystemCachePoint>,
    tools: Vec<ToolCachePoint>,
}

impl CachePoints {
    /// Removes the `cache_control` of an object; `None` where there is none.
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
            reader.problem(path, format!("a request can have at most {MOST} blocks with `cache_control`"));
        }
        Some(ttl)
    }

    /// A point behind so many bytes of the system prompt.
    pub(super) fn in_system(&self, at: usize, ttl: TimeToLive) {
        self.0.borrow_mut().system.push(SystemCachePoint { at: at as u64, ttl });
    }

    /// A point behind the tool with this index.
    pub(super) fn behind_tool(&self, index: usize, ttl: TimeToLive) {
        self.0.borrow_mut().tools.push(ToolCachePoint { after: u32::try_from(index).unwrap_or(u32::MAX), ttl });
    }

    /// Sets the cache options. A request that names its cache points gets these and no others.
    pub(super) fn put_into(self, options: &mut Options) {
        let Found { count, system, tools } = self.0.into_inner();
        if count > 0 {
            options.cache_retention = Some("none".to_owned());
        }
        options.cache_points = PointsOfRequest { system, tools };
    }
}
