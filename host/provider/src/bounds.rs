//! The resource limits of a store.

use wasmtime::{ResourceLimiter, Result, StoreLimits, StoreLimitsBuilder};

use super::limits::Limits;

/// Memories, tables and instances of core modules of a component. A provider in Rust is one module with one memory; toolchains of
/// other languages link several (QuickJS for components: 13 modules, 3 memories). The bytes are bounded over all of them.
pub(super) const MEMORIES: u32 = 4;
pub(super) const TABLES: u32 = 4;
pub(super) const INSTANCES: u32 = 16;

/// Elements of one table.
pub(super) const TABLE_ELEMENTS: usize = 10_000;

/// The data of a store: its limits.
#[derive(Debug)]
pub struct Bounds {
    limits: StoreLimits,
    /// The limit of all memories together, in bytes.
    memory: usize,
    /// The size of all memories together, in bytes.
    held: usize,
    /// Whether the call under way was denied memory.
    refused_memory: bool,
}

impl Bounds {
    pub(super) fn new(limits: &Limits) -> Self {
        let memory = limits.memory;
        let limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .memories(MEMORIES as usize)
            .tables(TABLES as usize)
            .table_elements(TABLE_ELEMENTS)
            .instances(INSTANCES as usize)
            .build();
        Bounds { limits, memory, held: 0, refused_memory: false }
    }

    /// Marks the start of a call.
    pub(super) fn begin_call(&mut self) {
        self.refused_memory = false;
    }

    /// The size of all memories together, in bytes. Memories never shrink, so it is the peak of all calls.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether the call under way was denied memory. The guest then traps, and the trap does not mention memory.
    pub(super) fn refused_memory(&self) -> bool {
        self.refused_memory
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let held = self.held.saturating_sub(current).saturating_add(desired);
        let allowed = held <= self.memory && self.limits.memory_growing(current, desired, maximum)?;
        if allowed {
            self.held = held;
        }
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

#[cfg(test)]
mod tests {
    use wasmtime::ResourceLimiter as _;

    use super::Bounds;
    use crate::Limits;

    #[test]
    fn the_bytes_of_all_memories_are_bounded_together() {
        let mut bounds = Bounds::new(&Limits { memory: 100, ..Limits::default() });
        let mut grows = |current, desired| bounds.memory_growing(current, desired, None).expect("no error");
        assert!(grows(0, 40) && grows(0, 40), "two memories");
        assert!(grows(40, 60), "the first grows");
        assert!(!grows(40, 60), "the second would be the 120th byte");
        assert!(grows(40, 40) && !grows(0, 1), "nothing is left");
        assert!(bounds.refused_memory());
    }
}
