//! Numbers that look random and are the same each time, so that a failure comes again.

/// xorshift64*.
pub(super) struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    pub(super) fn new(seed: usize) -> Self {
        // Any odd constant will do: the state must not be zero.
        Numbers((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below the bound; 0 where the bound is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        if bound == 0 { 0 } else { number as usize % bound }
    }

    /// Sorted places to cut something of this length at.
    pub(super) fn cuts(&mut self, length: usize) -> Vec<usize> {
        let mut cuts: Vec<usize> = (0..self.below(12)).map(|_| self.below(length + 1)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }
}
