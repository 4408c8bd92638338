//! How many requests fit at once, and who gets the next place: computed from the provider component that serves, the pool of
//! instances, the memory and the open files. Admission, `/readyz`, `Retry-After`, metrics and status follow from it.
//!
//! Requests share the pool but for a reserve, from which the sessions come that a gateway is operated with: see [`Purpose`].

mod bodies;
mod compiles;
mod machine;
mod permit;
mod reserve;
mod status;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use self::bodies::{BodyBudget, BodyBytes, NoRoom};
pub use self::compiles::{Compile, Compiles};
pub use self::machine::{Machine, raise_file_limit};
pub use self::permit::{Full, Permit};
pub use self::reserve::{Purpose, ReserveInUse, Reserved};
use self::reserve::{Reserve, SESSIONS};
pub use self::status::shares;
pub use self::status::{CapacityStatus, ShareStatus};

/// Sessions that are kept from requests.
pub const RESERVED_SESSIONS: usize = SESSIONS * Purpose::ALL.len();

/// Bytes that the process takes without requests: code, the engine, the runtime, listings, logs.
const PROCESS: u64 = 128 << 20;

/// Bytes that a request takes beside its session: two connections with their buffers, the request, the answer's state.
const REQUEST: u64 = 64 << 10;

/// Of a component's initial memory a session touches a fraction, and only that is resident. With the embedded provider, 4,096 silent
/// streams take 146 KiB each in all (measured); a quarter is twice that, and leaves room for long conversations.
const TOUCHED: u64 = 4;

/// Per cent of the threshold below which a gateway that was saturated is ready again, so that `/readyz` does not change with each
/// request.
const READY_BELOW: usize = 90;

/// The longest `Retry-After`.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a session of a component takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Memories of the pool, from 1. Of its core instances, tables and component instances the pool has as many as all its
    /// memories could need, so memories alone are scarce.
    pub memories: usize,
    /// Bytes of memory that are resident.
    pub bytes: u64,
}

impl Need {
    /// What a session takes that begins with so many memories, of so many bytes in all.
    #[must_use]
    pub fn new(memories: usize, initial: u64) -> Self {
        Need { memories: memories.max(1), bytes: initial / TOUCHED }
    }
}

impl Default for Need {
    fn default() -> Self {
        Need::new(1, 0)
    }
}

/// The settings that bound requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `quarry.limits.concurrency`.
    pub concurrency: Option<usize>,
    /// `quarry.limits.bodyBytes`.
    pub body: usize,
    /// `quarry.limits.unreadyPercent`.
    pub unready_percent: u8,
    /// Sockets that a request takes: its client's connection and one to AWS.
    pub sockets: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { concurrency: None, body: 0, unready_percent: 100, sockets: 2 }
    }
}

/// What bounds the number of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The configured limit.
    Concurrency,
    /// The pool of provider instances.
    Sessions,
    /// The memory of the machine or of the control group.
    Memory,
    /// The limit of open files.
    Files,
}

impl Bound {
    /// What it is, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Bound::Concurrency => "quarry.limits.concurrency",
            Bound::Sessions => "the pool of provider instances",
            Bound::Memory => "the memory limit",
            Bound::Files => "the limit of open files",
        }
    }

    /// Its name in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Bound::Concurrency => "concurrency",
            Bound::Sessions => "sessions",
            Bound::Memory => "memory",
            Bound::Files => "files",
        }
    }
}

/// How many requests fit, and what bounds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fits {
    /// Requests.
    pub requests: usize,
    /// The bound that is reached first.
    pub bound: Bound,
}

impl fmt::Display for Fits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} concurrent, limited by {}", self.requests, self.bound.name())
    }
}

/// The capacity of this process.
#[derive(Debug)]
pub struct Capacity {
    /// Memories of the pool that requests may have.
    memories: usize,
    state: Mutex<State>,
    reserve: Reserve,
    bodies: BodyBudget,
    compiles: Compiles,
}

#[derive(Debug, Default)]
struct State {
    settings: Settings,
    machine: Machine,
    /// What a session of the active version takes.
    need: Need,
    /// What admitted requests have.
    requests: usize,
    memories: usize,
    bytes: u64,
    saturated: bool,
    /// How long requests took lately, on average.
    lasted: Option<Duration>,
}

impl Capacity {
    /// That of a pool with so many memories for requests, on a machine without bounds.
    #[must_use]
    pub fn new(memories: usize) -> Arc<Self> {
        Arc::new(Capacity {
            memories,
            state: Mutex::default(),
            reserve: Reserve::new(),
            bodies: BodyBudget::default(),
            compiles: Compiles::default(),
        })
    }

    /// Bounds requests by the machine and the settings that are active now, where a session of the active version takes `need`.
    /// Requests that were admitted keep their places.
    pub fn configure(&self, machine: Machine, settings: Settings, need: Need) {
        let mut state = self.state();
        (state.machine, state.settings, state.need) = (machine, settings, need);
        state.judge(self.memories);
    }

    /// Another version is active, whose sessions take this.
    pub fn serve(&self, need: Need) {
        let mut state = self.state();
        if state.need != need {
            state.need = need;
            state.judge(self.memories);
        }
    }

    /// How many requests fit on a machine, beside none.
    #[must_use]
    pub fn fits(&self, machine: Machine, settings: Settings, need: Need) -> Fits {
        State { machine, settings, ..State::default() }.more(self.memories, need)
    }

    /// How many requests of the active version fit beside none.
    #[must_use]
    pub fn of_active(&self) -> Fits {
        let State { machine, settings, need, .. } = *self.state();
        self.fits(machine, settings, need)
    }

    /// Admits a request whose session takes `need`.
    ///
    /// # Errors
    /// When there is no room for it now.
    pub fn admit(self: &Arc<Self>, need: Need) -> Result<Arc<Permit>, Full> {
        let mut state = self.state();
        state.need = need;
        let more = state.more(self.memories, need);
        if more.requests == 0 {
            state.judge(self.memories);
            return Err(state.full(more.bound));
        }
        state.requests += 1;
        state.memories += need.memories;
        state.bytes += REQUEST + need.bytes;
        state.judge(self.memories);
        Ok(Arc::new(Permit::new(self, need)))
    }

    /// Gives an admitted request what a session of another version takes more.
    fn grow(&self, from: Need, to: Need) -> Result<(), Full> {
        let mut state = self.state();
        let memories = to.memories - from.memories;
        if memories > self.memories.saturating_sub(state.memories) {
            return Err(state.full(Bound::Sessions));
        }
        state.memories += memories;
        state.bytes += to.bytes - from.bytes;
        state.judge(self.memories);
        Ok(())
    }

    /// Takes back what a request had.
    fn give_back(&self, need: Need, lasted: Duration) {
        let mut state = self.state();
        state.requests = state.requests.saturating_sub(1);
        state.memories = state.memories.saturating_sub(need.memories);
        state.bytes = state.bytes.saturating_sub(REQUEST + need.bytes);
        state.lasted = Some(state.lasted.map_or(lasted, |mean| (mean * 15 + lasted) / 16));
        state.judge(self.memories);
    }

    /// A session of the reserve. It is waited for on this thread while all of the purpose are in use.
    ///
    /// # Errors
    /// When none is given back in time.
    pub fn reserved(&self, purpose: Purpose) -> Result<Reserved, ReserveInUse> {
        self.reserve.take(purpose)
    }

    /// A session of the reserve for a listing.
    ///
    /// # Errors
    /// As [`Capacity::reserved`].
    pub async fn listing(&self) -> Result<Reserved, ReserveInUse> {
        self.reserve.listing().await
    }

    /// The bytes of bodies under way.
    #[must_use]
    pub fn bodies(&self) -> &BodyBudget {
        &self.bodies
    }

    /// The compilations.
    #[must_use]
    pub fn compiles(&self) -> &Compiles {
        &self.compiles
    }

    /// How many connections of clients there may be: as configured, but never so many that requests find no file to ask AWS with.
    #[must_use]
    pub fn connections(&self, configured: usize) -> usize {
        let requests = self.of_active().requests;
        let State { machine, settings, .. } = *self.state();
        machine.connections(requests, settings.sockets).map_or(configured, |room| room.min(configured))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many requests more fit, and what bounds them.
    fn more(&self, memories: usize, need: Need) -> Fits {
        let count = |most: Option<usize>| most.map(|most| most.saturating_sub(self.requests));
        let all = [
            (count(self.settings.concurrency), Bound::Concurrency),
            (Some(memories.saturating_sub(self.memories) / need.memories), Bound::Sessions),
            (self.bytes_for_requests().map(|bytes| self.more_by_bytes(bytes, need)), Bound::Memory),
            (count(self.machine.requests(self.settings.sockets)), Bound::Files),
        ];
        let bounds = all.into_iter().filter_map(|(requests, bound)| Some(Fits { requests: requests?, bound }));
        bounds.min_by_key(|fits| fits.requests).unwrap_or(Fits { requests: 0, bound: Bound::Sessions })
    }

    /// Bytes of memory that requests may have: what the process itself and bodies under way leave.
    fn bytes_for_requests(&self) -> Option<u64> {
        let bodies = BodyBudget::most(self.settings.body) as u64;
        Some(self.machine.memory?.saturating_sub(PROCESS).saturating_sub(bodies))
    }

    fn more_by_bytes(&self, bytes: u64, need: Need) -> usize {
        let each = REQUEST + need.bytes;
        let fits = usize::try_from(bytes.saturating_sub(self.bytes) / each).unwrap_or(usize::MAX);
        // A machine too small for one request by this estimate serves one at a time.
        if self.requests == 0 { fits.max(1) } else { fits }
    }

    /// Decides whether the gateway is saturated, after requests came or went.
    fn judge(&mut self, memories: usize) {
        let threshold = usize::from(self.settings.unready_percent);
        let all = self.requests + self.more(memories, self.need).requests;
        let used = self.requests.saturating_mul(100);
        self.saturated = match threshold {
            0 => false,
            _ if used >= all.saturating_mul(threshold) => true,
            _ => {
                self.saturated && used.saturating_mul(100) >= all.saturating_mul(threshold).saturating_mul(READY_BELOW)
            }
        };
    }

    /// Why there is no room, and when there probably is: requests end one after the other.
    fn full(&self, bound: Bound) -> Full {
        let requests = u32::try_from(self.requests.max(1)).unwrap_or(u32::MAX);
        let wait = self.lasted.unwrap_or_default() / requests;
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let retry_after = Duration::from_secs(seconds).clamp(Duration::from_secs(1), LONGEST_WAIT);
        Full { bound, requests: self.requests, retry_after }
    }
}
