//! The journal of versions: a file that survives a crash at any moment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::event::Event;
use super::lines::{self, Line};
use crate::files::{FileError, TrustedFolder};

/// The file, in the folder of versions.
const NAME: &str = "journal.jsonl";

/// The file for the removed end of a damaged journal.
const DAMAGED: &str = "journal.jsonl.damaged";

/// The size in bytes above which old steps are dropped when the file is opened.
const COMPACT_ABOVE: u64 = 8 << 20;

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error("cannot use the journal {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be opened, or others can write to it.
    #[error("cannot use the journal: {0}")]
    File(#[from] FileError),
    /// An event that has no JSON form.
    #[error("cannot write an event: {0}")]
    Form(#[from] serde_json::Error),
}

/// The journal: a file that only grows at its end.
///
/// An event counts once [`Journal::append`] returned: then it is on the disk. A line that a crash left half-written is cut off
/// when the file is opened next; each line holds a hash of itself and the previous one, so nothing else passes for a line.
#[derive(Debug)]
pub struct Journal {
    file: File,
    folder: Arc<TrustedFolder>,
    /// Where the next line begins.
    end: u64,
    seq: u64,
    sum: String,
    /// Events that could not be written yet, in order.
    owed: VecDeque<Line>,
}

impl Journal {
    /// Opens the journal of a folder, or begins one, and gives what it tells.
    ///
    /// # Errors
    /// When the file cannot be read or written, or others can write to it.
    pub fn open(folder: &Arc<TrustedFolder>) -> Result<(Self, Vec<Line>), JournalError> {
        let failed = |source| JournalError::Io { path: folder.path().join(NAME), source };
        let mut file = folder.open_or_make(NAME)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let read = Read::of(&text);
        let rest = &text[read.whole..];
        if !rest.is_empty() {
            keep_aside(folder, rest);
            file.set_len(read.whole as u64).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        let Read { lines, sum, whole } = read;
        let seq = lines.last().map_or(0, |line| line.seq);
        let folder = Arc::clone(folder);
        let mut journal = Journal { file, folder, end: whole as u64, seq, sum, owed: VecDeque::new() };
        // This release cannot rewrite events that it does not know, and a later release may read them again.
        let readable = lines.iter().all(|line| line.event != Event::Unknown);
        if journal.end > COMPACT_ABOVE && readable {
            let kept = journal.compacted(&lines)?;
            return Ok((journal, kept));
        }
        Ok((journal, lines))
    }

    /// Records an event. When this returns, it is on disk.
    ///
    /// # Errors
    /// When it cannot be written: then the journal does not contain it.
    pub fn append(&mut self, event: Event) -> Result<Line, JournalError> {
        self.write_owed()?;
        let line = self.next(event);
        self.write_line(&line)?;
        Ok(line)
    }

    /// Records an event that happens whether or not it can be written. If it cannot, it is written before the next
    /// line.
    pub fn append_anyway(&mut self, event: Event) -> (Line, Result<(), JournalError>) {
        let line = self.next(event);
        self.owed.push_back(line.clone());
        (line, self.write_owed())
    }

    fn write_owed(&mut self) -> Result<(), JournalError> {
        while let Some(line) = self.owed.pop_front() {
            if let Err(error) = self.write_line(&line) {
                self.owed.push_front(line);
                return Err(error);
            }
        }
        Ok(())
    }

    fn next(&self, event: Event) -> Line {
        let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let seq = self.seq + self.owed.len() as u64 + 1;
        Line { seq, at: u64::try_from(at).unwrap_or(u64::MAX), event }
    }

    fn write_line(&mut self, line: &Line) -> Result<(), JournalError> {
        let (text, sum) = lines::written(line, &self.sum)?;
        if let Err(source) = self.write(&text) {
            // A partial line must not precede the next one.
            let _ = self.file.set_len(self.end);
            return Err(JournalError::Io { path: self.folder.path().join(NAME), source });
        }
        self.end += text.len() as u64;
        self.seq = line.seq;
        self.sum = sum;
        Ok(())
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()
    }

    /// Writes the file again without the steps, and puts it in the place of the old one.
    fn compacted(&mut self, lines: &[Line]) -> Result<Vec<Line>, JournalError> {
        let mut kept: Vec<Line> =
            lines.iter().filter(|line| !matches!(line.event, Event::Step { .. })).cloned().collect();
        let mut text = String::new();
        let mut sum = lines::FIRST.to_owned();
        for (nth, line) in kept.iter_mut().enumerate() {
            line.seq = nth as u64 + 1;
            let (written, next) = lines::written(line, &sum)?;
            text.push_str(&written);
            sum = next;
        }
        self.folder.write(NAME, text.as_bytes(), 0o600)?;
        self.file = self.folder.open_or_make(NAME)?;
        self.end = text.len() as u64;
        self.seq = kept.len() as u64;
        self.sum = sum;
        Ok(kept)
    }
}

/// The valid part of a file's text.
struct Read {
    lines: Vec<Line>,
    /// The hash of the last line.
    sum: String,
    /// The number of valid bytes.
    whole: usize,
}

impl Read {
    fn of(text: &[u8]) -> Self {
        let mut read = Read { lines: Vec::new(), sum: lines::FIRST.to_owned(), whole: 0 };
        for text in text.split_inclusive(|byte| *byte == b'\n') {
            let whole = text.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
            let Some((line, sum)) = whole.and_then(|line| lines::read(line, &read.sum)) else { break };
            read.whole += text.len();
            read.sum = sum;
            read.lines.push(line);
        }
        read
    }
}

/// Saves the invalid end of the file for inspection before it is removed. A full disk may have caused it, so an error
/// here does not prevent the start.
fn keep_aside(folder: &TrustedFolder, rest: &[u8]) {
    tracing::warn!(
        journal = %folder.path().join(NAME).display(), bytes = rest.len(), kept = DAMAGED,
        "the end of the journal is damaged, as after a crash; it was removed"
    );
    if let Err(error) = folder.write(DAMAGED, rest, 0o600) {
        tracing::warn!(%error, "the removed part could not be saved");
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::{COMPACT_ABOVE, Journal, JournalError, Line, NAME};
    use crate::files::TrustedFolder;
    use crate::provider::Digest;
    use crate::{Event, Step, StepReceipt};

    fn activated(of: &[u8]) -> Event {
        Event::Activated { digest: Digest::of(of), by: "a test".to_owned() }
    }

    fn path(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join(NAME)
    }

    fn open(folder: &tempfile::TempDir) -> Result<(Journal, Vec<Line>), JournalError> {
        Journal::open(&Arc::new(TrustedFolder::open(folder.path())?))
    }

    #[test]
    fn a_file_cut_anywhere_gives_the_whole_lines_before_the_cut_and_can_be_gone_on_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        let (mut journal, before) = open(&folder).expect("a new journal");
        assert!(before.is_empty());
        for of in [b"a", b"b", b"c"] {
            journal.append(activated(of)).expect("it can be written");
        }
        let whole = fs::read(&path).expect("it is there");
        let ends: Vec<usize> =
            whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).expect("it can be cut");
            let (mut journal, lines) = open(&folder).expect("a cut journal opens");
            assert_eq!(lines.len(), ends.iter().filter(|end| **end <= cut).count(), "cut at {cut}");
            journal.append(activated(b"d")).expect("it can be gone on with");
            let (_, again) = open(&folder).expect("it opens");
            assert_eq!(again.len(), lines.len() + 1, "cut at {cut}");
            assert_eq!(again.last().map(|line| &line.event), Some(&activated(b"d")));
        }
    }

    #[test]
    fn a_changed_line_and_all_after_it_do_not_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        let (mut journal, _) = open(&folder).expect("a new journal");
        for of in [b"a", b"b", b"c"] {
            journal.append(activated(of)).expect("it can be written");
        }
        let text = fs::read_to_string(&path).expect("it is there");
        let forged = text.replace(&Digest::of(b"b").to_string(), &Digest::of(b"x").to_string());
        fs::write(&path, &forged).expect("it can be written");
        let (_, lines) = open(&folder).expect("it opens");
        assert_eq!(lines.len(), 1);
        let aside = fs::read_to_string(path.with_extension("jsonl.damaged")).expect("it was kept");
        assert!(forged.ends_with(&aside) && aside.contains(&Digest::of(b"c").to_string()));
    }

    /// Writes a journal of lines that a later Quarry may have written: each is whole, and the second is of something that is not known.
    fn of_a_later_quarry(path: &std::path::Path, filler: usize) {
        let kinds = [
            serde_json::json!({ "event": "activated", "digest": Digest::of(b"a"), "by": "a test" }),
            serde_json::json!({ "event": "step", "source": "x".repeat(filler), "by": "", "step": "audit", "milliseconds": 1 }),
            serde_json::json!({ "event": "activated", "digest": Digest::of(b"b"), "by": "a test" }),
        ];
        let (mut text, mut sum) = (String::new(), super::lines::FIRST.to_owned());
        for (kind, seq) in kinds.into_iter().zip(1_u64..) {
            let mut line = kind;
            line["seq"] = seq.into();
            line["at"] = 1.into();
            let (written, next) = super::lines::sealed(line.to_string(), &sum);
            text.push_str(&written);
            sum = next;
        }
        fs::write(path, text).expect("it can be written");
    }

    #[test]
    fn a_whole_line_with_a_value_that_is_not_known_costs_no_line_after_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        of_a_later_quarry(&path, 1);
        let (mut journal, lines) = open(&folder).expect("it opens");
        let events: Vec<&Event> = lines.iter().map(|line| &line.event).collect();
        assert_eq!(events, [&activated(b"a"), &Event::Unknown, &activated(b"b")]);
        assert!(!path.with_extension("jsonl.damaged").exists());
        journal.append(activated(b"c")).expect("it can be gone on with");
        assert_eq!(open(&folder).expect("it opens").1.len(), 4);
    }

    #[test]
    fn what_cannot_be_read_is_not_written_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        of_a_later_quarry(&path, COMPACT_ABOVE as usize);
        let before = fs::metadata(&path).expect("it is there").len();
        assert!(before > COMPACT_ABOVE);
        open(&folder).expect("it opens");
        assert_eq!(fs::metadata(&path).expect("it is there").len(), before);
    }

    #[test]
    fn what_cannot_be_kept_aside_keeps_nobody_from_beginning() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        let (mut journal, _) = open(&folder).expect("a new journal");
        journal.append(activated(b"a")).expect("it can be written");
        let mut whole = fs::read(&path).expect("it is there");
        whole.extend_from_slice(b"{\"seq\":2,\"at\"");
        fs::write(&path, whole).expect("it can be written");
        // As good as a full disk: nothing can be written there.
        fs::create_dir(path.with_extension("jsonl.damaged")).expect("a folder can be made");
        let (_, lines) = open(&folder).expect("it opens all the same");
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn what_cannot_be_written_and_happens_all_the_same_is_written_before_the_next_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        let (mut journal, _) = open(&folder).expect("a new journal");
        journal.append(activated(b"a")).expect("it can be written");
        journal.file = File::options().read(true).write(true).open("/dev/full").expect("Linux has it");
        for (of, seq) in [(b"b", 2), (b"c", 3)] {
            let (line, written) = journal.append_anyway(activated(of));
            assert_eq!((line.seq, &line.event), (seq, &activated(of)));
            assert!(written.is_err());
        }
        journal.append(activated(b"never")).expect_err("it cannot be written");
        journal.file = File::options().read(true).write(true).open(&path).expect("it is there");
        let last = journal.append(activated(b"d")).expect("it can be written again");
        assert_eq!(last.seq, 4);
        let (_, lines) = open(&folder).expect("it opens");
        let events: Vec<Event> = lines.into_iter().map(|line| line.event).collect();
        assert_eq!(events, [b"a", b"b", b"c", b"d"].map(|of| activated(of)));
    }

    #[test]
    fn a_large_file_is_written_anew_without_its_steps() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder);
        let (mut journal, _) = open(&folder).expect("a new journal");
        journal.append(activated(b"a")).expect("it can be written");
        let receipt =
            StepReceipt { step: Step::Compile, failure: Some("x".repeat(1 << 20)), detail: None, milliseconds: 1 };
        let step = Event::Step { digest: None, source: "a test".to_owned(), by: "a test".to_owned(), receipt };
        for _ in 0..=COMPACT_ABOVE >> 20 {
            journal.append(step.clone()).expect("it can be written");
        }
        journal.append(activated(b"b")).expect("it can be written");
        let (mut journal, lines) = open(&folder).expect("it opens");
        assert_eq!(lines.len(), 2);
        assert!(fs::metadata(&path).expect("it is there").len() < 2000);
        journal.append(activated(b"c")).expect("it can be gone on with");
        let (_, lines) = open(&folder).expect("it opens");
        assert_eq!(lines.len(), 3);
    }
}
