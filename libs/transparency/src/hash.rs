//! The hashes of the tree (RFC 6962 §2.1).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// What a leaf's input starts with, so that no leaf can pass for a node (RFC 6962 §2.1).
const LEAF_PREFIX: [u8; 1] = [0];
/// What a node's input starts with.
const NODE_PREFIX: [u8; 1] = [1];

/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A SHA-256 hash of the tree: of a leaf, of a subtree, or a root. Its text is standard base64 with padding, 44
/// characters, as C2SP writes hashes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashTextError {
    /// It is not standard base64 with padding.
    #[error("a hash is standard base64 with padding")]
    Base64(#[source] base64::DecodeError),
    /// It has another length.
    #[error("a hash has 32 bytes, not {0}")]
    Length(usize),
}

impl Hash {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// The hashes that lie one after the other in `bytes`, as in a tile or a level file; `None` when their length is no
    /// multiple of 32.
    #[must_use]
    pub fn list(bytes: &[u8]) -> Option<Vec<Hash>> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        rest.is_empty()
            .then(|| hashes.iter().copied().map(Hash).collect())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashTextError;

    fn from_str(text: &str) -> Result<Hash, HashTextError> {
        let bytes = STANDARD.decode(text).map_err(HashTextError::Base64)?;
        <[u8; HASH_BYTES]>::try_from(bytes)
            .map(Hash)
            .map_err(|bytes| HashTextError::Length(bytes.len()))
    }
}

/// The hash of a leaf: SHA-256 of `0x00` and the stored bytes of the event.
#[must_use]
pub fn leaf_hash(stored: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update(LEAF_PREFIX)
            .chain_update(stored)
            .finalize()
            .into(),
    )
}

/// The hash of a node: SHA-256 of `0x01` and the hashes of its two subtrees.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update(NODE_PREFIX)
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}
