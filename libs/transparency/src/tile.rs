//! Names and contents of tiles (C2SP tlog-tiles).

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::hash::HASH_BYTES;
use crate::level::{TILE_WIDTH, level_length};

/// The highest index of a tile whose name is read: far beyond any log, and low enough that no product overflows.
pub const TILE_INDEX_MAX: u64 = 1 << 48;

/// The highest level that a name may give (C2SP tlog-tiles). Trees have levels up to [`crate::LEVEL_MAX`].
const NAMED_LEVEL_MAX: u8 = 63;

/// Bytes of an entry in a bundle, at most: its length is written in two bytes.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of a level.
    Hashes {
        /// The level, 0 for those of leaves.
        level: u8,
    },
    /// The entries themselves, that is the stored bytes of events.
    Entries,
}

/// The name of a tile: `tile/<level>/<index>` or `tile/entries/<index>`, with `.p/<width>` behind it when the tile is
/// partial. The index is written in groups of three digits, each but the last with an `x` before it: `x001/x234/067`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// Why a text does not name a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TilePathError {
    /// It does not start with `tile/<level>/` or `tile/entries/`, with a level from 0 to 63.
    #[error("a tile is named tile/<level>/<index> or tile/entries/<index>")]
    Kind,
    /// The index is not written in groups of three digits, or is above [`TILE_INDEX_MAX`].
    #[error("the index of a tile is written like x001/x234/067, not {0:?}")]
    Index(String),
    /// The width of a partial tile is not from 1 to 255, or has leading zeros.
    #[error("the width of a partial tile is from 1 to 255, not {0:?}")]
    Width(String),
}

impl TilePath {
    /// The name of tile `index` of a tree of `size` leaves, full or partial; `None` when the tree has no such tile.
    #[must_use]
    pub fn in_tree(kind: TileKind, index: u64, size: u64) -> Option<TilePath> {
        if index > TILE_INDEX_MAX {
            return None;
        }
        let left = level_length(level_of(kind), size).checked_sub(index * TILE_WIDTH)?;
        let width = u16::try_from(left.min(TILE_WIDTH))
            .ok()
            .filter(|width| *width > 0)?;
        Some(TilePath { kind, index, width })
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Hashes or entries in it: 1 to 256, 256 in a full one.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Which hashes of the level, or which leaves, it holds.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        let start = self.index * TILE_WIDTH;
        start..start + u64::from(self.width)
    }

    /// Where its bytes lie in the file of its level, when it holds hashes.
    #[must_use]
    pub fn bytes_in_level_file(&self) -> Range<u64> {
        let range = self.range();
        range.start * HASH_BYTES as u64..range.end * HASH_BYTES as u64
    }

    /// Whether a tree of `size` leaves has all that it holds.
    #[must_use]
    pub fn is_in_tree(&self, size: u64) -> bool {
        self.range().end <= level_length(level_of(self.kind), size)
    }
}

fn level_of(kind: TileKind) -> u8 {
    match kind {
        TileKind::Hashes { level } => level,
        TileKind::Entries => 0,
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let groups = self.index.checked_ilog(1000).unwrap_or(0);
        for group in (1..=groups).rev() {
            write!(f, "x{:03}/", self.index / 1000_u64.pow(group) % 1000)?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if u64::from(self.width) < TILE_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<TilePath, TilePathError> {
        let Some((kind, rest)) = text.strip_prefix("tile/").and_then(|rest| rest.split_once('/')) else {
            return Err(TilePathError::Kind);
        };
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes {
                level: canonical(level)
                    .filter(|level| *level <= NAMED_LEVEL_MAX)
                    .ok_or(TilePathError::Kind)?,
            },
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                let number: Option<u8> = canonical(width).filter(|width| *width > 0);
                (
                    index,
                    u16::from(number.ok_or_else(|| TilePathError::Width(width.to_owned()))?),
                )
            }
            None => (rest, TILE_WIDTH as u16),
        };
        let number = index_of(index).filter(|number| *number <= TILE_INDEX_MAX);
        let index = number.ok_or_else(|| TilePathError::Index(index.to_owned()))?;
        Ok(TilePath { kind, index, width })
    }
}

/// A number of at most 255 in decimal digits without leading zeros.
fn canonical(text: &str) -> Option<u8> {
    let number: u8 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn index_of(text: &str) -> Option<u64> {
    let mut groups = text.split('/').rev();
    let last = group_of(groups.next()?)?;
    let mut index = last;
    let mut unit: u64 = 1;
    let mut first = None;
    for group in groups {
        let group = group_of(group.strip_prefix('x')?)?;
        unit = unit.checked_mul(1000)?;
        index = index.checked_add(group.checked_mul(unit)?)?;
        first = Some(group);
    }
    // One index has one name: no group of zeros before the first that says something.
    (first != Some(0)).then_some(index)
}

fn group_of(text: &str) -> Option<u64> {
    let is_group = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_group { text.parse().ok() } else { None }
}

/// An entry is longer than a bundle can say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an entry of {bytes} bytes is longer than {ENTRY_BYTES_MAX}")]
pub struct EntryTooLong {
    /// Bytes of the entry.
    pub bytes: usize,
}

/// Why bytes are not a bundle of entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It ends within the length of an entry, or within the entry.
    #[error("the bundle ends within entry {0}")]
    Truncated(usize),
}

/// An entry bundle: each entry with its length before it, in two bytes, the higher one first.
///
/// # Errors
///
/// [`EntryTooLong`].
pub fn encode_entries<'e>(entries: impl IntoIterator<Item = &'e [u8]>) -> Result<Vec<u8>, EntryTooLong> {
    let mut bundle = Vec::new();
    for entry in entries {
        let Ok(length) = u16::try_from(entry.len()) else {
            return Err(EntryTooLong { bytes: entry.len() });
        };
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// The entries of a bundle.
///
/// # Errors
///
/// [`BundleError`].
pub fn decode_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let entry = rest
            .split_first_chunk::<2>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, after)) = entry else {
            return Err(BundleError::Truncated(entries.len()));
        };
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}
