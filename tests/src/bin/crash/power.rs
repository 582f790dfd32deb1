//! Power cuts. A kill loses nothing that the kernel has; a disk without power keeps only what a sync covered. So the server
//! runs under a recorder (`tests/power/shim.c`), is killed, and its directory is replaced by what a disk would hold.

mod content;
mod disk;
mod image;
mod journal;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    process::Command,
};

use guichet_tests::{chance::Chance, home::Home};
use tempfile::TempDir;

use self::journal::Record;
pub(crate) use self::{
    disk::{Disk, Harm},
    image::Image,
};

const SOURCE: &str = include_str!("../../../power/shim.c");

/// What the recorder is told, and by which variables of the environment.
const PRELOAD: &str = "LD_PRELOAD";
const DIRECTORY: &str = "POWER_DIRECTORY";
const JOURNAL: &str = "POWER_JOURNAL";
/// Inherited from whoever starts this program.
#[cfg(test)]
const IGNORE_SYNC_OF: &str = "POWER_IGNORE_SYNC_OF";

/// The recorder, compiled, and where its journal goes.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// In memory when the machine has such a place, so that the journal takes no part in the syncs of the disk.
    place: TempDir,
}

impl Recorder {
    /// Compiles the recorder.
    ///
    /// # Panics
    /// When there is no C compiler.
    pub(crate) fn build() -> Recorder {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let place = tempfile::Builder::new()
            .prefix("guichet-power-")
            .tempdir_in(parent)
            .unwrap();
        let source = place.path().join("shim.c");
        fs::write(&source, SOURCE).unwrap();
        let compiled = Command::new("cc")
            .args(["-O2", "-Wall", "-shared", "-fPIC", "-o"])
            .args([&place.path().join("shim.so"), &source])
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(
            compiled.is_ok_and(|status| status.success()),
            "power cuts need a C compiler that answers to `cc`"
        );
        Recorder { place }
    }

    fn journal(&self) -> PathBuf {
        self.place.path().join("journal")
    }

    /// What lies in the data directory counts as synced from here on, and the next server on it is recorded.
    pub(crate) fn watch(&self, home: Home) -> (Home, Disk) {
        let data = home.data();
        // The kernel tells the paths of open files without links.
        assert_eq!(
            fs::canonicalize(&data).unwrap(),
            data,
            "the directory is reached by a link"
        );
        let disk = Disk::of(&data).unwrap();
        let environment = self.environment(&data);
        let home = environment
            .iter()
            .fold(home, |home, (name, value)| home.with(name, value));
        (home, disk)
    }

    /// What a program is given whose changes below a directory are recorded, in a journal of its own.
    fn environment(&self, directory: &Path) -> [(&'static str, String); 3] {
        let _ = fs::remove_file(self.journal());
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [
            (PRELOAD, text(&self.place.path().join("shim.so"))),
            (DIRECTORY, text(directory)),
            (JOURNAL, text(&self.journal())),
        ]
    }

    /// The disk after everything that was recorded since; the next server is not recorded.
    ///
    /// # Panics
    /// When the recorder has missed something.
    pub(crate) fn recorded(&self, home: Home, disk: Disk) -> (Home, Disk) {
        let home = [PRELOAD, DIRECTORY, JOURNAL]
            .iter()
            .fold(home, |home, name| home.without(name));
        let (disk, processes) = self.applied(disk);
        // None, when it was killed before it had come to its first line.
        assert!(
            processes <= 1,
            "the server starts processes of its own, whose changes come in no order"
        );
        (home, disk)
    }

    /// A disk and what was recorded, and by how many processes.
    ///
    /// # Panics
    /// When the recorder has missed something.
    fn applied(&self, mut disk: Disk) -> (Disk, u64) {
        let mut processes = 0;
        let Ok(journal) = File::open(self.journal()) else {
            return (disk, processes);
        };
        let mut journal = BufReader::new(journal);
        while let Some(record) = journal::next(&mut journal).unwrap() {
            processes += u64::from(record == Record::Begun);
            disk.apply(record).unwrap();
        }
        (disk, processes)
    }

    /// Cuts the power of a server that was killed: its directory holds afterwards what a disk would.
    pub(crate) fn cut(&self, home: Home, disk: Disk, (harm, chance): (Harm, &mut Chance)) -> (Home, Image) {
        let (home, disk) = self.recorded(home, disk);
        let image = disk.after(harm, chance);
        image.restore().unwrap();
        (home, image)
    }
}
