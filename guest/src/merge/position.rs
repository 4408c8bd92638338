//! From byte offsets to lines and columns.

/// The beginnings of a text's lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Byte offset of each line's first character; the first is 0.
    starts: Vec<usize>,
    /// Characters before every `STRIDE` bytes of the text, so that a place far along a line costs no more than a near one.
    characters: Vec<usize>,
}

/// Bytes between two counts of characters.
const STRIDE: usize = 256;

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
        let mut characters = Vec::with_capacity(bytes.len() / STRIDE + 1);
        let mut count = 0;
        for chunk in bytes.chunks(STRIDE) {
            characters.push(count);
            count += beginnings(chunk);
        }
        Lines { text, starts, characters }
    }

    /// Line and column of a byte offset, both from 1; the column counts characters, so that it is what an editor shows.
    pub(super) fn locate(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(0);
        let column = self.characters_before(offset) - self.characters_before(start) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

impl Lines<'_> {
    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let counted = offset / STRIDE;
        let rest = &self.text.as_bytes()[counted * STRIDE..offset];
        self.characters.get(counted).copied().unwrap_or_else(|| beginnings(self.text.as_bytes())) + beginnings(rest)
    }
}

/// How many characters begin in these bytes of UTF-8.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
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
    fn columns_far_along_a_line_are_true_too() {
        for length in [255, 256, 257, 511, 512, 1000] {
            let text = format!("x\n{}", "é".repeat(length));
            let lines = Lines::new(&text);
            for (column, (offset, _)) in text[2..].char_indices().enumerate() {
                assert_eq!(lines.locate(offset + 2), (2, u32::try_from(column).expect("short") + 1));
            }
            assert_eq!(lines.locate(text.len()), (2, u32::try_from(length).expect("short") + 1));
        }
    }

    #[test]
    fn the_end_of_the_text_has_a_place() {
        assert_eq!(Lines::new("").locate(0), (1, 1));
        assert_eq!(Lines::new("ab\n").locate(3), (2, 1));
    }
}
