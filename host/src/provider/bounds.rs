//! What a store lets its instance have.

use wasmtime::{ResourceLimiter, Result, StoreLimits, StoreLimitsBuilder};

use super::limits::Limits;

/// What a store holds: only its bounds.
#[derive(Debug)]
pub struct Bounds {
    limits: StoreLimits,
    /// Whether the call under way was refused memory.
    refused_memory: bool,
}

impl Bounds {
    pub(super) fn new(limits: &Limits) -> Self {
        let limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .memories(1)
            .tables(4)
            .table_elements(10_000)
            .instances(8)
            .build();
        Bounds { limits, refused_memory: false }
    }

    /// A call begins.
    pub(super) fn begin_call(&mut self) {
        self.refused_memory = false;
    }

    /// Whether the call under way was refused memory. A guest that is ends itself, by a trap that says nothing of memory.
    pub(super) fn refused_memory(&self) -> bool {
        self.refused_memory
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let allowed = self.limits.memory_growing(current, desired, maximum)?;
        self.refused_memory |= !allowed;
        Ok(allowed)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}
