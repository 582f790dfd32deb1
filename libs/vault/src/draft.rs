//! Files that appear whole or not at all: written beside their place, then put there.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::secret_file::Created;

/// The mode of every file this crate creates: its owner reads and writes, nobody else does anything.
const OWNER_ONLY_MODE: u32 = 0o600;

/// The mode of every directory this crate creates.
const OWNER_ONLY_DIRECTORY_MODE: u32 = 0o700;

/// The random part of a draft's name, in hexadecimal digits.
const RANDOM_DIGITS: usize = 16;

/// A file being written beside its place. Dropped before it is put there, it is removed.
pub(crate) struct Draft {
    file: BufWriter<File>,
    /// Where it lies now: `.<name>.<16 hexadecimal digits>`, beside `place`.
    path: PathBuf,
    place: PathBuf,
}

impl Draft {
    /// Starts a draft of the file at `place`.
    pub(crate) fn of(place: &Path) -> io::Result<Draft> {
        let random = SysRng.try_next_u64().map_err(io::Error::other)?;
        let mut name = prefix_of(place.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!("{random:016x}"));
        let path = place.with_file_name(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY_MODE)
            .open(&path)?;
        Ok(Draft {
            file: BufWriter::with_capacity(64 * 1024, file),
            path,
            place: place.to_owned(),
        })
    }

    /// Appends.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// The file, with all that was appended in it.
    pub(crate) fn flushed(&mut self) -> io::Result<&File> {
        self.file.flush()?;
        Ok(self.file.get_ref())
    }

    /// Puts it in its place and on disk, directory entry included, unless something is there already. Drafts of the same
    /// place that a crash left are of no use from then on, and are removed.
    pub(crate) fn link(mut self) -> io::Result<Created> {
        self.flushed()?.sync_all()?;
        // A link, unlike a rename, never replaces what is already there.
        let created = match std::fs::hard_link(&self.path, &self.place) {
            Ok(()) => Created::New,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Created::Found,
            // Somebody who was faster has put theirs there and removed the other drafts.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.place.try_exists()? => {
                Created::Found
            }
            Err(error) => return Err(error),
        };
        sweep_drafts_of(&self.place)?;
        sync_directory_of(&self.place)?;
        Ok(created)
    }

    /// Puts it in the place of what is there, on disk, directory entry included.
    pub(crate) fn replace(mut self) -> io::Result<()> {
        self.flushed()?.sync_all()?;
        replace_durably(&self.path, &self.place)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Most often it is not there any more. What cannot be removed, the next sweep removes.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Creates `path` with exactly these bytes, file and directory on disk before it returns, or not at all: a crash on
/// the way leaves no half of it. An existing file is left alone, whoever made it in the meantime.
pub(crate) fn create_whole(path: &Path, bytes: &[u8]) -> io::Result<Created> {
    let mut draft = Draft::of(path)?;
    draft.write(bytes)?;
    draft.link()
}

/// Renames, on disk before it returns.
pub(crate) fn replace_durably(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    sync_directory_of(to)
}

/// Makes the directory of `path`, for its owner only, when it is not there.
pub(crate) fn make_directory_of(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ONLY_DIRECTORY_MODE)
        .create(directory_of(path))
}

/// Removes the drafts of `place` that a crash left behind.
pub(crate) fn sweep_drafts_of(place: &Path) -> io::Result<()> {
    let prefix = prefix_of(place.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    for entry in std::fs::read_dir(directory_of(place))? {
        let entry = entry?;
        let is_draft = entry
            .file_name()
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .is_some_and(|rest| rest.len() == RANDOM_DIGITS && rest.iter().all(u8::is_ascii_hexdigit));
        if is_draft {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

fn prefix_of(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// The directory that holds `path`.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}
