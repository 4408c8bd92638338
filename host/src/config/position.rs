//! From byte offsets to lines and columns.

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
    pub(super) fn advance_to(&mut self, offset: usize) -> (u32, u32) {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        let mut characters = rest.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if self.offset + at >= offset {
                self.offset += at;
                return (self.line, self.column);
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
        (self.line, self.column)
    }
}

/// Line and column of one byte offset.
pub(crate) fn locate(text: &str, offset: usize) -> (u32, u32) {
    Cursor::new(text).advance_to(offset)
}

#[cfg(test)]
mod tests {
    use super::{Cursor, locate};

    #[test]
    fn lines_end_at_every_kind_of_line_end() {
        let text = "a\nb\r\nc\rd";
        let mut cursor = Cursor::new(text);
        let places = ["a", "b", "c", "d"].map(|needle| cursor.advance_to(text.find(needle).expect("the text has it")));
        assert_eq!(places, [(1, 1), (2, 1), (3, 1), (4, 1)]);
    }

    #[test]
    fn columns_count_characters_and_ends_have_a_place() {
        assert_eq!(locate("日本 é x", "日本 é ".len()), (1, 6));
        assert_eq!((locate("", 0), locate("ab\n", 3), locate("ab", 9)), ((1, 1), (2, 1), (1, 3)));
        let mut cursor = Cursor::new("ab\ncd");
        assert_eq!((cursor.advance_to(4), cursor.advance_to(4), cursor.advance_to(5)), ((2, 2), (2, 2), (2, 3)));
    }
}
