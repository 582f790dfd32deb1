//! Proof: that the log of today is the log of yesterday and something after it, and that an event stands in it.
//!
//! A Merkle tree (RFC 6962 §2.1) over the stored bytes of the events, in log order, gives the whole log one hash, its
//! root. A checkpoint says "a log of this size has this root" and is signed. Who keeps one checkpoint can later be shown
//! by a few hashes that nothing before it was changed, removed or put in between (design §2; `docs/audit-format.md` is
//! the whole specification, from which `tests/python/verify_export.py` is written).
//!
//! Everything here is pure: no file, clock, randomness or `async`. Where hashes lie is the caller's matter; it hands in
//! a function that reads them.
//!
//! # Levels
//!
//! Level `L` is the list of the hashes of every complete subtree of 256^`L` leaves, from left to right: level 0 is the
//! leaf hashes, level 1 has one hash for each 256 of them. A level only ever grows at its end, so it is kept as a file
//! of 32 bytes per hash, and tile `N` of C2SP tlog-tiles is its bytes from `N` · 8,192. [`Frontier`] says what to append
//! to which level when a leaf is added; [`root_at`], [`prove_inclusion`] and [`prove_consistency`] read from the levels
//! what they need, tile by tile: at most two tiles of each level.
//!
//! # Why nothing of this is borrowed
//!
//! `tlog_tiles` numbers stored hashes in one interleaved sequence, where level files are what a growing log can append
//! to and serve as they lie, and with `signed_note` it brings older copies of the digest and base64 crates; RFC 6962 and
//! the signed note are a few pages, and their published vectors are in the tests.

mod checkpoint;
mod endorsement;
mod frontier;
mod hash;
mod key;
mod level;
mod memory_tree;
mod note;
mod origin;
mod prove;
mod tile;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointTextError, OpenCheckpointError, OpenedCheckpoint};
pub use endorsement::{EndorsementError, endorse, verify_endorsement};
pub use frontier::Frontier;
pub use hash::{EMPTY_ROOT, HASH_BYTES, Hash, HashTextError, leaf_hash, node_hash};
pub use key::{SigningKey, VerifierKey, VerifierKeyError};
pub use level::{LEVEL_MAX, ReadLevelError, TILE_WIDTH};
pub use memory_tree::MemoryTree;
pub use note::{
    CountersignError, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteTextError, OpenNoteError, OpenedNote,
    countersign, open_note, sign_note,
};
pub use origin::{ORIGIN_BYTES_MAX, Origin, OriginError};
pub use prove::{ProveConsistencyError, ProveInclusionError, prove_consistency, prove_inclusion, root_at};
pub use tile::{
    BundleError, ENTRY_BYTES_MAX, EntryTooLong, TILE_INDEX_MAX, TileKind, TilePath, TilePathError,
    decode_entries, encode_entries,
};
pub use verify::{VerifyConsistencyError, VerifyInclusionError, verify_consistency, verify_inclusion};
