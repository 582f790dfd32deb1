//! Space on the file system of the log. sled does not survive a full disk well, so the log stops before that.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::fault;
use crate::limits::{SPACE_CHECK_BYTES, SPACE_CHECK_MS};

/// Less space than the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shortage {
    /// Bytes that are free for those who are not root.
    pub(crate) free_bytes: u64,
    /// Bytes that must stay free.
    pub(crate) reserve_bytes: u64,
}

/// What the last look came to, and what was written since.
#[derive(Debug)]
struct Look {
    at: Instant,
    written_bytes: u64,
    shortage: Option<Shortage>,
}

/// The space where the log lies. The file system is asked once per [`SPACE_CHECK_MS`] or [`SPACE_CHECK_BYTES`] written, and each
/// time while it is full, so that writing goes on by itself.
#[derive(Debug)]
pub(crate) struct Space {
    dir: File,
    reserve_bytes: u64,
    last: Mutex<Option<Look>>,
}

impl Space {
    pub(crate) fn of(dir: &Path, reserve_bytes: u64) -> io::Result<Space> {
        Ok(Space {
            dir: File::open(dir)?,
            reserve_bytes,
            last: Mutex::new(None),
        })
    }

    /// Asks the file system now.
    pub(crate) fn look(&self) -> io::Result<Option<Shortage>> {
        let free_bytes = match fault::free_bytes() {
            Some(free_bytes) => free_bytes,
            None => {
                let found = rustix::fs::fstatvfs(&self.dir)?;
                found.f_bavail.saturating_mul(found.f_frsize)
            }
        };
        Ok((free_bytes < self.reserve_bytes).then_some(Shortage {
            free_bytes,
            reserve_bytes: self.reserve_bytes,
        }))
    }

    /// What is short, as far as it is known from a look that is recent enough.
    pub(crate) fn shortage(&self) -> io::Result<Option<Shortage>> {
        let mut last = self.last.lock();
        if let Some(look) = &*last
            && look.shortage.is_none()
            && look.written_bytes < SPACE_CHECK_BYTES
            && look.at.elapsed() < Duration::from_millis(SPACE_CHECK_MS)
        {
            return Ok(None);
        }
        let shortage = self.look()?;
        *last = Some(Look {
            at: Instant::now(),
            written_bytes: 0,
            shortage,
        });
        Ok(shortage)
    }

    /// Takes in that so much was written.
    pub(crate) fn written(&self, bytes: u64) {
        if let Some(look) = &mut *self.last.lock() {
            look.written_bytes += bytes;
        }
    }
}
