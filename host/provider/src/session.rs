//! One instance of a provider, with bounds of its own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceAny;
use wasmtime::{Store, Trap};

use super::bounds::Bounds;
use super::clamp;
use super::contract::Calls;
use super::deadline::{self, Hold};
use super::error::ProviderError;
use super::generation::Generation;
use crate::capacity::{Permit, Purpose, Reserved};
use crate::crash::work_for;
use quarry_contract::RequestKind;
use quarry_contract::about::Identity;
use quarry_contract::config::{Layer, Merged, Problem as ConfigProblem, Settings};
use quarry_contract::conversation::{
    Batch, Context, Delta, Ending, Opening, Options, Prepared, Problem, RequestSettings,
};
use quarry_contract::models::{Catalog, Pages, Resolution, Source};
use quarry_contract::types::{ApiError, Failure, Model};

/// One instance of a provider: of one stream, or of one command.
///
/// Calls are plain synchronous calls. Those of a turn and `explain` take microseconds and run on the worker; `merge`, `prepare` and
/// `assemble` of something large may take longer than a millisecond and belong on a blocking thread.
pub struct Session {
    generation: Arc<Generation>,
    store: Store<Bounds>,
    provider: Box<dyn Calls>,
    /// The open turn.
    turn: Option<ResourceAny>,
    poisoned: bool,
    /// Ticks of the epoch for a call on the path of a stream. Reckoned once.
    stream_ticks: u64,
    _clock: Hold,
    /// Its place. It is the last member, so that the place is given back when the instance is gone.
    place: Place,
}

/// The place of a session in the pool.
#[expect(dead_code, reason = "a place is held")]
enum Place {
    Request(Arc<Permit>),
    Reserved(Reserved),
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("generation", &self.generation)
            .field("poisoned", &self.poisoned)
            .finish_non_exhaustive()
    }
}

/// Calls a function of the contract within a deadline, and says what went wrong with it.
macro_rules! call {
    ($session:ident, $call:literal, $ticks:expr, $limit:ident, |$store:ident, $provider:ident| $body:expr) => {{
        $session.enter($call, $ticks)?;
        let $provider = &$session.provider;
        let $store = &mut $session.store;
        let _work = work_for($session.generation.digest());
        match $body {
            Ok(value) => Ok(value),
            Err(error) => Err($session.failed($call, $session.generation.host().limits().$limit, &error)),
        }
    }};
}

impl Generation {
    /// Begins a session to operate the provider with: a fresh instance with bounds of its own. It is waited for while many others
    /// are in use.
    ///
    /// # Errors
    /// When no instance can be made.
    pub fn session(self: &Arc<Self>) -> Result<Session, ProviderError> {
        self.session_for(Purpose::Control)
    }

    /// Begins a session of the reserve.
    ///
    /// # Errors
    /// As [`Generation::session`].
    pub fn session_for(self: &Arc<Self>, purpose: Purpose) -> Result<Session, ProviderError> {
        self.session_in(self.capacity().reserved(purpose)?)
    }

    /// Begins a session of the reserve in a place that was waited for.
    ///
    /// # Errors
    /// As [`Generation::session`].
    pub fn session_in(self: &Arc<Self>, place: Reserved) -> Result<Session, ProviderError> {
        Session::begin(Arc::clone(self), Place::Reserved(place))
    }

    /// Begins the session of a request, which has one at a time.
    ///
    /// # Errors
    /// When a session of this version takes more than there is room for, or no instance can be made.
    pub fn session_of(self: &Arc<Self>, permit: &Arc<Permit>) -> Result<Session, ProviderError> {
        permit.cover(self.need())?;
        Session::begin(Arc::clone(self), Place::Request(Arc::clone(permit)))
    }
}

impl Session {
    fn begin(generation: Arc<Generation>, place: Place) -> Result<Self, ProviderError> {
        let host = generation.host();
        let limits = host.limits();
        let clock = host.ticker.hold();
        let mut store = Store::new(&host.engine, Bounds::new(limits));
        store.limiter(|bounds| bounds);
        store.set_hostcall_fuel(limits.lifted_bytes);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(deadline::ticks(limits.long_call));
        if host.is_metered() {
            // An error says that steps are not counted, and they are.
            let _ = store.set_fuel(u64::MAX);
        }
        let stream_ticks = deadline::ticks(limits.stream_call);
        let _work = work_for(generation.digest());
        let provider = generation.bound().instantiate(&mut store).map_err(|error| {
            let (provider, reason) = (generation.name().to_owned(), format!("{error:#}"));
            told(&generation, ProviderError::Instantiate { provider, reason })
        })?;
        Ok(Session { generation, store, provider, turn: None, poisoned: false, stream_ticks, _clock: clock, place })
    }

    /// Gets the place of a session that failed, for which it stands in from now on.
    ///
    /// # Errors
    /// When it takes more than there is room for.
    pub fn take_place_of(&mut self, failed: &mut Session) -> Result<(), ProviderError> {
        if let Place::Request(permit) = &failed.place {
            permit.cover(self.generation.need())?;
        }
        std::mem::swap(&mut self.place, &mut failed.place);
        Ok(())
    }

    /// The generation that this session runs.
    #[must_use]
    pub fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// Lets each call from now on give back so many bytes at most, and never more than the limits allow. A call that gives back
    /// more fails before the host has made anything of it.
    pub fn give_at_most(&mut self, bytes: usize) {
        self.store.set_hostcall_fuel(bytes.min(self.generation.host().limits().lifted_bytes));
    }

    /// How many steps the instance took so far (wasmtime's fuel: about an instruction of WebAssembly each). The same calls take the same
    /// number on every machine. `None` where the host does not count them: see [`Host::metered`](super::Host::metered).
    #[must_use]
    pub fn steps(&self) -> Option<u64> {
        self.store.get_fuel().ok().map(|left| u64::MAX - left)
    }

    /// Bytes of memory that the instance has. It is the most that it needed so far: memories do not get smaller.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.store.data().held()
    }

    /// Whether no call has failed so far: after one that did the session is of no use.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.poisoned
    }

    /// `about.identify`.
    ///
    /// # Errors
    /// As every call: when the provider traps, takes too long or gives back too much.
    pub fn identify(&mut self) -> Result<Identity, ProviderError> {
        call!(self, "identify", self.long_ticks(), long_call, |store, provider| provider.identify(store))
    }

    /// `config.merge`. The inner result is the provider's own.
    ///
    /// # Errors
    /// As every call.
    pub fn merge(&mut self, layers: &[Layer]) -> Result<Result<Merged, Vec<ConfigProblem>>, ProviderError> {
        call!(self, "merge", self.long_ticks(), long_call, |store, provider| provider.merge(store, layers))
    }

    /// `models.sources`.
    ///
    /// # Errors
    /// As every call.
    pub fn sources(&mut self, settings: &Settings) -> Result<Vec<Source>, ProviderError> {
        call!(self, "sources", self.long_ticks(), long_call, |store, provider| provider.sources(store, settings))
    }

    /// `models.assemble`.
    ///
    /// # Errors
    /// As every call.
    pub fn assemble(&mut self, settings: &Settings, region: &str, pages: &[Pages]) -> Result<Catalog, ProviderError> {
        let mut catalog = call!(self, "assemble", self.long_ticks(), long_call, |store, provider| provider
            .assemble(store, settings, region, pages))?;
        clamp::catalog(&mut catalog);
        Ok(catalog)
    }

    /// `models.resolve`.
    ///
    /// # Errors
    /// As every call.
    pub fn resolve(
        &mut self,
        names: &[String],
        settings: &Settings,
        rows: &[Model],
    ) -> Result<Vec<Option<Resolution>>, ProviderError> {
        let mut resolved = call!(self, "resolve", self.long_ticks(), long_call, |store, provider| provider
            .resolve(store, names, settings, rows))?;
        // One for each name, whatever came. An id that cannot be one has no destination.
        resolved.resize(names.len(), None);
        Ok(resolved)
    }

    /// `conversation.prepare` or `conversation.count-tokens`. The inner result is the provider's own.
    ///
    /// # Errors
    /// As every call.
    pub fn prepare(
        &mut self,
        kind: RequestKind,
        settings: &RequestSettings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<Problem>>, ProviderError> {
        let mut prepared = call!(self, "prepare", self.long_ticks(), long_call, |store, provider| provider
            .prepare(store, kind, settings, region, model, context, options))?;
        clamp::prepared(&mut prepared);
        Ok(prepared)
    }

    /// [`Session::prepare`] of a small request, on a thread that other streams wait for: it has the time of a call on the path of
    /// a stream.
    ///
    /// # Errors
    /// As every call.
    pub fn prepare_in_place(
        &mut self,
        kind: RequestKind,
        settings: &RequestSettings,
        region: &str,
        model: &Model,
        context: &Context,
        options: &Options,
    ) -> Result<Result<Prepared, Vec<Problem>>, ProviderError> {
        let mut prepared = call!(self, "prepare", self.stream_ticks, stream_call, |store, provider| provider
            .prepare(store, kind, settings, region, model, context, options))?;
        clamp::prepared(&mut prepared);
        Ok(prepared)
    }

    /// Begins a turn, in place of one that is open.
    ///
    /// # Errors
    /// As every call.
    pub fn open_turn(&mut self, opening: &Opening) -> Result<(), ProviderError> {
        self.close_turn()?;
        let turn =
            call!(self, "turn", self.stream_ticks, stream_call, |store, provider| provider.open_turn(store, opening))?;
        self.turn = Some(turn);
        self.generation.faults().turn();
        Ok(())
    }

    /// `turn.push`.
    ///
    /// # Errors
    /// When no turn is open, and as every call.
    pub fn push(&mut self, batch: &Batch) -> Result<Vec<Delta>, ProviderError> {
        let turn = self.turn.ok_or_else(|| self.out_of_order("push", "a turn"))?;
        let mut deltas =
            call!(self, "push", self.stream_ticks, stream_call, |store, provider| provider.push(store, turn, batch))?;
        clamp::deltas(&mut deltas);
        Ok(deltas)
    }

    /// `turn.finish`.
    ///
    /// # Errors
    /// When no turn is open, and as every call.
    pub fn finish(&mut self, ending: &Ending) -> Result<Vec<Delta>, ProviderError> {
        let turn = self.turn.ok_or_else(|| self.out_of_order("finish", "a turn"))?;
        let mut deltas = call!(self, "finish", self.stream_ticks, stream_call, |store, provider| provider
            .finish(store, turn, ending))?;
        clamp::deltas(&mut deltas);
        Ok(deltas)
    }

    /// `conversation.explain`.
    ///
    /// # Errors
    /// As every call.
    pub fn explain(&mut self, error: &ApiError) -> Result<Failure, ProviderError> {
        let mut failure =
            call!(self, "explain", self.stream_ticks, stream_call, |store, provider| provider.explain(store, error))?;
        clamp::failure(&mut failure);
        Ok(failure)
    }

    fn long_ticks(&self) -> u64 {
        deadline::ticks(self.generation.host().limits().long_call)
    }

    /// Refuses a poisoned session, and sets the deadline: it counts from now, so each call needs its own.
    fn enter(&mut self, call: &'static str, ticks: u64) -> Result<(), ProviderError> {
        if self.poisoned {
            let provider = self.generation.name().to_owned();
            return Err(told(&self.generation, ProviderError::Poisoned { provider, call }));
        }
        self.store.set_epoch_deadline(ticks);
        self.store.data_mut().begin_call();
        Ok(())
    }

    /// Every failed call is a trap, after which the store is of no use.
    fn failed(&mut self, call: &'static str, limit: Duration, error: &wasmtime::Error) -> ProviderError {
        self.poisoned = true;
        self.generation.faults().failed();
        let provider = self.generation.name().to_owned();
        let failed = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => ProviderError::Deadline { provider, call, limit_ms: limit.as_millis() },
            _ if self.store.data().refused_memory() => {
                let (limit, reason) = (self.generation.host().limits().memory, error.root_cause().to_string());
                ProviderError::OutOfMemory { provider, call, limit, reason }
            }
            _ => {
                // The cause is what matters; where it was is for whoever wrote the provider.
                tracing::debug!(provider, call, error = %format!("{error:#}"), "a provider failed");
                ProviderError::Trap { provider, call, reason: error.root_cause().to_string() }
            }
        };
        told(&self.generation, failed)
    }

    /// The host called what needs something to be open first.
    fn out_of_order(&self, call: &'static str, missing: &'static str) -> ProviderError {
        told(&self.generation, ProviderError::OutOfOrder { call, missing })
    }

    fn close_turn(&mut self) -> Result<(), ProviderError> {
        match self.turn.take() {
            Some(turn) => self.drop_resource("turn", turn),
            None => Ok(()),
        }
    }

    fn drop_resource(&mut self, call: &'static str, resource: ResourceAny) -> Result<(), ProviderError> {
        self.enter(call, self.long_ticks())?;
        let _work = work_for(self.generation.digest());
        resource
            .resource_drop(&mut self.store)
            .map_err(|error| self.failed(call, self.generation.host().limits().long_call, &error))
    }
}

/// Tells the generation's observer of a failed call.
fn told(generation: &Generation, fault: ProviderError) -> ProviderError {
    generation.tell(&fault);
    fault
}
