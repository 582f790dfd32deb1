//! What a hash costs.

use std::fmt;

/// The least memory for each lane, KiB (RFC 9106 §3.1).
pub const MEMORY_KIB_PER_LANE_MIN: u32 = 8;
/// The most memory of one hash, KiB: 1 GiB.
pub const MEMORY_KIB_MAX: u32 = 1_048_576;
/// The most iterations.
pub const ITERATIONS_MAX: u32 = 20;
/// The most lanes.
pub const PARALLELISM_MAX: u32 = 16;

/// What a hash costs whoever computes it, us and whoever tries passwords against a stolen hash (RFC 9106 §3.1, §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory of one hash, KiB: [`MEMORY_KIB_PER_LANE_MIN`] for each lane to [`MEMORY_KIB_MAX`].
    pub memory_kib: u32,
    /// Passes over the memory: 1 to [`ITERATIONS_MAX`].
    pub iterations: u32,
    /// Lanes: 1 to [`PARALLELISM_MAX`]. They are computed one after the other here; an attacker may compute them at once,
    /// so more than one helps the defender only when other software checks the hashes.
    pub parallelism: u32,
}

impl Default for HashingCost {
    /// 19 MiB, two passes, one lane: the smallest cost that OWASP's guide on storing passwords recommends for Argon2id.
    fn default() -> Self {
        HashingCost {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
        }
    }
}

impl HashingCost {
    /// Whether every part is within its limits.
    ///
    /// # Errors
    /// [`HashingCostError`] with all that are not.
    pub fn check(&self) -> Result<(), HashingCostError> {
        let memory_kib_min =
            MEMORY_KIB_PER_LANE_MIN.saturating_mul(self.parallelism.clamp(1, PARALLELISM_MAX));
        let mut faults = Vec::new();
        if !(memory_kib_min..=MEMORY_KIB_MAX).contains(&self.memory_kib) {
            faults.push(CostFault::Memory {
                memory_kib: self.memory_kib,
                memory_kib_min,
            });
        }
        if !(1..=ITERATIONS_MAX).contains(&self.iterations) {
            faults.push(CostFault::Iterations(self.iterations));
        }
        if !(1..=PARALLELISM_MAX).contains(&self.parallelism) {
            faults.push(CostFault::Parallelism(self.parallelism));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(HashingCostError { faults })
        }
    }
}

/// A part of a cost outside of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CostFault {
    /// The memory.
    #[error("memory_kib is {memory_kib}, but must be {memory_kib_min} to {MEMORY_KIB_MAX}")]
    Memory {
        /// What was asked for.
        memory_kib: u32,
        /// The least for as many lanes.
        memory_kib_min: u32,
    },
    /// The iterations.
    #[error("iterations is {0}, but must be 1 to {ITERATIONS_MAX}")]
    Iterations(u32),
    /// The lanes.
    #[error("parallelism is {0}, but must be 1 to {PARALLELISM_MAX}")]
    Parallelism(u32),
}

/// A cost is outside of its limits. Its text names every fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashingCostError {
    /// All that is wrong, never empty.
    pub faults: Vec<CostFault>,
}

impl fmt::Display for HashingCostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for HashingCostError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(memory_kib: u32, iterations: u32, parallelism: u32) -> Vec<CostFault> {
        let cost = HashingCost {
            memory_kib,
            iterations,
            parallelism,
        };
        cost.check().map_or_else(|error| error.faults, |()| Vec::new())
    }

    #[test]
    fn every_fault_of_a_cost_is_named() {
        let cost = HashingCost {
            memory_kib: 7,
            iterations: 0,
            parallelism: 17,
        };
        assert_eq!(
            cost.check().unwrap_err().to_string(),
            "memory_kib is 7, but must be 128 to 1048576; iterations is 0, but must be 1 to 20; \
             parallelism is 17, but must be 1 to 16"
        );
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        assert_eq!(faults(8, 1, 1), []);
        assert_eq!(faults(128, 20, 16), []);
        assert_eq!(faults(1_048_576, 1, 1), []);
        assert_eq!(HashingCost::default().check(), Ok(()));
    }

    #[test]
    fn more_lanes_need_more_memory() {
        let fault = |memory_kib, memory_kib_min| CostFault::Memory {
            memory_kib,
            memory_kib_min,
        };
        assert_eq!(faults(7, 1, 1), [fault(7, 8)]);
        assert_eq!(faults(31, 1, 4), [fault(31, 32)]);
        assert_eq!(faults(1_048_577, 1, 1), [fault(1_048_577, 8)]);
        assert_eq!(
            faults(0, 21, 0),
            [fault(0, 8), CostFault::Iterations(21), CostFault::Parallelism(0)]
        );
        assert_eq!(
            faults(0, 1, u32::MAX),
            [fault(0, 128), CostFault::Parallelism(u32::MAX)]
        );
    }
}
