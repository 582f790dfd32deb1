//! The memory: an append-only event log on sled with group commit, expected versions and idempotency.
