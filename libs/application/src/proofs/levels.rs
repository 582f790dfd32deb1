//! The level files of the tree: level L holds, one after the other, the hash of every complete subtree of 256^L leaves, so
//! that tile N of that level (C2SP tlog-tiles) is 8 KiB of it.

use std::{
    fs::{self, File},
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use transparency::{HASH_BYTES, Hash, LEVEL_MAX};

/// The files of one tree.
#[derive(Debug)]
pub(super) struct Levels {
    dir: PathBuf,
    files: Vec<File>,
}

impl Levels {
    /// Opens the files of a directory, made when they are not there.
    pub(super) fn open(dir: &Path) -> io::Result<Levels> {
        fs::create_dir_all(dir)?;
        let open = |level: u8| {
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(dir.join(format!("level-{level}")))
        };
        Ok(Levels {
            dir: dir.to_owned(),
            files: (0..=LEVEL_MAX).map(open).collect::<io::Result<_>>()?,
        })
    }

    /// The hashes of a range of a level.
    pub(super) fn read(&self, level: u8, range: Range<u64>) -> io::Result<Vec<Hash>> {
        let wanted = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        let mut bytes = vec![0; wanted * HASH_BYTES];
        self.file(level)?
            .read_exact_at(&mut bytes, range.start * HASH_BYTES as u64)?;
        Hash::list(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Writes hashes at their place in a level.
    pub(super) fn write(&self, level: u8, first: u64, hashes: &[Hash]) -> io::Result<()> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        self.file(level)?.write_all_at(&bytes, first * HASH_BYTES as u64)
    }

    /// Returns when the disk has everything written before.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.files.iter().try_for_each(File::sync_data)?;
        File::open(&self.dir)?.sync_all()
    }

    fn file(&self, level: u8) -> io::Result<&File> {
        self.files
            .get(usize::from(level))
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
