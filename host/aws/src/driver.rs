//! Tasks of connections, which whoever reads an answer can drive on.
//!
//! hyper has a task for each connection, and that task hands on one chunk of a body at a time: it waits until the reader has taken
//! it. Bedrock sends every event as a chunk of its own, so a reader that left the driving to the task would get one event a wakeup
//! although a hundred have arrived. A reader that polls the connection itself gets all of them at once.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use aws_smithy_http_client::pool::DriverSpawner;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    /// The task that this thread polls.
    static POLLED: RefCell<Weak<Driver>> = const { RefCell::new(Weak::new()) };
}

/// The task of a connection.
pub(super) struct Driver(Mutex<State>);

struct State {
    /// None when it is done.
    task: Option<Task>,
    /// The waker of the tokio task that drives it when nobody else does. Whatever the connection waits for wakes that one.
    waker: Waker,
}

/// Spawns the tasks of connections on the runtime that asks for them, so that readers can drive them on.
pub(super) fn spawner() -> DriverSpawner {
    DriverSpawner::from_fn(|task| {
        let driver = Arc::new(Driver(Mutex::new(State { task: Some(task), waker: Waker::noop().clone() })));
        // Where there is no runtime any more, the connection is closed with its task.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(std::future::poll_fn(move |context| driver.poll(context)));
        }
    })
}

impl Driver {
    /// As tokio polls it.
    fn poll(self: &Arc<Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waker.clone_from(context.waker());
        self.drive(&mut state);
        if state.task.is_none() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Drives it on, unless another thread does just now.
    pub(super) fn drive_on(self: &Arc<Self>) {
        let mut state = match self.0.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.drive(&mut state);
        if state.task.is_none() {
            state.waker.wake_by_ref();
        }
    }

    fn drive(self: &Arc<Self>, state: &mut State) {
        let State { task, waker } = state;
        // Taken out, so that a task that panics is not polled again.
        let Some(mut polled) = task.take() else { return };
        let outer = POLLED.replace(Arc::downgrade(self));
        let done = polled.as_mut().poll(&mut Context::from_waker(waker)).is_ready();
        POLLED.replace(outer);
        if !done {
            *task = Some(polled);
        }
    }
}

/// Finds out which connection a reader gets its answer from: the one whose task wakes it.
#[derive(Default)]
pub(super) struct DriverFinder {
    found: OnceLock<Weak<Driver>>,
    reader: Mutex<Option<Waker>>,
}

impl DriverFinder {
    /// The connection, once it is known and while it lives.
    pub(super) fn found(&self) -> Option<Arc<Driver>> {
        self.found.get()?.upgrade()
    }

    /// Polls with a waker that finds out, until it has.
    pub(super) fn poll<T>(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if self.found.get().is_some() {
            return poll(context);
        }
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }
}

impl Wake for DriverFinder {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        POLLED.with_borrow(|polled| {
            if polled.strong_count() > 0 {
                // It is another one for no reader.
                let _ = self.found.set(Weak::clone(polled));
            }
        });
        if let Some(reader) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reader.wake();
        }
    }
}
