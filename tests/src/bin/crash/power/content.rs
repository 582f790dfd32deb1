//! What a file holds on the disk: what a sync has covered, and the changes since then, of which any may be there.

use std::collections::{BTreeMap, btree_map::Entry};

use guichet_tests::chance::Chance;

/// What a disk writes whole or not at all, bytes.
const SECTOR_BYTES: usize = 512;

#[derive(Debug, Clone)]
enum Change {
    Written { at: usize, data: Vec<u8> },
    Resized { bytes: usize },
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Written { at, data } => {
                let end = at + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(data);
            }
            Change::Resized { bytes } => content.resize(*bytes, 0),
        }
    }
}

/// The content of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    /// What the last sync covered.
    synced: Vec<u8>,
    /// What came after it.
    unsynced: Vec<Change>,
    /// How many changes were ever covered.
    covered: usize,
    /// How many bytes the file has, as the program sees it.
    bytes: usize,
}

impl Content {
    /// A file that lies on the disk as it is.
    pub(crate) fn of(synced: Vec<u8>) -> Content {
        Content {
            bytes: synced.len(),
            synced,
            ..Content::default()
        }
    }

    pub(crate) fn write(&mut self, at: usize, data: Vec<u8>) {
        self.bytes = self.bytes.max(at + data.len());
        self.unsynced.push(Change::Written { at, data });
    }

    pub(crate) fn resize(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.unsynced.push(Change::Resized { bytes });
    }

    pub(crate) fn grow(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.resize(bytes);
        }
    }

    /// How many changes there were so far: what a sync that begins now will cover.
    pub(crate) fn changes(&self) -> usize {
        self.covered + self.unsynced.len()
    }

    /// A sync that began after so many changes is done.
    pub(crate) fn cover(&mut self, changes: usize) {
        // One that began earlier and ends later has nothing left to do.
        let more = changes.saturating_sub(self.covered);
        for change in self.unsynced.drain(..more) {
            change.apply(&mut self.synced);
        }
        self.covered += more;
    }

    /// Nothing of what no sync has covered.
    pub(crate) fn at_worst(&self) -> Vec<u8> {
        self.synced.clone()
    }

    /// All of it: what the kernel has.
    pub(crate) fn at_best(&self) -> Vec<u8> {
        self.after(self.unsynced.len())
    }

    fn after(&self, changes: usize) -> Vec<u8> {
        let mut content = self.synced.clone();
        self.unsynced[..changes]
            .iter()
            .for_each(|change| change.apply(&mut content));
        content
    }

    /// What may be there: now nothing of it, now all, now the first changes, and half of the times a choice for each sector.
    pub(crate) fn torn(&self, chance: &mut Chance) -> Vec<u8> {
        match chance.below(8) {
            0 => self.at_worst(),
            1 => self.at_best(),
            2 | 3 => self.after(self.some(chance)),
            _ => self.torn_by_sector(chance),
        }
    }

    fn some(&self, chance: &mut Chance) -> usize {
        chance.below(self.unsynced.len() as u64 + 1) as usize
    }

    /// The kernel may write a page out at any time, and the disk its sectors in any order, so each sector is as it was
    /// after some of the changes. A sector never has a later change without the earlier ones: they share one page.
    fn torn_by_sector(&self, chance: &mut Chance) -> Vec<u8> {
        let bytes = self.after(self.some(chance)).len();
        let mut seen = BTreeMap::new();
        let mut content = self.synced.clone();
        for (index, change) in self.unsynced.iter().enumerate() {
            let (range, data) = match change {
                Change::Written { at, data } => (*at..at + data.len(), Some(data)),
                // What is cut off reads as zeros when the file grows again.
                Change::Resized { bytes } => (*bytes..content.len(), None),
            };
            if content.len() < range.end {
                content.resize(range.end, 0);
            }
            let mut from = range.start;
            while from < range.end {
                let sector = from / SECTOR_BYTES;
                let to = range.end.min((sector + 1) * SECTOR_BYTES);
                let reached = match seen.entry(sector) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => *new.insert(match chance.below(3) {
                        0 => 0,
                        1 => self.unsynced.len(),
                        _ => self.some(chance),
                    }),
                };
                if index < reached {
                    match data {
                        Some(data) => {
                            content[from..to].copy_from_slice(&data[from - range.start..to - range.start])
                        }
                        None => content[from..to].fill(0),
                    }
                }
                from = to;
            }
        }
        content.resize(bytes, 0);
        content
    }
}
