//! From byte offsets to lines and columns.

/// The beginnings of a text's lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Byte offset of each line's first character; the first is 0.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines. They end at LF, CRLF or a lone CR, as JSON5 has it.
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |index: usize| match bytes[index] {
            b'\n' => true,
            b'\r' => bytes.get(index + 1) != Some(&b'\n'),
            _ => false,
        };
        let mut starts = vec![0];
        starts.extend((0..bytes.len()).filter(|&index| ends_line(index)).map(|index| index + 1));
        Lines { text, starts }
    }

    /// Line and column of a byte offset, both from 1; the column counts characters, so that it is what an editor shows.
    pub(super) fn locate(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_end_at_every_kind_of_line_end() {
        let text = "a\nb\r\nc\rd";
        let lines = Lines::new(text);
        let at = |needle: &str| lines.locate(text.find(needle).expect("the text has it"));
        assert_eq!([at("a"), at("b"), at("c"), at("d")], [(1, 1), (2, 1), (3, 1), (4, 1)]);
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let text = "日本 é x";
        assert_eq!(Lines::new(text).locate(text.find('x').expect("the text has it")), (1, 6));
    }

    #[test]
    fn the_end_of_the_text_has_a_place() {
        assert_eq!(Lines::new("").locate(0), (1, 1));
        assert_eq!(Lines::new("ab\n").locate(3), (2, 1));
    }
}
