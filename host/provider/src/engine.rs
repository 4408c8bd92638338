//! The engine: one per process, with every feature off that a provider does not need.

use std::fmt;
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::contract::Contracts;
use super::deadline::Ticker;
use super::error::LoadError;
use super::limits::Limits;
use super::{aot, bounds};
use crate::capacity::{Capacity, RESERVED_SESSIONS};

/// Memories in the pool for requests. Each reserves address space (about 4 GiB), not memory.
const REQUEST_MEMORIES: u32 = 4096;

/// The reserved sessions of the pool, for components of any kind.
#[expect(clippy::cast_possible_truncation, reason = "it is some dozens")]
const RESERVED: u32 = RESERVED_SESSIONS as u32;

/// All memories in the pool.
const POOLED_MEMORIES: u32 = REQUEST_MEMORIES + RESERVED * bounds::MEMORIES;

/// Address space that a memory reserves, and its guard.
const RESERVED_BYTES: u64 = (4 << 30) + (64 << 20);

/// Bytes of stack that a guest may use.
const STACK: usize = 512 << 10;

/// Bytes of a session's memory that stay resident for the next session, reset to what they were at first. A usual request and its answer
/// write to less. Without that, each session pays for a page fault a page, and for a call that takes the pages away.
///
/// Only where the kernel can tell which pages were written (Linux 6.7). Else the lowest ones would be reset, which is the guest's stack, of
/// which a session writes to one page: that took more memory and more time.
const KEPT_RESIDENT: usize = 128 << 10;

/// Opens this process's page map, and says whether the kernel can scan it. A process that is closed to others (not dumpable) cannot open
/// it any more unless it is root's, so such a process has to do this before.
pub fn open_page_map() -> bool {
    PoolingAllocationConfig::is_pagemap_scan_available()
}

/// What providers run in: an engine, its epoch clock and the limits of a session.
pub struct Host {
    pub(super) engine: Engine,
    pub(super) ticker: Ticker,
    pub(super) limits: Limits,
    pub(super) contracts: Contracts,
    pub(super) capacity: Arc<Capacity>,
    pooled: bool,
    metered: bool,
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Host")
            .field("limits", &self.limits)
            .field("contracts", &self.contracts)
            .field("pooled", &self.pooled)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Makes the engine. Where address space is too small for the pool (containers, `ulimit -v`), instances are made on
    /// demand: slower to begin a stream, otherwise the same.
    ///
    /// # Errors
    /// When this machine cannot run WebAssembly at all.
    pub fn new(limits: Limits) -> Result<Self, LoadError> {
        Host::serving(limits, Contracts::of_this_host())
    }

    /// As [`Host::new`], for these versions of the contract.
    ///
    /// # Errors
    /// As [`Host::new`].
    pub fn serving(limits: Limits, contracts: Contracts) -> Result<Self, LoadError> {
        let (engine, pooled) = match Engine::new(&config(Some(&limits))) {
            Ok(engine) => (engine, true),
            Err(error) => {
                tracing::debug!(%error, "the address space does not fit the instance pool; instances are created on demand");
                (Engine::new(&config(None)).map_err(|error| broken(format!("{error:#}")))?, false)
            }
        };
        Host::with(engine, limits, contracts, pooled, false)
    }

    /// Makes one that has no pool, for a process that compiles and runs nothing: the pool's tables count as its data, of which it may
    /// have little. Its compiled code is that of [`Host::new`].
    ///
    /// # Errors
    /// As [`Host::new`].
    pub fn compiling(limits: Limits) -> Result<Self, LoadError> {
        let engine = Engine::new(&config(None)).map_err(|error| broken(format!("{error:#}")))?;
        Host::with(engine, limits, Contracts::of_this_host(), false, false)
    }

    /// Makes one that counts the steps of its providers ([`Session::steps`](super::Session::steps)), for checks of what a call costs. Its
    /// compiled code is not that of [`Host::new`], and some tenths slower. It has no pool.
    ///
    /// # Errors
    /// As [`Host::new`].
    pub fn metered(limits: Limits) -> Result<Self, LoadError> {
        let mut config = config(None);
        config.consume_fuel(true);
        let engine = Engine::new(&config).map_err(|error| broken(format!("{error:#}")))?;
        Host::with(engine, limits, Contracts::of_this_host(), false, true)
    }

    fn with(
        engine: Engine,
        limits: Limits,
        contracts: Contracts,
        pooled: bool,
        metered: bool,
    ) -> Result<Self, LoadError> {
        let ticker = Ticker::start(&engine).map_err(|error| broken(format!("starting the epoch thread: {error}")))?;
        let memories = if pooled { REQUEST_MEMORIES } else { memories_on_demand() };
        let capacity = Capacity::new(memories as usize);
        Ok(Host { engine, ticker, limits, contracts, capacity, pooled, metered })
    }

    /// Whether instances come from the pool.
    #[must_use]
    pub fn pooled(&self) -> bool {
        self.pooled
    }

    /// Whether it counts steps.
    pub(super) fn is_metered(&self) -> bool {
        self.metered
    }

    /// The compatibility hash of the compiled code: versions, settings and features of the machine.
    #[must_use]
    pub fn engine_hash(&self) -> String {
        aot::engine_hash(&self.engine)
    }

    /// The versions of the contract that it supports.
    #[must_use]
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The capacity: how many requests fit, and the reserved sessions.
    #[must_use]
    pub fn capacity(&self) -> &Arc<Capacity> {
        &self.capacity
    }

    /// The limits of a session.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

fn broken(reason: String) -> LoadError {
    LoadError::Engine { reason }
}

/// Memories for requests where there is no pool: as many as the address space that the process may have has room for beside the
/// reserve.
fn memories_on_demand() -> u32 {
    let Some(bytes) = getrlimit(Resource::As).current else { return REQUEST_MEMORIES };
    let memories = u32::try_from(bytes / RESERVED_BYTES).unwrap_or(u32::MAX);
    memories.saturating_sub(RESERVED).clamp(1, REQUEST_MEMORIES)
}

/// The configuration, with the pool where there are limits to size it by.
fn config(pool: Option<&Limits>) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Calls are plain synchronous calls: no fibres, no task tables.
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        // The same deltas on every machine.
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(STACK)
        .memory_init_cow(true);
    if let Some(limits) = pool {
        let can_scan = open_page_map();
        let mut pooling = PoolingAllocationConfig::default();
        pooling
            .total_component_instances(POOLED_MEMORIES)
            // A session takes as many as its component has. They cost no address space to speak of, so memories are what is scarce:
            // `capacity` counts them alone.
            .total_core_instances(POOLED_MEMORIES * bounds::INSTANCES)
            .total_memories(POOLED_MEMORIES)
            .total_tables(POOLED_MEMORIES * bounds::TABLES)
            .max_memory_size(limits.memory)
            .max_memories_per_component(bounds::MEMORIES)
            .max_core_instances_per_component(bounds::INSTANCES)
            .max_tables_per_component(bounds::TABLES)
            .table_elements(bounds::TABLE_ELEMENTS)
            .linear_memory_keep_resident(if can_scan { KEPT_RESIDENT } else { 0 })
            .pagemap_scan(if can_scan { Enabled::Yes } else { Enabled::No })
            .table_keep_resident(16 << 10);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling));
    }
    config
}
