//! Commands to the owner of changes.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::job::{Activated, Job, JobId};
use super::{ChangeError, FolderStatus, Status};
use crate::provider::Digest;
use crate::shadow::Run;
use crate::state::StartError;
use quarry_versions::{Behaviour, Event, History, Line};

/// Where commands go.
pub(super) type Commands = mpsc::UnboundedSender<Command>;

/// The channel of a reply. Its receiver may be gone.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ChangeError>>;

/// A command to the owner of changes. A command that has started runs to its end. Jobs run beside commands, and can be
/// cancelled.
#[derive(Debug)]
pub(super) enum Command {
    /// Starts a job.
    Begin(Job),
    /// The client that waited for this job has disconnected.
    Left(JobId),
    /// Pins the active version.
    Pin { by: String, reply: Reply<Digest> },
    /// Removes the pin.
    Unpin { by: String, reply: Reply<()> },
    /// Promotes the canary.
    PromoteCanary { by: String, reply: Reply<Activated> },
    /// Ends the canary.
    StopCanary { by: String, reply: Reply<Digest> },
    /// Ends the shadow.
    StopShadow { by: String, reply: Reply<Digest> },
    /// Removes the bytes of old versions.
    Prune { keep: usize, by: String, reply: Reply<Vec<Digest>> },
    /// Reads the configuration again.
    Reload { reply: Reply<Result<Vec<&'static str>, StartError>> },
    /// Updates the state of the watched folder, and records the result for a component that it offered.
    Folder { status: FolderStatus, happened: Option<Event> },
    /// Remembers the differences for which a version was not activated.
    Unaccepted(Box<Behaviour>),
    /// The differences for which a version was not activated last.
    LastUnaccepted(Reply<Option<Behaviour>>),
    /// Returns the state of all versions.
    Status(Reply<Status>),
    /// The last lines of the journal.
    Journal(Reply<Vec<Line>>),
    /// Returns the state that the journal describes.
    History(Reply<History>),
    /// Returns the running shadow, or the last one.
    LastShadow(Reply<Option<Arc<Run>>>),
    /// Cancels all jobs, and is the last command.
    End(Reply<()>),
}
