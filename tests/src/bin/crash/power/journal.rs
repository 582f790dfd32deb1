//! The journal that `tests/power/shim.c` writes: every change below a directory, and every sync, in order.

use std::{
    ffi::OsString,
    io::{self, ErrorKind, Read},
    os::unix::ffi::OsStringExt,
    path::PathBuf,
};

/// The form of the journal that is read here.
const FORMAT: u64 = 1;
/// Bytes before the texts of a record.
const HEAD_BYTES: usize = 40;

/// One change, or one end of a sync. Files are named by their inode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// The recorder is at work.
    Begun,
    /// An empty file.
    Created { inode: u64, mode: u32, path: PathBuf },
    /// An empty directory.
    Directory { inode: u64, mode: u32, path: PathBuf },
    /// Something without content, such as a socket.
    Node { path: PathBuf },
    /// Bytes were written at an offset.
    Written { inode: u64, at: u64, data: Vec<u8> },
    /// A file has so many bytes now.
    Resized { inode: u64, bytes: u64 },
    /// A file has at least so many bytes now.
    Grown { inode: u64, bytes: u64 },
    /// A name was changed, and the name that it takes lost what it named before.
    Renamed { from: PathBuf, to: PathBuf },
    /// A file got one name more.
    Linked { from: PathBuf, to: PathBuf },
    /// A name is gone.
    Removed { path: PathBuf },
    /// A sync of a file, or of everything when there is no inode: what came before is covered once it is done.
    SyncBegun { inode: Option<u64>, number: u64 },
    /// That sync has returned without an error.
    SyncDone { number: u64 },
    /// A file is written through memory, which the journal does not see.
    Mapped { inode: u64 },
}

/// The next record; `None` at the end, which may be in the midst of a record when the process was killed in it.
///
/// # Errors
/// The system's, and `InvalidData` for what this program cannot read or the recorder could not describe.
pub(crate) fn next(journal: &mut impl Read) -> io::Result<Option<Record>> {
    let mut head = [0; HEAD_BYTES];
    let Some(()) = whole(journal, &mut head)? else {
        return Ok(None);
    };
    let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
    let mut texts = [vec![0; short(4) as usize], vec![0; short(8) as usize]];
    for text in &mut texts {
        let Some(()) = whole(journal, text)? else {
            return Ok(None);
        };
    }
    let [first, second] = texts;
    let (inode, number) = (long(16), long(24));
    let path = |bytes| PathBuf::from(OsString::from_vec(bytes));
    let unreadable = |why: String| Err(io::Error::new(ErrorKind::InvalidData, why));
    let mode = (number & 0o7777) as u32;
    Ok(Some(match short(0) {
        1 if number == FORMAT => Record::Begun,
        1 => return unreadable(format!("form {number} of the journal is unknown")),
        2 => Record::Created {
            inode,
            mode,
            path: path(first),
        },
        3 => Record::Directory {
            inode,
            mode,
            path: path(first),
        },
        4 => Record::Node { path: path(first) },
        5 => Record::Written {
            inode,
            at: number,
            data: first,
        },
        6 => Record::Resized { inode, bytes: number },
        7 => Record::Grown { inode, bytes: number },
        8 => Record::Renamed {
            from: path(first),
            to: path(second),
        },
        9 => Record::Linked {
            from: path(first),
            to: path(second),
        },
        10 => Record::Removed { path: path(first) },
        11 => Record::SyncBegun {
            inode: (inode != 0).then_some(inode),
            number,
        },
        12 => Record::SyncDone { number },
        13 => Record::Mapped { inode },
        14 => {
            let call = String::from_utf8_lossy(&first);
            return unreadable(format!("the server made a change that is not recorded: {call}"));
        }
        kind => return unreadable(format!("a record of kind {kind} is unknown")),
    }))
}

/// Fills a buffer; `None` when the journal ends before.
fn whole(journal: &mut impl Read, buffer: &mut [u8]) -> io::Result<Option<()>> {
    match journal.read_exact(buffer) {
        Ok(()) => Ok(Some(())),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
