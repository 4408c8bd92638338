//! The recordings that `quarry serve --record` writes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quarry_gateway::Recorder;
use quarry_telemetry::Metrics;
use quarry_versions::recording::{Bounds, RecordingError, Writer, Written};

use crate::arguments::ServeArguments;
use crate::terminal;

/// How long the gateway waits at its end for recordings to be written. A disk that is slower loses them.
const AT_THE_END: Duration = Duration::from_secs(10);

/// A folder that is recorded into.
pub(super) struct Recording {
    folder: PathBuf,
    share: u8,
    writer: Writer,
}

/// Opens the folder, where one is named.
pub(super) fn open(arguments: &ServeArguments, metrics: &Arc<Metrics>) -> Result<Option<Recording>, RecordingError> {
    let Some(folder) = arguments.record.clone() else { return Ok(None) };
    let (recordings, bytes) = (arguments.record_most, arguments.record_bytes);
    let bounds = Bounds { recordings, bytes, ..Bounds::default() };
    let metrics = Arc::clone(metrics);
    let tell = Box::new(move |fate| metrics.recorded(fate));
    let writer = Writer::open(&folder, arguments.record_prompts, bounds, tell)?;
    Ok(Some(Recording { folder, share: arguments.record_share, writer }))
}

impl Recording {
    /// Who has the streams of a gateway recorded.
    pub(super) fn recorder(&self) -> Recorder {
        Recorder::new(self.writer.tapes().clone(), self.share, self.folder.clone())
    }

    /// Waits until what ended is written.
    pub(super) async fn end(self) {
        let Recording { folder, writer, .. } = self;
        let (tell, told) = tokio::sync::oneshot::channel();
        // A thread that the process need not wait for, unlike those of the runtime.
        std::thread::spawn(move || tell.send(writer.finish()));
        let folder = folder.display();
        terminal::tell_line(&match tokio::time::timeout(AT_THE_END, told).await {
            Ok(Ok(Written { written, skipped, .. })) => {
                format!("recorded {written} streams in {folder}; {skipped} were skipped")
            }
            _ => format!("recordings that were not written to {folder} within {AT_THE_END:?} are lost"),
        });
    }
}
