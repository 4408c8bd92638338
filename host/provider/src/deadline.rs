//! The clock that stops a guest: epochs of the engine, ticked by one thread while any session is alive.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// Length of a tick. A deadline is exact to one tick.
const TICK: Duration = Duration::from_millis(10);

/// Ticks of a limit, rounded up, and one because the current tick has begun already.
pub(super) fn ticks(limit: Duration) -> u64 {
    u64::try_from(limit.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX - 1).saturating_add(1)
}

/// Ticks an engine's epoch while somebody holds it, so that an idle gateway does not wake up.
#[derive(Debug)]
pub(super) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    holders: usize,
    stopped: bool,
}

impl Ticker {
    /// Starts the thread. It ends with the ticker, or with the engine.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let engine = engine.weak();
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new().name("quarry-epoch".to_owned()).spawn(move || of_thread.run(&engine))?;
        Ok(Ticker { shared })
    }

    /// How many holds there are.
    pub(super) fn holders(&self) -> usize {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).holders
    }

    /// Keeps the epoch ticking until the hold is dropped.
    pub(super) fn hold(&self) -> Hold {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.holders += 1;
        if state.holders == 1 {
            self.shared.changed.notify_one();
        }
        Hold { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.shared.changed.notify_one();
    }
}

/// Somebody who needs the epoch to tick.
#[derive(Debug)]
pub(super) struct Hold {
    shared: Arc<Shared>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).holders -= 1;
    }
}

impl Shared {
    fn run(&self, engine: &EngineWeak) {
        loop {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                while state.holders == 0 && !state.stopped {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                if state.stopped {
                    return;
                }
            }
            std::thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    }
}
