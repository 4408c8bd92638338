//! Tables that fit the terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use quarry_system::printable::one_line;

/// What stands between two columns.
const GAP: usize = 2;

/// The least room beside a cell that is never cut. One that leaves less has a line to itself.
const LEAST_BESIDE: usize = 12;

/// What becomes of a column where there is no room for all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fit {
    /// It stays as it is: what is in it is copied, or is what was asked for.
    Whole,
    /// It goes; the lowest number matters least.
    Goes(u8),
    /// It is cut, as far as to so many columns; where there is no room for those either, it goes.
    Cut { least: usize, goes: u8 },
}

/// Rows of cells under heads.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Fit)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: &[(&'static str, Fit)]) -> Self {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub(crate) fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        debug_assert_eq!(COLUMNS, self.columns.len(), "a row has a cell for each column");
        self.rows.push(cells.map(|cell| one_line(cell).to_string()).into());
    }

    /// The width of all of it.
    pub(crate) fn width(&self) -> usize {
        let widths = (0..self.columns.len()).filter(|column| self.says_something(*column));
        let widths: Vec<usize> = widths.map(|column| self.widest(column, usize::MAX)).collect();
        widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    }

    /// The lines of the head and of each row, made to fit where there is a width. Columns in which nothing stands are left out.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let shown = self.fitted(width.unwrap_or(usize::MAX));
        let heads: Vec<String> = self.columns.iter().map(|(head, _)| (*head).to_owned()).collect();
        std::iter::once(&heads).chain(&self.rows).map(|row| line(row, &shown)).collect()
    }

    fn says_something(&self, column: usize) -> bool {
        self.rows.iter().any(|row| !row[column].is_empty())
    }

    /// The widest cell of a column, head included, of those that are no wider than `most`.
    fn widest(&self, column: usize, most: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].width()).filter(|width| *width <= most);
        cells.max().unwrap_or(0).max(self.columns[column].0.width())
    }

    /// The columns to show, with their widths: what matters most as far as there is room for it, at its least width, then what
    /// fits beside it. Room that is left goes to the columns that are cut.
    fn fitted(&self, room: usize) -> Vec<(usize, usize)> {
        let natural = |column: usize| {
            let is_whole = self.columns[column].1 == Fit::Whole;
            self.widest(column, if is_whole { room.saturating_sub(LEAST_BESIDE) } else { usize::MAX })
        };
        let least = |column: usize| match self.columns[column].1 {
            Fit::Cut { least, .. } => least.min(natural(column)),
            Fit::Whole | Fit::Goes(_) => natural(column),
        };
        let mut by_weight: Vec<usize> = (0..self.columns.len()).filter(|column| self.says_something(*column)).collect();
        by_weight.sort_by_key(|column| match self.columns[*column].1 {
            Fit::Whole => None,
            Fit::Goes(rank) | Fit::Cut { goes: rank, .. } => Some(std::cmp::Reverse(rank)),
        });
        let mut shown: Vec<(usize, usize)> = Vec::new();
        let mut taken = 0;
        for column in by_weight {
            let needed = least(column) + if shown.is_empty() { 0 } else { GAP };
            if self.columns[column].1 == Fit::Whole || taken + needed <= room {
                taken += needed;
                shown.push((column, least(column)));
            }
        }
        shown.sort_by_key(|(column, _)| *column);
        let mut spare = room.saturating_sub(taken);
        for (column, width) in &mut shown {
            let more = (natural(*column) - *width).min(spare);
            *width += more;
            spare -= more;
        }
        shown
    }
}

/// One row. A cell that is wider than its column and may not be cut is followed by a new line.
fn line(cells: &[String], shown: &[(usize, usize)]) -> String {
    let mut text = String::new();
    let mut begins_at = 0;
    for (index, (column, width)) in shown.iter().enumerate() {
        let is_outlier = index == 0 && cells[*column].width() > *width;
        let cell = if is_outlier { cells[*column].clone() } else { cut(&cells[*column], *width) };
        let padding = width.saturating_sub(cell.width()) + GAP;
        text.push_str(&cell);
        if is_outlier {
            text.push('\n');
            begins_at = text.len();
            text.push_str(&" ".repeat(width + GAP));
        } else {
            text.push_str(&" ".repeat(padding));
        }
    }
    let end = text.trim_end().len();
    // Where all that is beside an outlier is empty, no blank line follows it.
    text.truncate(if end < begins_at { begins_at - 1 } else { end });
    text
}

/// Text no wider than `width` columns, with `…` where something was cut off.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |character: &char| {
        let wide = character.width().unwrap_or(0);
        let fits = wide <= room;
        room = room.saturating_sub(wide);
        fits
    };
    let begin: String = text.chars().take_while(fits).collect();
    if width == 0 { String::new() } else { format!("{}…", begin.trim_end()) }
}

/// Text broken between words, as far as that goes, into lines of `width` columns. No word is broken.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let columns = [
            ("ID", Fit::Whole),
            ("SIZE", Fit::Goes(2)),
            ("KIND", Fit::Goes(1)),
            ("NONE", Fit::Goes(9)),
            ("NAME", Fit::Cut { least: 6, goes: 3 }),
        ];
        let mut table = Table::new(&columns);
        table.row(["a.model-one", "200k", "text", "", "The first of all models"].map(str::to_owned));
        table.row(["a.two", "8000", "text+image", "", "語の模型\n二"].map(str::to_owned));
        table
    }

    #[test]
    fn without_a_width_all_stands_there() {
        let lines = table().lines(None);
        assert_eq!(lines[0], "ID           SIZE  KIND        NAME");
        assert_eq!(lines[1], "a.model-one  200k  text        The first of all models");
        assert_eq!(lines[2], "a.two        8000  text+image  語の模型\\n二");
        assert_eq!(table().width(), lines[1].width());
        assert_eq!(table().lines(Some(lines[1].width())), lines);
    }

    #[test]
    fn a_name_is_cut_before_columns_go_and_an_id_never() {
        let second = |width| table().lines(Some(width)).swap_remove(1);
        assert_eq!(second(50), "a.model-one  200k  text        The first of all m…");
        assert_eq!(second(37), "a.model-one  200k  text        The f…");
        assert_eq!(second(36), "a.model-one  200k  The first of all…");
        assert_eq!(second(25), "a.model-one  200k  The f…");
        assert_eq!(second(24), "a.model-one  The first…");
        // Letters that take two columns are cut as such.
        assert_eq!(table().lines(Some(19))[2], "a.two  8000  語の…");
        assert_eq!(second(18), "a.model-one\n       The first…");
        // A narrow column stays where a wide one that matters more has no place.
        let mut sizes = Table::new(&[("ID", Fit::Whole), ("SIZE", Fit::Goes(1)), ("KIND", Fit::Goes(2))]);
        sizes.row(["a.model-with-a-name", "200k", "text+image+document"].map(str::to_owned));
        assert_eq!(sizes.lines(Some(32))[1], "a.model-with-a-name  200k");
    }

    #[test]
    fn nothing_but_an_id_is_wider_than_the_terminal() {
        for width in 0..80 {
            for line in table().lines(Some(width)).iter().flat_map(|row| row.lines()) {
                assert!(line.width() <= width || ["ID", "a.model-one", "a.two"].contains(&line), "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn an_id_that_leaves_no_room_has_a_line_to_itself() {
        let mut table = table();
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        table.row([arn, "64k", "text", "", "Mine"].map(str::to_owned));
        let lines = table.lines(Some(60));
        assert_eq!(lines[1], "a.model-one  200k  text        The first of all models");
        assert_eq!(lines[3], format!("{arn}\n             64k   text        Mine"));
        table.row([arn, "", "", "", ""].map(str::to_owned));
        assert_eq!(table.lines(Some(60))[4], arn);
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a.very.long-word and", 5), ["a.very.long-word", "and"]);
        assert!(wrapped(" ", 5).is_empty());
    }
}
