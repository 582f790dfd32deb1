//! Making sled keep to its cache.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a block for which sled is told of one access. sled 0.34 looks at the size of its cache only when 64 accesses have come
/// together in one of its 256 shards, and knows a leaf, which here has hundreds of kilobytes, by one access: read once from end to end,
/// a log of a million events stayed in memory as a whole. With this the pages of a shard that are not counted yet come to 256 KiB.
const ACCESS_BYTES: usize = 4096;

/// Blocks remembered, about as many as leaves fit the cache.
const SLOTS: usize = 256;

/// Which blocks were counted not long ago, so that what is read again and again from memory costs nothing more.
#[derive(Debug)]
pub(crate) struct Counted {
    keys: [AtomicU64; SLOTS],
}

impl Counted {
    pub(crate) fn new() -> Counted {
        Counted {
            keys: [const { AtomicU64::new(0) }; SLOTS],
        }
    }

    /// How many accesses to make for a block of this key and size.
    pub(crate) fn accesses(&self, key: u64, bytes: usize) -> usize {
        let slot = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        let slot = &self.keys[usize::try_from(slot).unwrap_or(0) % SLOTS];
        if slot.load(Ordering::Relaxed) == key {
            return 0;
        }
        slot.store(key, Ordering::Relaxed);
        bytes / ACCESS_BYTES
    }
}
