//! What the owner of changes is asked.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::job::{Activated, Job, JobId};
use super::{ChangeError, FolderStatus, Status};
use crate::gateway::shadow::Run;
use crate::gateway::state::StartError;
use crate::provider::Digest;
use crate::versions::{Behaviour, Event, History, Line};

/// Where commands go.
pub(super) type Commands = mpsc::UnboundedSender<Command>;

/// Where an answer goes. Nobody may be there any more.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ChangeError>>;

/// What the owner of changes is asked. Each is done to its end once it is begun. Jobs go on beside them, and can be cancelled.
#[derive(Debug)]
pub(super) enum Command {
    /// Has a job done.
    Begin(Job),
    /// Nobody waits for this job any more.
    Left(JobId),
    /// Keeps the active version.
    Pin { by: String, reply: Reply<Digest> },
    /// Allows other versions again.
    Unpin { by: String, reply: Reply<()> },
    /// Activates the candidate.
    PromoteCanary { by: String, reply: Reply<Activated> },
    /// Gives the candidate no more requests.
    StopCanary { by: String, reply: Reply<Digest> },
    /// Ends the comparing.
    StopShadow { by: String, reply: Reply<Digest> },
    /// Removes the bytes of old versions.
    Prune { keep: usize, by: String, reply: Reply<Vec<Digest>> },
    /// Reads the configuration again.
    Reload { reply: Reply<Result<(), StartError>> },
    /// Notes how the watched folder does, and what became of a version that it offered.
    Folder { status: FolderStatus, happened: Option<Event> },
    /// Notes the differences for which a version was not activated.
    Unaccepted(Box<Behaviour>),
    /// The differences for which a version was not activated last.
    LastUnaccepted(Reply<Option<Behaviour>>),
    /// How versions are doing.
    Status(Reply<Status>),
    /// The last lines of the journal.
    Journal(Reply<Vec<Line>>),
    /// What the journal comes to.
    History(Reply<History>),
    /// The comparison that runs, or ran last.
    LastShadow(Reply<Option<Arc<Run>>>),
    /// Cancels all jobs, and is the last command.
    End(Reply<()>),
}
