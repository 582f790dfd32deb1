//! What is needed when the disk is gone: a backup that was reported done holds what was acknowledged before it began,
//! whatever happened to the backups after it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use guichet_tests::home::{self, Home};

use crate::{ledger::Ledger, verify};

/// Where the backups of a home go: one directory, in which each goes on from the one before.
pub(crate) fn place(home: &Home) -> PathBuf {
    home.path().join("backup")
}

/// Restores the backup of a home and asks a server on it for every ticket up to a key.
pub(crate) fn check(home: &Home, ledger: &mut Ledger, last: u64) {
    let new = Home::for_load().with("GUICHET_LOG_LEVEL", "warn");
    // Keys are kept apart from a backup of the data; this home has them still.
    copy(&home.data().join("keys"), &new.data().join("keys"));
    let restored = Command::new(home::guichet())
        .args(["admin", "restore", "--data"])
        .arg(new.data())
        .arg("--from")
        .arg(place(home))
        .output()
        .unwrap();
    if !restored.status.success() {
        let why = String::from_utf8_lossy(&restored.stderr).trim().to_owned();
        ledger
            .found
            .lost
            .push(format!("the backup cannot be restored: {why}"));
        return;
    }
    match new.spawn().listening() {
        Ok(server) => {
            let lost = verify::lost(&server, ledger, 1..=last);
            let lost = lost.into_iter().map(|lost| format!("in the backup: {lost}"));
            ledger.found.lost.extend(lost);
        }
        Err((new, why)) => {
            let said = new.log_lines();
            let fault = format!("no server starts on the backup that was restored: {why}: {said}");
            ledger.found.lost.push(fault);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
