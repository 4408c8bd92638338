//! Writes a request body as parts: JSON text, and places where the host puts the base64 of a blob.

use crate::contract::conversation::BodyPart;

/// Bytes of text from which on a new part begins. One list for all of a long body would be moved as it grows, and a session's
/// memory has to hold it beside the request.
const PART: usize = 64 << 10;

/// A body under construction.
#[derive(Debug, Default)]
pub(super) struct Body {
    parts: Vec<BodyPart>,
    text: Vec<u8>,
}

impl Body {
    /// The finished parts.
    pub(super) fn into_parts(mut self) -> Vec<BodyPart> {
        self.flush();
        self.parts
    }

    /// Writes a JSON document that is known to be one, as it stands.
    pub(super) fn raw(&mut self, json: &str) {
        self.write(json.len(), |text| text.extend_from_slice(json.as_bytes()));
    }

    /// Writes a JSON string.
    pub(super) fn string(&mut self, value: &str) {
        let length = if value.len() < PART { value.len() } else { value.bytes().map(escaped_length).sum() };
        self.write(length + 2, |text| {
            serde_json::to_writer(text, value).expect("a string always serialises, and memory takes every write");
        });
    }

    /// Writes a number. A whole one goes without a fraction, as JavaScript writes it.
    pub(super) fn number(&mut self, value: f64) {
        if value.fract() == 0.0 && value.abs() < 9e15 {
            self.raw(&format!("{value:.0}"));
        } else {
            self.raw(&format!("{value}"));
        }
    }

    /// Writes the base64 of a blob, as a JSON string.
    pub(super) fn blob(&mut self, index: u32) {
        self.text.push(b'"');
        self.flush();
        self.parts.push(BodyPart::Blob(index));
        self.text.push(b'"');
    }

    /// Writes an object; `fill` writes its members.
    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Members<'_>)) {
        self.text.push(b'{');
        fill(&mut Members { body: self, empty: true });
        self.text.push(b'}');
    }

    /// Writes an array; `write` writes each item.
    pub(super) fn array<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.text.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            write(self, item);
        }
        self.text.push(b']');
    }

    /// Writes about so many bytes: many of them as a part of their own, which has exactly the room that they take.
    fn write(&mut self, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if self.text.len() + length < PART {
            return write(&mut self.text);
        }
        self.flush();
        self.text.reserve_exact(length);
        write(&mut self.text);
        if length >= PART {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(BodyPart::Json(std::mem::take(&mut self.text)));
        }
    }
}

/// How many bytes `serde_json` makes of one byte of a string.
fn escaped_length(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..=0x1f => 6,
        _ => 1,
    }
}

/// The members of an object under construction.
#[derive(Debug)]
pub(super) struct Members<'a> {
    body: &'a mut Body,
    empty: bool,
}

impl Members<'_> {
    /// Begins a member; its value is to be written to what comes back.
    pub(super) fn member(&mut self, name: &str) -> &mut Body {
        if !self.empty {
            self.body.text.push(b',');
        }
        self.empty = false;
        self.body.string(name);
        self.body.text.push(b':');
        self.body
    }

    /// Writes a member that is a string.
    pub(super) fn string(&mut self, name: &str, value: &str) {
        self.member(name).string(value);
    }

    /// Writes a member that is an object.
    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Members<'_>)) {
        self.member(name).object(fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_splits_the_text_and_stands_between_quotes() {
        let mut body = Body::default();
        body.object(|o| {
            o.string("a", "\"\n\u{1f600}");
            o.member("bytes").blob(7);
            o.member("n").array([1.0, 0.25, -2.0], Body::number);
        });
        let json = |text: &str| BodyPart::Json(text.as_bytes().to_vec());
        let expected =
            [json("{\"a\":\"\\\"\\n\u{1f600}\",\"bytes\":\""), BodyPart::Blob(7), json("\",\"n\":[1,0.25,-2]}")];
        assert_eq!(body.into_parts(), expected);
    }
}
