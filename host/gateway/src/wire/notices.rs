//! What was ignored or changed in a request, for the header `quarry-notices`, the log and the metrics.

use hyper::header::{HeaderName, HeaderValue};

use crate::refusal::Refusal;

/// The header of an answer that names what was ignored or changed in its request.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("quarry-notices");

/// How many places are kept; the rest is counted.
const MOST: usize = 16;
/// The longest place that is told.
const LONGEST: usize = 60;
/// The longest header.
const MOST_BYTES: usize = 1024;

/// Places of a request that were ignored, each once, without the values, and the kinds of the provider's notices.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Notices {
    places: Vec<String>,
    more: usize,
    changes: Vec<String>,
}

impl Notices {
    /// Adds a place, such as `messages[0].extra`. Items of an array count as one place.
    pub(super) fn add(&mut self, path: &str) {
        let place = cleaned(path);
        if self.places.contains(&place) {
            return;
        }
        if self.places.len() < MOST {
            self.places.push(place);
        } else {
            self.more += 1;
        }
    }

    /// The places: ASCII, without indexes.
    pub(crate) fn places(&self) -> &[String] {
        &self.places
    }

    /// Adds the kinds of the provider's notices, such as `top-k-omitted`.
    pub(crate) fn changed(&mut self, kinds: &[String]) {
        for kind in kinds.iter().map(|kind| cleaned(kind)) {
            if !self.changes.contains(&kind) {
                self.changes.push(kind);
            }
        }
    }

    /// What the client is told; none when nothing was ignored or changed. At most 1 KiB.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut header = self.told().unwrap_or_default();
        for (index, change) in self.changes.iter().enumerate() {
            let before = match (index, header.is_empty()) {
                (0, true) => "changed: ",
                (0, false) => "; changed: ",
                _ => ", ",
            };
            if header.len() + before.len() + change.len() > MOST_BYTES {
                break;
            }
            header.push_str(before);
            header.push_str(change);
        }
        HeaderValue::from_str(&header).ok().filter(|header| !header.is_empty())
    }

    /// The ignored places in one line; none when nothing was ignored.
    pub(crate) fn told(&self) -> Option<String> {
        let mut told = format!("ignored: {}", self.places.join(", "));
        if self.more > 0 {
            told.push_str(&format!(", and {} more", self.more));
        }
        (!self.places.is_empty()).then_some(told)
    }

    /// The refusal of a gateway that ignores nothing (`quarry.strict`); none when nothing was ignored.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let first = self.places.first()?;
        let mut told: Vec<_> =
            self.places.iter().map(|place| format!("{place}: unknown parameter; remove it")).collect();
        if self.more > 0 {
            told.push(format!("and {} more", self.more));
        }
        Some(Refusal::invalid(first.clone(), told.join("\n")))
    }
}

/// A place in letters that a header holds, without indexes and cut: names of members are the client's own text.
fn cleaned(path: &str) -> String {
    let mut cleaned = String::new();
    let mut is_index = false;
    for letter in path.chars() {
        match letter {
            '[' => is_index = true,
            ']' => is_index = false,
            _ if is_index => continue,
            _ if letter.is_ascii_alphanumeric() || "._-".contains(letter) => cleaned.push(letter),
            _ => cleaned.push('_'),
        }
        if cleaned.len() == LONGEST {
            break;
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::{MOST, Notices};

    #[test]
    fn the_header_is_short_ascii_and_names_each_place_once() {
        let mut notices = Notices::default();
        for index in 0..1000 {
            notices.add(&format!("messages[{index}].extra"));
        }
        notices.add("a\r\nb: ü");
        assert_eq!(notices.header().expect("there are some"), "ignored: messages.extra, a__b___");
        for index in 0..1000 {
            notices.add(&format!("{}{index}", "x".repeat(40)));
        }
        let header = notices.header().expect("there are some");
        assert!(header.len() <= 1024 && header.to_str().is_ok_and(|text| text.ends_with("and 986 more")), "{header:?}");
        assert_eq!(notices.places().len(), MOST);
        notices.changed(&(0..100).map(|index| format!("kind-{index}")).collect::<Vec<_>>());
        let header = notices.header().expect("there are some");
        assert!(header.len() <= 1024 && header.to_str().is_ok_and(|text| text.contains("; changed: kind-0, kind-1")));
    }

    #[test]
    fn the_header_names_what_the_provider_changed() {
        let mut notices = Notices::default();
        notices.changed(&["top-k-omitted".to_owned(), "top-k-omitted".to_owned(), "a\nb".to_owned()]);
        assert_eq!(notices.header().expect("there are some"), "changed: top-k-omitted, a_b");
        notices.add("seed");
        assert_eq!(notices.header().expect("there are some"), "ignored: seed; changed: top-k-omitted, a_b");
    }

    #[test]
    fn a_gateway_that_ignores_nothing_names_them_in_a_refusal() {
        assert!(Notices::default().header().is_none() && Notices::default().refusal().is_none());
        let mut notices = Notices::default();
        notices.add("magic");
        assert_eq!(notices.refusal().expect("there is one").message, "magic: unknown parameter; remove it");
    }
}
