//! Going through a keys file, slot by slot.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::slot::{HeaderFault, SLOT_BYTES, Slot, SlotBytes, Wrapping, read_slot};
use super::{OpenKeysError, PERSONS_MAX, io_error};

/// The slots of an open file, in order.
pub(crate) struct SlotReader<'f> {
    reader: BufReader<&'f File>,
    path: &'f Path,
    next: u32,
    end: u32,
}

impl<'f> SlotReader<'f> {
    /// Reads the header and holds it against this program and the master key.
    pub(crate) fn start(
        file: &'f File,
        path: &'f Path,
        wrapping: &Wrapping,
    ) -> Result<SlotReader<'f>, OpenKeysError> {
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        reader.seek(SeekFrom::Start(0)).map_err(io_error("read", path))?;
        check_header(&mut reader, path, wrapping)?;
        let bytes = file.metadata().map_err(io_error("read", path))?.len();
        // A slot of which only a part was written is no slot: the next key is written over it.
        let end = u32::try_from(bytes / SLOT_BYTES as u64).unwrap_or(u32::MAX);
        if end > PERSONS_MAX + 1 {
            return Err(OpenKeysError::TooLarge {
                path: path.to_owned(),
            });
        }
        Ok(SlotReader {
            reader,
            path,
            next: 1,
            end,
        })
    }

    /// The first slot that the file does not have.
    pub(crate) fn end(&self) -> u32 {
        self.end
    }

    /// The next slot: its number, its bytes and what they say. A last slot that was never written to its end is empty;
    /// [`Slot::Unfinished`] anywhere else is damage.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, SlotBytes, Slot)>, OpenKeysError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let slot = self.next;
        self.next += 1;
        let mut bytes = [0; SLOT_BYTES];
        self.reader
            .read_exact(&mut bytes)
            .map_err(io_error("read", self.path))?;
        let held = match read_slot(&bytes) {
            Slot::Unfinished(_) if self.next == self.end => {
                bytes = [0; SLOT_BYTES];
                Slot::Empty
            }
            held @ (Slot::Empty
            | Slot::Present(_)
            | Slot::Destroyed(_)
            | Slot::Unfinished(_)
            | Slot::Damaged(_)) => held,
        };
        Ok(Some((slot, bytes, held)))
    }
}

fn check_header(
    reader: &mut BufReader<&File>,
    path: &Path,
    wrapping: &Wrapping,
) -> Result<(), OpenKeysError> {
    let path_owned = || path.to_owned();
    let mut header = [0; SLOT_BYTES];
    match reader.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(OpenKeysError::NotAKeysFile { path: path_owned() });
        }
        Err(error) => return Err(io_error("read", path)(error)),
    }
    wrapping.check_header(&header).map_err(|fault| match fault {
        HeaderFault::NotAKeysFile => OpenKeysError::NotAKeysFile { path: path_owned() },
        HeaderFault::UnknownVersion(version) => OpenKeysError::UnknownVersion {
            path: path_owned(),
            version,
        },
        HeaderFault::Damaged => OpenKeysError::HeaderDamaged { path: path_owned() },
        HeaderFault::OtherMaster => OpenKeysError::WrongMaster { path: path_owned() },
    })
}
