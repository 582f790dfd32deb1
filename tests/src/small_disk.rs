//! A small file system of its own, which can be filled.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A small file system, unmounted when it goes.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many MiB on a directory, which is made.
    ///
    /// # Panics
    /// When it cannot be mounted, which only root may.
    #[must_use]
    pub fn mounted_on(at: &Path, mib: u64) -> SmallDisk {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(at)
            .status()
            .unwrap();
        assert!(
            mounted.success(),
            "a tmpfs cannot be mounted: run the tests as root"
        );
        SmallDisk { at: at.to_owned() }
    }

    /// Writes until nothing more goes; answers the file that takes the room.
    #[must_use]
    pub fn fill(&self) -> PathBuf {
        let path = self.at.join("ballast");
        let mut file = File::create(&path).unwrap();
        let block = vec![1; 1024 * 1024];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&[1; 512]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that a failing test left may still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}
