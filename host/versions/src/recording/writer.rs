//! Writes recordings from a thread of its own.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::fate::Fate;
use super::file::{Folder, RecordingError};
use super::room::{Room, Taken};
use super::tape::{Keeping, Recipient, Tape, Taped};
use crate::compare::{Preparation, Specimen, Stream, redacted};
use crate::conformance::frames::unbatch;
use crate::provider::Generation;

/// Streams that wait to be written.
pub(super) const QUEUE: usize = 256;

/// Bytes of all streams that are kept at once: those that still last, and those that wait to be written.
pub(super) const FOR_ALL: usize = 64 << 20;

/// The longest rest between two recordings.
const LONGEST_REST: Duration = Duration::from_millis(500);

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

/// A stream that ended.
#[derive(Debug)]
struct Recorded {
    stream: Taped,
    /// The version that translated it.
    generation: Arc<Generation>,
    asked: Option<Arc<Asked>>,
}

/// What a request was prepared from, for its recordings.
#[derive(Debug)]
pub struct Asked {
    preparation: Preparation,
    _room: Taken,
}

#[derive(Debug)]
enum Task {
    Write(Box<Recorded>),
    Stop,
}

/// Told what became of each stream.
pub type Tell = Box<dyn Fn(Fate) + Send + Sync>;

struct Counts {
    written: AtomicU64,
    skipped: AtomicU64,
    /// Whether somebody waits for the rest to be written.
    hurry: AtomicBool,
    tell: Tell,
}

impl fmt::Debug for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Counts").field("written", &self.written).finish_non_exhaustive()
    }
}

impl Counts {
    fn note(&self, fate: Fate) {
        let counter = if fate == Fate::Written { &self.written } else { &self.skipped };
        counter.fetch_add(1, Ordering::Relaxed);
        (self.tell)(fate);
    }
}

/// Writes recordings into a folder. Streams are kept in memory while they last; what is written, is written by a thread.
#[derive(Debug)]
pub struct Writer {
    tapes: Tapes,
    thread: JoinHandle<Option<RecordingError>>,
}

/// Makes tapes for turns. A clone makes tapes for the same folder.
#[derive(Debug, Clone)]
pub struct Tapes {
    tasks: SyncSender<Task>,
    counts: Arc<Counts>,
    pub(super) room: Arc<Room>,
    prompts: bool,
    stream_bytes: usize,
}

impl Writer {
    /// Opens a folder, which is made where there is none. With `prompts` the request and the words of the answer are recorded too. `tell` is
    /// told what becomes of each stream, also from where requests are answered.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or no thread can be started.
    pub fn open(path: &Path, prompts: bool, bounds: Bounds, tell: Tell) -> Result<Self, RecordingError> {
        let folder = Folder::open(path, bounds)?;
        let (tasks, received) = sync_channel(QUEUE);
        let (written, skipped, hurry) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let counts = Arc::new(Counts { written, skipped, hurry, tell });
        let counting = Arc::clone(&counts);
        let write = move || write_all(folder, &received, prompts, &counting);
        let thread = std::thread::Builder::new().name("recordings".to_owned()).spawn(write);
        let thread = thread.map_err(|source| RecordingError { path: path.to_owned(), source })?;
        let stream_bytes = bounds.stream_bytes;
        Ok(Writer { tapes: Tapes { tasks, counts, room: Room::new(FOR_ALL), prompts, stream_bytes }, thread })
    }

    /// Whoever makes tapes.
    #[must_use]
    pub fn tapes(&self) -> &Tapes {
        &self.tapes
    }

    /// Waits until everything that ended is written, and says what became of it. What ends later is lost. Blocks.
    #[must_use]
    pub fn finish(self) -> Written {
        let Writer { tapes: Tapes { tasks, counts, .. }, thread } = self;
        counts.hurry.store(true, Ordering::Relaxed);
        // An error says that the thread is gone, which joining it tells too.
        let _ = tasks.send(Task::Stop);
        let failed = thread.join().unwrap_or_default();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Written { written: count(&counts.written), skipped: count(&counts.skipped), failed }
    }
}

impl Tapes {
    /// What a request of `size` bytes is prepared from, where that may be recorded and there is room.
    #[must_use]
    pub fn asked(&self, size: usize, preparation: impl FnOnce() -> Preparation) -> Option<Arc<Asked>> {
        if !self.prompts || size > self.stream_bytes {
            return None;
        }
        let room = self.room.take(size)?;
        Some(Arc::new(Asked { preparation: preparation(), _room: room }))
    }

    /// A tape for one turn, which this version translates.
    #[must_use]
    pub fn tape(&self, generation: &Arc<Generation>, asked: Option<Arc<Asked>>) -> Box<dyn Tape> {
        let (tasks, counts, generation) = (self.tasks.clone(), Arc::clone(&self.counts), Arc::clone(generation));
        Box::new(Keeping::new(ForTheFolder { tasks, counts, generation, asked }, &self.room, self.stream_bytes))
    }
}

struct ForTheFolder {
    tasks: SyncSender<Task>,
    counts: Arc<Counts>,
    generation: Arc<Generation>,
    asked: Option<Arc<Asked>>,
}

impl Recipient for ForTheFolder {
    fn stream(&mut self, stream: Taped) {
        let recorded = Recorded { stream, generation: Arc::clone(&self.generation), asked: self.asked.take() };
        // A full queue means that the disk is slower than the traffic: a recording less harms nobody, a request that waits does.
        if self.tasks.try_send(Task::Write(Box::new(recorded))).is_err() {
            self.counts.note(Fate::TooFast);
        }
    }

    fn too_large(&mut self) {
        self.counts.note(Fate::TooLarge);
    }
}

fn write_all(mut folder: Folder, received: &Receiver<Task>, prompts: bool, counts: &Counts) -> Option<RecordingError> {
    let mut failed = None;
    let mut last = Fate::Written;
    while let Ok(Task::Write(recorded)) = received.recv() {
        let began = Instant::now();
        let (fate, error) = match write(&mut folder, *recorded, prompts) {
            Ok(true) => (Fate::Written, None),
            Ok(false) => (Fate::Full, None),
            Err(error) => (Fate::Failed, Some(error)),
        };
        // What goes on is told once: the counts say how often.
        match &error {
            _ if fate == last => {}
            Some(error) => tracing::warn!(%error, "recordings cannot be written"),
            None if fate == Fate::Full => {
                let folder = folder.path().display();
                tracing::warn!(%folder, "the folder of recordings is full; recording continues when it has space");
            }
            None => tracing::info!("recordings are written again"),
        }
        last = fate;
        counts.note(fate);
        failed = error.or(failed);
        // Half a core at most: requests come first.
        if !counts.hurry.load(Ordering::Relaxed) {
            std::thread::sleep(began.elapsed().min(LONGEST_REST));
        }
    }
    failed
}

fn write(folder: &mut Folder, recorded: Recorded, prompts: bool) -> Result<bool, RecordingError> {
    if !folder.has_room() {
        return Ok(false);
    }
    let Recorded { stream: Taped { opening, batches, ending, room }, generation, asked } = recorded;
    let batches = batches.into_iter().map(|batch| unbatch(&batch)).collect();
    let preparation = asked.map(|asked| {
        // The last attempt has it for itself.
        let own = Arc::try_unwrap(asked).map(|asked| asked.preparation);
        Box::new(own.unwrap_or_else(|shared| shared.preparation.clone()))
    });
    let specimen = Specimen::stream("", Stream { opening, batches, ending, preparation });
    let specimen = if prompts { specimen } else { redacted(&specimen) };
    // What it does here is not compared with the version where it serves.
    let written = folder.write(&specimen, &generation.apart(), prompts);
    drop(room);
    written
}
