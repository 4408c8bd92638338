//! A page that is compared with what the program says. `QUARRY_BLESS=1` writes it.

use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use crate::source::{read, root};

fn blesses() -> bool {
    env::var_os("QUARRY_BLESS").is_some()
}

/// Several tests change one page.
static WRITING: Mutex<()> = Mutex::new(());

/// Replaces a page as a whole: other tests read it meanwhile.
fn write(path: &str, page: &str) {
    let (path, new) = (root().join(path), root().join(format!("{path}.new")));
    let written = fs::write(&new, page).and_then(|()| fs::rename(&new, &path));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Compares a whole page, or writes it.
#[track_caller]
pub(crate) fn is(path: &str, expected: &str) {
    if blesses() {
        write(path, expected);
    }
    let committed = read(path);
    let differs = committed.lines().zip(expected.lines()).find(|(committed, expected)| committed != expected);
    assert!(committed == expected, "{path} is not what the program says (QUARRY_BLESS=1 writes it): {differs:?}");
}

/// A table of Markdown.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(&head.map(str::to_owned));
    table.push_str(&format!("|{}\n", "---|".repeat(N)));
    table.extend(rows.into_iter().map(|row| line(&row)));
    table
}

/// Compares the first table below a heading of a page, or writes it. The rest of the page is a person's.
#[track_caller]
pub(crate) fn has_table(path: &str, heading: &str, table: &str) {
    let _one_at_a_time = blesses().then(|| WRITING.lock().unwrap_or_else(PoisonError::into_inner));
    let mut page = read(path);
    let begin = page.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("{path} has no heading {heading}"));
    let from = begin + page[begin..].find("\n| ").unwrap_or_else(|| panic!("{path}: {heading} has no table")) + 1;
    let to = page[from..].find("\n\n").map_or(page.len(), |end| from + end + 1);
    if blesses() {
        page.replace_range(from..to, table);
        write(path, &page);
        return;
    }
    assert!(page[from..to] == *table, "{path}, {heading}: QUARRY_BLESS=1 writes the table:\n{table}");
}

#[test]
fn a_table_has_a_line_a_row() {
    let rows = [["a".to_owned(), String::new()], ["b".to_owned(), "c".to_owned()]];
    assert_eq!(table(["A", "B"], rows), "| A | B |\n|---|---|\n| a |  |\n| b | c |\n");
}
