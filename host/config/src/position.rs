//! From byte offsets to lines and columns.

use crate::contract::config::Position;

/// A place in a text that moves on. Going through a text once is enough for any number of offsets in order.
pub(super) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    line: u32,
    column: u32,
}

impl<'t> Cursor<'t> {
    /// The beginning of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Cursor { text, offset: 0, line: 1, column: 1 }
    }

    /// Line and column of a byte offset that is not before the last one asked for; both from 1. The column counts characters,
    /// as an editor does. Lines end at LF, CRLF or a lone CR, as JSON5 has it.
    pub(super) fn advance_to(&mut self, offset: usize) -> Position {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        let mut characters = rest.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if self.offset + at >= offset {
                self.offset += at;
                return self.position();
            }
            let next_is_line_feed = characters.peek().is_some_and(|(_, next)| *next == '\n');
            if character == '\n' || (character == '\r' && !next_is_line_feed) {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset = self.text.len();
        self.position()
    }

    fn position(&self) -> Position {
        Position { line: self.line, column: self.column }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Position};

    fn advance(text: &str, offsets: &[usize]) -> Vec<(u32, u32)> {
        let mut cursor = Cursor::new(text);
        let place = |offset: &usize| cursor.advance_to(*offset);
        offsets.iter().map(place).map(|Position { line, column }| (line, column)).collect()
    }

    #[test]
    fn lines_end_at_every_kind_of_line_end() {
        assert_eq!(advance("a\nb\r\nc\rd", &[0, 2, 5, 7]), [(1, 1), (2, 1), (3, 1), (4, 1)]);
    }

    #[test]
    fn columns_count_characters_and_ends_have_a_place() {
        assert_eq!(advance("日本 é x", &["日本 é ".len()]), [(1, 6)]);
        assert_eq!((advance("", &[0]), advance("ab\n", &[3])), (vec![(1, 1)], vec![(2, 1)]));
        assert_eq!(advance("ab", &[9]), [(1, 3)]);
        assert_eq!(advance("ab\ncd", &[4, 4, 5]), [(2, 2), (2, 2), (2, 3)]);
    }
}
