//! Which runs make up the index, and what they cover.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Covered;
use super::run::Run;
use crate::head_file::replace;
use crate::place::Position;

const FORMAT: u32 = 1;
const FILE: &str = "MANIFEST";

/// A run by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunEntry {
    /// Number of its file.
    pub(super) number: u64,
    /// How often its entries were merged.
    pub(super) tier: u32,
}

impl RunEntry {
    pub(super) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(format!("run-{:08}", self.number))
    }
}

/// The file `MANIFEST`: a line of JSON, and its CRC-32C as eight hexadecimal digits on a second line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    position: Position,
    #[serde(with = "crate::hex_digest")]
    digest: [u8; 32],
    /// Number of the next file.
    pub(super) next_number: u64,
    /// The runs, oldest first.
    pub(super) runs: Vec<RunEntry>,
}

impl Default for Manifest {
    fn default() -> Self {
        Manifest {
            format: FORMAT,
            position: Position(0),
            digest: [0; 32],
            next_number: 1,
            runs: Vec::new(),
        }
    }
}

impl Manifest {
    pub(super) fn covered(&self) -> Covered {
        Covered {
            position: self.position,
            digest: self.digest,
        }
    }

    pub(super) fn cover(&mut self, covered: Covered) {
        (self.position, self.digest) = (covered.position, covered.digest);
    }

    /// The stored manifest with its runs opened and checked; `None` when there is none.
    pub(super) fn load(dir: &Path) -> io::Result<Option<(Manifest, Vec<Arc<Run>>)>> {
        let text = match fs::read_to_string(dir.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "the manifest is not what was written");
        let (line, checksum) = text.split_once('\n').ok_or_else(invalid)?;
        if checksum != format!("{:08x}\n", crc32c::crc32c(line.as_bytes())) {
            return Err(invalid());
        }
        let manifest: Manifest = serde_json::from_str(line).map_err(io::Error::other)?;
        if manifest.format != FORMAT {
            return Err(invalid());
        }
        let runs = manifest
            .runs
            .iter()
            .map(|run| Run::open(run.path(dir)).map(Arc::new));
        let runs = runs.collect::<io::Result<Vec<_>>>()?;
        Ok(Some((manifest, runs)))
    }

    /// Replaces the stored manifest, and returns when the disk has it and the names of the runs.
    pub(super) fn store(&self, dir: &Path) -> io::Result<()> {
        let line = serde_json::to_string(self).map_err(io::Error::other)?;
        replace(
            &dir.join(FILE),
            format!("{line}\n{:08x}\n", crc32c::crc32c(line.as_bytes())).as_bytes(),
        )
    }

    /// Removes the stored manifest, so that the next open rebuilds the index.
    pub(super) fn remove(dir: &Path) -> io::Result<()> {
        fs::remove_file(dir.join(FILE))
    }

    /// Deletes the files that no manifest names: what a kill left half written, or the runs of an index that was refused.
    pub(super) fn remove_strangers(&self, dir: &Path) -> io::Result<()> {
        let kept: Vec<PathBuf> = self.runs.iter().map(|run| run.path(dir)).collect();
        for file in fs::read_dir(dir)? {
            let path = file?.path();
            let is_manifest =
                path.file_name().is_some_and(|name| name == FILE) && *self != Manifest::default();
            if !kept.contains(&path) && !is_manifest {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
