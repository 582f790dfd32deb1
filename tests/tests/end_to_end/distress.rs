//! Starting where something is in the way: one sentence that says what to do, and nothing made worse.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use guichet_tests::{
    command::{Ended, guichet},
    home::Home,
    server::Server,
};
use serde_json::json;

fn start(data: &Path) -> Ended {
    let data = data.to_str().unwrap();
    guichet(
        &[
            "up",
            "--demo",
            "--data",
            data,
            "--api-listen",
            "127.0.0.1:0",
            "--soap-listen",
            "127.0.0.1:0",
        ],
        &[],
    )
}

/// Fault S6: a second server on the same data says so and ends.
#[test]
fn a_second_server_on_the_same_data_is_refused_in_one_sentence() {
    let server = Server::start();
    let data = server.home().data();
    let ended = start(&data).said(1, &["another guichet is at work on"]);
    let said: Vec<&str> = ended
        .err
        .lines()
        .filter(|line| line.starts_with("guichet: "))
        .collect();
    assert_eq!(
        said,
        [format!(
            "guichet: another guichet is at work on {}",
            data.display()
        )]
    );
    let arguments = [
        "admin",
        "init",
        "--data",
        data.to_str().unwrap(),
        "--password-file",
        "/etc/hostname",
    ];
    let _ = guichet(&arguments, &[]).said(1, &[]);
    let _ = server.client("requester-1").get("/v1/me").expect(200);
}

/// Fault S6: neither keys, nor checkpoints, nor sessions, nor views are taken for a beginning.
#[test]
fn no_log_is_begun_beside_what_shows_that_there_was_one() {
    let home = Server::start().stop();
    let (data, aside) = (home.data(), home.path().join("aside"));
    fs::rename(&data, &aside).unwrap();
    for trace in [
        "keys/persons.keys",
        "keys/checkpoint.key",
        "keys/tokens.keys",
        "checkpoints",
        "views",
        "tree",
        "sessions.sqlite",
        "log/HEAD",
    ] {
        let (from, to) = (aside.join(trace), data.join(trace));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(&from, &to).unwrap();
        let ended = start(&data).said(1, &["there was a log in", to.to_str().unwrap()]);
        assert!(!ended.out.contains("listening"));
        assert!(!data.join("log/sled").exists(), "a log was begun beside {trace}");
        fs::rename(&to, &from).unwrap();
        fs::remove_dir_all(&data).unwrap();
    }
    // What lies in every new directory is no trace.
    for made in ["keys", "views", "checkpoints", "files/incoming"] {
        fs::create_dir_all(data.join(made)).unwrap();
    }
    let _ = home.start();
}

/// Fault U12: a master key that was mistyped or forgotten is never made beside keys that another one wraps.
#[test]
fn a_mistyped_or_forgotten_master_key_is_not_made() {
    let home = Home::new();
    let (master, mistyped) = (home.path().join("master.key"), home.path().join("etc/mastre.key"));
    let home = home
        .with("GUICHET_MASTER_KEY", master.to_str().unwrap())
        .start()
        .stop();
    let data = home.data();
    let place = data.to_str().unwrap();
    let _ = start(&data).said(1, &["there is no master key at", "--master-key"]);
    assert!(!data.join("keys/master.key").exists());
    let up = [
        "up",
        "--demo",
        "--data",
        place,
        "--api-listen",
        "127.0.0.1:0",
        "--soap-listen",
        "127.0.0.1:0",
    ];
    let named = [("GUICHET_MASTER_KEY", mistyped.to_str().unwrap())];
    let _ = guichet(&up, &named).said(1, &["there is no master key at", "mastre.key"]);
    for command in [
        vec![
            "admin",
            "init",
            "--password-file",
            "/etc/hostname",
            "--data",
            place,
        ],
        vec![
            "admin",
            "rotate-master",
            "--new-master-key",
            "/nowhere/new.key",
            "--data",
            place,
        ],
        vec!["admin", "accept-loss", "--reason", "x", "--data", place],
    ] {
        let _ = guichet(&command, &named).said(1, &[]);
        assert!(
            !mistyped.exists() && !mistyped.parent().unwrap().exists(),
            "{command:?} made a master key"
        );
    }
    // Another one that is there is told apart, in words for people.
    fs::write(
        home.path().join("other.key"),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
    )
    .unwrap();
    fs::set_permissions(home.path().join("other.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let other = home.path().join("other.key");
    let ended = guichet(&up, &[("GUICHET_MASTER_KEY", other.to_str().unwrap())]);
    let ended = ended.said(1, &["is not the master key that the keys in", "--master-key"]);
    assert!(!ended.err.contains("aead"), "{}", ended.err);
    let _ = home.start().client("requester-1").get("/v1/me").expect(200);
}

/// A small file system of its own, unmounted when it goes.
struct FullDisk {
    at: PathBuf,
}

impl FullDisk {
    fn on(at: &Path) -> FullDisk {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=192m,mode=0700", "tmpfs"])
            .arg(at)
            .status();
        assert!(
            mounted.unwrap().success(),
            "a tmpfs cannot be mounted: run the tests as root"
        );
        FullDisk { at: at.to_owned() }
    }

    fn fill(&self) -> PathBuf {
        let path = self.at.join("ballast");
        let mut file = File::create(&path).unwrap();
        let block = vec![1; 1024 * 1024];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&[1; 512]).is_ok() {}
        path
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        // Lazily: a server that a failing test left may still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

/// Fault S6: a disk that is full is no damage. Whoever starts on it is told to make room, and all is there afterwards.
#[test]
fn a_start_on_a_full_disk_asks_for_room_and_not_for_the_archive() {
    let home = Home::new();
    let disk = FullDisk::on(&home.data());
    let server = home.start();
    let _ = server.client("requester-1").open(&json!({
        "desk": "SUP", "type": "question", "summary": "Avant", "description": "…",
    }));
    let home = server.stop();
    let ballast = disk.fill();
    let data = home.data();
    let ended = start(&data).said(1, &["make room"]);
    assert!(!ended.err.contains("archive"), "{}", ended.err);
    // Of a first start on one, too.
    let new = data.join("new");
    let _ = fs::create_dir(&new);
    let ended = start(&new).said(1, &["make room"]);
    assert!(!ended.err.contains("archive"), "{}", ended.err);
    let _ = fs::remove_dir_all(&new);
    fs::remove_file(ballast).unwrap();
    let server = home.start();
    assert_eq!(server.client("requester-1").ticket("SUP-1")["summary"], "Avant");
    drop(server);
    drop(disk);
}

/// What lies below a directory, and is open to others than its owner.
fn open_to_others(dir: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            found.push((path.clone(), mode));
        }
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

/// Fault S12: whatever the server makes is for its owner only, whatever the mask it is started with.
#[test]
fn what_the_server_makes_is_for_its_owner_only() {
    let home = Home::new();
    let elsewhere = home.path().join("elsewhere");
    let place = |name: &str| elsewhere.join(name).to_str().unwrap().to_owned();
    let server = home
        .with("GUICHET_CHECKPOINTS_TO", &place("checkpoints"))
        .with("GUICHET_ARCHIVE", &place("archive"))
        .with("GUICHET_MASTER_KEY", &place("key/master.key"))
        .under(&["sh", "-c", "umask 000; exec \"$0\" \"$@\""])
        .start();
    let requester = server.client("requester-1");
    let _ = requester.open(&json!({"desk": "SUP", "type": "question", "summary": "Une", "description": "…"}));
    let _ = requester.attach("SUP-1", "une.txt", b"une").expect(201);
    let _ = requester.listed(&format!("at_least={}", server.head()));
    let data = server.home().data();
    for (what, to) in [("backup", place("backup")), ("backup-keys", place("keys"))] {
        let ended = guichet(
            &["admin", what, "--data", data.to_str().unwrap(), "--to", &to],
            &[],
        );
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    // While it runs: the socket, sessions.sqlite-wal and the like.
    assert!(data.join("admin.sock").exists() && data.join("sessions.sqlite-wal").exists());
    assert_eq!(open_to_others(&data), []);
    let home = server.stop();
    assert_eq!(open_to_others(&data), []);
    assert_eq!(open_to_others(&elsewhere), []);
    home.assert_not_logged(&["others than the owner may read here"]);
    // Restored, the same.
    fs::remove_dir_all(data.join("log")).unwrap();
    let arguments = [
        "admin",
        "restore",
        "--data",
        data.to_str().unwrap(),
        "--from",
        &place("backup"),
    ];
    assert_eq!(guichet(&arguments, &[]).code, Some(0));
    assert_eq!(open_to_others(&data), []);
}

/// Fault S12: what others may read already is told.
#[test]
fn a_directory_that_others_may_read_is_told() {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    fs::set_permissions(home.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = home.start().stop();
    let said = home.log_lines();
    assert!(said.contains("others than the owner may read here"), "{said}");
    assert!(
        said.contains(&format!("chmod -R go= {}", home.data().display())),
        "{said}"
    );
}
