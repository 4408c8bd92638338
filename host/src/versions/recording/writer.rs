//! Writes recordings from a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::file::{Folder, RecordingError};
use super::tape::{Keeping, Tape};
use crate::provider::Generation;
use crate::versions::compare::{Preparation, Specimen, Stream, redacted};

/// Streams that wait to be written.
const QUEUE: usize = 16;

/// How much is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Recordings that the folder may hold, those that are there already among them.
    pub recordings: usize,
    /// Bytes that the folder's recordings may have together.
    pub bytes: u64,
    /// Bytes of one stream. A longer one is not recorded.
    pub stream_bytes: usize,
}

impl Default for Bounds {
    /// 1000 recordings, 256 MiB, 8 MiB a stream.
    fn default() -> Self {
        Bounds { recordings: 1_000, bytes: 256 << 20, stream_bytes: 8 << 20 }
    }
}

/// A stream that ended, with what its request was prepared from where that may be written down.
#[derive(Debug)]
pub(super) struct Recorded(pub(super) Stream);

/// What became of the streams.
#[derive(Debug)]
pub struct Written {
    /// Recordings that were written.
    pub written: u64,
    /// Streams that were not: too long, too many, or faster than the disk.
    pub skipped: u64,
    /// Why the last one that failed was not written.
    pub failed: Option<RecordingError>,
}

#[derive(Debug)]
pub(super) enum Task {
    Write(Box<Recorded>),
    Stop,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    written: AtomicU64,
    skipped: AtomicU64,
}

impl Counts {
    pub(super) fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Writes recordings into a folder. Streams are kept in memory while they last; what is written, is written by a thread.
#[derive(Debug)]
pub struct Writer {
    tasks: SyncSender<Task>,
    counts: Arc<Counts>,
    thread: JoinHandle<Option<RecordingError>>,
    prompts: bool,
    stream_bytes: usize,
}

impl Writer {
    /// Opens a folder, which is made where there is none. `generation` is the version whose message is written down; with
    /// `prompts` the request and the words of the answer are too.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or no thread can be started.
    pub fn open(
        path: &Path,
        generation: Arc<Generation>,
        prompts: bool,
        bounds: Bounds,
    ) -> Result<Self, RecordingError> {
        let folder = Folder::open(path, bounds)?;
        let (tasks, received) = sync_channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        let write = move || write_all(folder, &received, &generation, prompts, &counting);
        let thread = std::thread::Builder::new().name("recordings".to_owned()).spawn(write);
        let thread = thread.map_err(|source| RecordingError { path: path.to_owned(), source })?;
        Ok(Writer { tasks, counts, thread, prompts, stream_bytes: bounds.stream_bytes })
    }

    /// A tape for one turn. What the request was prepared from is written down where prompts are.
    #[must_use]
    pub fn tape(&self, preparation: Option<Preparation>) -> Box<dyn Tape> {
        Box::new(Keeping {
            tasks: self.tasks.clone(),
            counts: Arc::clone(&self.counts),
            preparation: preparation.filter(|_| self.prompts),
            opening: None,
            batches: Vec::new(),
            room: self.stream_bytes,
            too_large: false,
        })
    }

    /// Waits until everything that ended is written, and says what became of it. What ends later is lost. Blocks.
    #[must_use]
    pub fn finish(self) -> Written {
        let Writer { tasks, counts, thread, .. } = self;
        // An error says that the thread is gone, which joining it tells too.
        let _ = tasks.send(Task::Stop);
        let failed = thread.join().unwrap_or_default();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Written { written: count(&counts.written), skipped: count(&counts.skipped), failed }
    }
}

fn write_all(
    mut folder: Folder,
    received: &Receiver<Task>,
    generation: &Arc<Generation>,
    prompts: bool,
    counts: &Counts,
) -> Option<RecordingError> {
    let mut failed = None;
    while let Ok(Task::Write(recorded)) = received.recv() {
        let Recorded(stream) = *recorded;
        let specimen = Specimen::stream("", stream);
        let specimen = if prompts { specimen } else { redacted(&specimen) };
        match folder.write(&specimen, generation, prompts) {
            Ok(true) => drop(counts.written.fetch_add(1, Ordering::Relaxed)),
            Ok(false) => counts.skip(),
            Err(error) => {
                tracing::warn!(target: "quarry", %error, "a recording was not written");
                counts.skip();
                failed = Some(error);
            }
        }
    }
    failed
}
