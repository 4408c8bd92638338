//! Tool names and tool call ids: what the wire takes, and the way back.

use std::collections::{BTreeMap, BTreeSet};

use crate::families::{Family, ToolCallIds};

use super::unique::UniqueTexts;

/// The longest tool name and tool call id. The API model lets ids hold `.` and `:` too; Anthropic's own API does
/// not, and Kimi stops calling tools where its own ids `functions.NAME:IDX` are not what it gets back.
const MAX_LENGTH: usize = 64;

/// What numbers leave of a text at least: they have up to seven digits.
const STEM: usize = MAX_LENGTH - 8;

/// Tool names of one request.
#[derive(Debug)]
pub(super) struct ToolNames {
    /// Of names that were changed.
    wire_of: BTreeMap<String, String>,
}

impl ToolNames {
    /// Names that need no change are kept for themselves; `all` are the names of the tools and of the calls so far.
    pub(super) fn new<'a>(family: &Family, all: impl Iterator<Item = &'a str> + Clone) -> Self {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == '-' && family.hyphens_in_tool_names);
        let fits = |name: &str| (1..=MAX_LENGTH).contains(&name.len()) && name.chars().all(allowed);
        let mut wires = UniqueTexts::default();
        all.clone().filter(|name| fits(name)).for_each(|name| wires.insert(name));
        let mut wire_of = BTreeMap::new();
        for name in all.filter(|name| !fits(name)) {
            if !wire_of.contains_key(name) {
                let normal = normalised(name, allowed, "unnamed_tool");
                let wire = wires.take(&normal, STEM, |number| numbered(&normal, number));
                wire_of.insert(name.to_owned(), wire);
            }
        }
        ToolNames { wire_of }
    }

    /// The name on the wire.
    pub(super) fn wire<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire_of.get(name).map_or(name, String::as_str)
    }

    /// The way back: the names on the wire that were mapped, each with the original.
    pub(super) fn back(&self) -> BTreeMap<String, String> {
        self.wire_of.iter().map(|(original, wire)| (wire.clone(), original.clone())).collect()
    }
}

/// Whether a tool's property may have this key with a Claude.
pub(super) fn is_property_key(key: &str) -> bool {
    (1..=MAX_LENGTH).contains(&key.len()) && key.chars().all(is_in_a_key)
}

fn is_in_a_key(c: char) -> bool {
    is_plain(c) || c == '.'
}

/// The keys of one tool that have to be others on the wire, each with that one.
pub(super) fn property_keys<'a>(all: impl Iterator<Item = &'a str> + Clone) -> BTreeMap<String, String> {
    let mut wires = UniqueTexts::default();
    all.clone().filter(|key| is_property_key(key)).for_each(|key| wires.insert(key));
    let mut wire_of = BTreeMap::new();
    for key in all.filter(|key| !is_property_key(key)) {
        wire_of.entry(key.to_owned()).or_insert_with(|| {
            let normal = normalised(key, is_in_a_key, "unnamed");
            wires.take(&normal, STEM, |number| numbered(&normal, number))
        });
    }
    wire_of
}

/// Tool call ids of one request. Every call gets an id of its own: some models repeat theirs from turn to turn.
#[derive(Debug)]
pub(super) struct ToolCallIdAllocator {
    form: ToolCallIds,
    /// Ids that need no change, until their call comes.
    reserved: BTreeSet<String>,
    wires: UniqueTexts<'static>,
}

impl ToolCallIdAllocator {
    /// Ids that need no change are kept for themselves; `all` are the ids of the calls.
    pub(super) fn new<'a>(family: &Family, all: impl Iterator<Item = &'a str>) -> Self {
        let form = family.tool_call_ids;
        let reserved: BTreeSet<String> = all.filter(|id| fits(form, id)).map(str::to_owned).collect();
        let mut wires = UniqueTexts::default();
        reserved.iter().for_each(|id| wires.insert(id.clone()));
        ToolCallIdAllocator { form, reserved, wires }
    }

    /// The id on the wire of the next call, whose own id is `id`.
    pub(super) fn allocate(&mut self, id: &str) -> String {
        if let Some(id) = self.reserved.take(id) {
            return id;
        }
        match self.form {
            ToolCallIds::Plain => {
                let base = normalised(id, is_plain, "call");
                self.wires.take(&base, STEM, |number| numbered(&base, number))
            }
            ToolCallIds::AsGiven => {
                let base = normalised(id, is_in_an_id, "call");
                self.wires.take(&base, STEM, |number| numbered(&base, number))
            }
            ToolCallIds::NineAlphanumerics => {
                self.wires.take(&nine_alphanumerics(id, 1), 9, |number| nine_alphanumerics(id, number))
            }
        }
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// What the API model lets an id hold besides.
fn is_in_an_id(c: char) -> bool {
    is_plain(c) || c == '.' || c == ':'
}

fn fits(form: ToolCallIds, id: &str) -> bool {
    match form {
        ToolCallIds::AsGiven => !id.is_empty() && id.len() <= MAX_LENGTH && id.chars().all(is_in_an_id),
        ToolCallIds::Plain => !id.is_empty() && id.len() <= MAX_LENGTH && id.chars().all(is_plain),
        ToolCallIds::NineAlphanumerics => id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric()),
    }
}

/// Anything else becomes `_`, and the rest is cut (pi does); what is empty gets a name.
fn normalised(text: &str, allowed: impl Fn(char) -> bool, empty: &str) -> String {
    let mut normal: String = text.chars().take(MAX_LENGTH).map(|c| if allowed(c) { c } else { '_' }).collect();
    if normal.is_empty() {
        normal.push_str(empty);
    }
    normal
}

/// The text with a number behind it, cut to fit.
fn numbered(text: &str, number: u64) -> String {
    let suffix = format!("_{number}");
    // The text is ASCII, so it can be cut anywhere.
    format!("{}{suffix}", &text[..text.len().min(MAX_LENGTH - suffix.len())])
}

/// Nine alphanumerics from a hash (FNV-1a) of a text and a number.
fn nine_alphanumerics(text: &str, number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = text.bytes().chain(number.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    let digit = |_| {
        let digit = DIGITS[(hash % 36) as usize];
        hash /= 36;
        char::from(digit)
    };
    (0..9).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{ROWS, plain};

    fn family(name: &str) -> &'static Family {
        &ROWS.iter().find(|row| row.name == name).expect("the test names a row of the table").family
    }

    #[test]
    fn long_foreign_ids_stay_distinct() {
        let long = |end: &str| format!("call_{}{end}", "A".repeat(200));
        let mut ids = ToolCallIdAllocator::new(&plain().family, ["fn:0", "fn_0"].into_iter());
        let given =
            [ids.allocate(&long("1111")), ids.allocate(&long("2222")), ids.allocate("fn:0"), ids.allocate("fn_0")];
        assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 4);
        assert!(given.iter().all(|id| fits(ToolCallIds::Plain, id)));
        assert_eq!((given[2].as_str(), given[3].as_str()), ("fn_0_2", "fn_0"));
    }

    #[test]
    fn a_repeated_id_becomes_another_and_empty_ones_get_a_name() {
        let mut ids = ToolCallIdAllocator::new(&plain().family, ["a", "a"].into_iter());
        assert_eq!([ids.allocate("a"), ids.allocate("a"), ids.allocate("")], ["a", "a_2", "call"]);
    }

    #[test]
    fn mistral_ids_are_nine_alphanumerics() {
        let mut ids = ToolCallIdAllocator::new(family("mistral"), ["abcDEF123"].into_iter());
        assert_eq!(ids.allocate("abcDEF123"), "abcDEF123");
        let (first, second) = (ids.allocate("tooluse_x"), ids.allocate("tooluse_x"));
        assert!(fits(ToolCallIds::NineAlphanumerics, &first) && fits(ToolCallIds::NineAlphanumerics, &second));
        assert_ne!(first, second);
    }

    #[test]
    fn nova_names_lose_hyphens_without_colliding_and_the_way_back_is_carried() {
        let names = ToolNames::new(family("nova"), ["get-time", "get_time", "get.time"].into_iter());
        assert_eq!(names.wire("get-time"), "get_time_2");
        assert_eq!(names.wire("get_time"), "get_time");
        assert_eq!(names.wire("get.time"), "get_time_3");
        let back: Vec<(String, String)> = names.back().into_iter().collect();
        let pair = |wire: &str, name: &str| (wire.to_owned(), name.to_owned());
        assert_eq!(back, [pair("get_time_2", "get-time"), pair("get_time_3", "get.time")]);
        assert!(ToolNames::new(&plain().family, ["get-time"].into_iter()).back().is_empty());
    }
}
