//! Members of a request that were ignored, for the header `quarry-notices`, the log and the metrics.

use hyper::header::{HeaderName, HeaderValue};

use crate::refusal::Refusal;

/// The header of an answer that names what was ignored of its request.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("quarry-notices");

/// How many places are kept; the rest is counted.
const MOST: usize = 16;
/// The longest place that is told.
const LONGEST: usize = 60;

/// Places of a request that were ignored, each once, without the values.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Notices {
    places: Vec<String>,
    more: usize,
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

    /// What the client is told; none when nothing was ignored. At most 1 KiB.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.told()?).ok()
    }

    /// The places in one line; none when nothing was ignored.
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
    }

    #[test]
    fn a_gateway_that_ignores_nothing_names_them_in_a_refusal() {
        assert!(Notices::default().header().is_none() && Notices::default().refusal().is_none());
        let mut notices = Notices::default();
        notices.add("magic");
        assert_eq!(notices.refusal().expect("there is one").message, "magic: unknown parameter; remove it");
    }
}
