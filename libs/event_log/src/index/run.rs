//! A sorted, immutable file of entries.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::bloom::Bloom;
use crate::key::{Key, Value};

/// Bytes of an entry: the key (16, big-endian) and two numbers (8 each, little-endian).
const ENTRY_BYTES: usize = 32;
const PAGE_BYTES: usize = 4096;
const PAGE_ENTRIES: usize = (PAGE_BYTES - ENTRY_BYTES) / ENTRY_BYTES;
const COUNT_AT: usize = PAGE_ENTRIES * ENTRY_BYTES;
const CHECKSUM_AT: usize = PAGE_BYTES - 4;
const FOOTER_BYTES: usize = 32;
const MAGIC: [u8; 4] = *b"GRN\x01";

/// Bytes after which a run being written is synced, so that no large burst holds up the log's own sync.
const SYNC_BYTES: usize = 4 * 1024 * 1024;

fn damaged(path: &Path, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
}

/// A run on disk: pages of 4 KiB with up to 127 entries, their number and a CRC-32C each; then the first key of every page and a
/// Bloom filter, which are kept in memory; then a footer with the CRC-32C of all that is not pages.
///
/// Footer (little-endian): `GRN` and the number of the format, 1; CRC-32C of what lies between pages and footer and of the rest of
/// the footer; entries (8); pages (8); words of the filter (8).
#[derive(Debug)]
pub(super) struct Run {
    path: PathBuf,
    file: File,
    fences: Vec<Key>,
    bloom: Bloom,
    entries: u64,
}

type Page = [u8; PAGE_BYTES];

fn entry(page: &Page, index: usize) -> (Key, Value) {
    let at = index * ENTRY_BYTES;
    let number = |from: usize| u64::from_le_bytes(std::array::from_fn(|byte| page[at + from + byte]));
    (
        Key::from_be_bytes(std::array::from_fn(|byte| page[at + byte])),
        (number(16), number(24)),
    )
}

fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

impl Run {
    pub(super) fn open(path: PathBuf) -> io::Result<Run> {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        let footer_at = length
            .checked_sub(FOOTER_BYTES as u64)
            .ok_or_else(|| damaged(&path, "cut off"))?;
        let mut footer = [0; FOOTER_BYTES];
        file.read_exact_at(&mut footer, footer_at)?;
        let (entries, pages, words) = (word(&footer[8..16]), word(&footer[16..24]), word(&footer[24..32]));
        let pages_bytes = pages.checked_mul(PAGE_BYTES as u64);
        let kept_bytes = pages
            .checked_mul(16)
            .zip(words.checked_mul(8))
            .and_then(|(a, b)| a.checked_add(b));
        let (Some(pages_bytes), Some(kept_bytes)) = (pages_bytes, kept_bytes) else {
            return Err(damaged(&path, "its footer is wrong"));
        };
        if footer[..4] != MAGIC || pages_bytes.checked_add(kept_bytes) != Some(footer_at) || words == 0 {
            return Err(damaged(&path, "its footer is wrong"));
        }
        let mut kept = vec![0; usize::try_from(kept_bytes).map_err(io::Error::other)?];
        file.read_exact_at(&mut kept, pages_bytes)?;
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&kept), &footer[8..]);
        if u64::from(checksum) != word(&footer[4..8]) {
            return Err(damaged(&path, "its checksum does not match"));
        }
        let (fences, bloom) = kept.split_at(usize::try_from(pages * 16).map_err(io::Error::other)?);
        let fences = fences
            .chunks_exact(16)
            .map(|key| Key::from_be_bytes(std::array::from_fn(|byte| key[byte])));
        Ok(Run {
            fences: fences.collect(),
            bloom: Bloom::from_words(bloom.chunks_exact(8).map(word).collect()),
            path,
            file,
            entries,
        })
    }

    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    pub(super) fn get(&self, key: Key) -> io::Result<Option<Value>> {
        if !self.bloom.may_hold(key) {
            return Ok(None);
        }
        let Some(page) = self.fences.partition_point(|fence| *fence <= key).checked_sub(1) else {
            return Ok(None);
        };
        let (page, count) = self.page(page)?;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            let (found, value) = entry(&page, middle);
            match found.cmp(&key) {
                std::cmp::Ordering::Equal => return Ok(Some(value)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    fn page(&self, number: usize) -> io::Result<(Page, usize)> {
        let mut page = [0; PAGE_BYTES];
        self.file.read_exact_at(&mut page, (number * PAGE_BYTES) as u64)?;
        let checksum = u64::from(crc32c::crc32c(&page[..CHECKSUM_AT]));
        let count = word(&page[COUNT_AT..COUNT_AT + 4]) as usize;
        if checksum != word(&page[CHECKSUM_AT..]) || count == 0 || count > PAGE_ENTRIES {
            return Err(damaged(
                &self.path,
                &format!("page {number} is not what was written"),
            ));
        }
        Ok((page, count))
    }
}

/// Goes through a run in order of its keys.
#[derive(Debug)]
pub(super) struct Scan {
    run: std::sync::Arc<Run>,
    next_page: usize,
    page: Box<(Page, usize)>,
    next_entry: usize,
}

impl Scan {
    pub(super) fn new(run: std::sync::Arc<Run>) -> Scan {
        Scan {
            run,
            next_page: 0,
            page: Box::new(([0; PAGE_BYTES], 0)),
            next_entry: 0,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<(Key, Value)>> {
        if self.next_entry == self.page.1 {
            if self.next_page == self.run.fences.len() {
                return Ok(None);
            }
            *self.page = self.run.page(self.next_page)?;
            self.next_page += 1;
            self.next_entry = 0;
        }
        self.next_entry += 1;
        Ok(Some(entry(&self.page.0, self.next_entry - 1)))
    }
}

/// Writes a run, entry by entry, in order of their keys.
#[derive(Debug)]
pub(super) struct RunWriter {
    path: PathBuf,
    out: BufWriter<File>,
    unsynced_bytes: usize,
    page: Vec<u8>,
    fences: Vec<Key>,
    bloom: Bloom,
    entries: u64,
}

impl RunWriter {
    pub(super) fn create(path: PathBuf, entries_max: u64) -> io::Result<RunWriter> {
        Ok(RunWriter {
            out: BufWriter::with_capacity(64 * 1024, File::create(&path)?),
            path,
            unsynced_bytes: 0,
            page: Vec::with_capacity(PAGE_BYTES),
            fences: Vec::new(),
            bloom: Bloom::for_keys(entries_max),
            entries: 0,
        })
    }

    pub(super) fn push(&mut self, key: Key, value: Value) -> io::Result<()> {
        if self.page.is_empty() {
            self.fences.push(key);
        }
        self.page.extend_from_slice(&key.to_be_bytes());
        self.page.extend_from_slice(&value.0.to_le_bytes());
        self.page.extend_from_slice(&value.1.to_le_bytes());
        self.bloom.insert(key);
        self.entries += 1;
        if self.page.len() == COUNT_AT {
            self.end_page()
        } else {
            Ok(())
        }
    }

    fn end_page(&mut self) -> io::Result<()> {
        let count = (self.page.len() / ENTRY_BYTES) as u32;
        self.page.resize(COUNT_AT, 0);
        self.page.extend_from_slice(&count.to_le_bytes());
        self.page.resize(CHECKSUM_AT, 0);
        let checksum = crc32c::crc32c(&self.page);
        self.page.extend_from_slice(&checksum.to_le_bytes());
        self.out.write_all(&self.page)?;
        self.page.clear();
        self.unsynced_bytes += PAGE_BYTES;
        if self.unsynced_bytes >= SYNC_BYTES {
            self.out.flush()?;
            self.out.get_ref().sync_data()?;
            self.unsynced_bytes = 0;
        }
        Ok(())
    }

    /// Completes the file and returns when the disk has it. Its name is durable once the directory is synced.
    pub(super) fn finish(mut self) -> io::Result<Run> {
        if !self.page.is_empty() {
            self.end_page()?;
        }
        let mut kept = Vec::with_capacity(self.fences.len() * 16 + self.bloom.words().len() * 8);
        self.fences
            .iter()
            .for_each(|fence| kept.extend_from_slice(&fence.to_be_bytes()));
        self.bloom
            .words()
            .iter()
            .for_each(|word| kept.extend_from_slice(&word.to_le_bytes()));
        let mut footer = Vec::with_capacity(FOOTER_BYTES);
        footer.extend_from_slice(&MAGIC);
        footer.extend_from_slice(&[0; 4]);
        footer.extend_from_slice(&self.entries.to_le_bytes());
        footer.extend_from_slice(&(self.fences.len() as u64).to_le_bytes());
        footer.extend_from_slice(&(self.bloom.words().len() as u64).to_le_bytes());
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&kept), &footer[8..]);
        footer[4..8].copy_from_slice(&checksum.to_le_bytes());
        self.out.write_all(&kept)?;
        self.out.write_all(&footer)?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok(Run {
            file: File::open(&self.path)?,
            path: self.path,
            fences: self.fences,
            bloom: self.bloom,
            entries: self.entries,
        })
    }
}
