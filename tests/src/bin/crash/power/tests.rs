//! What is on a disk after a power cut, of files that real programs have written under the recorder.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use guichet_tests::chance::Chance;
use tempfile::TempDir;

use super::{Disk, Harm, IGNORE_SYNC_OF, Recorder, content::Content};

/// What a shell has done in a directory with the synced file `old`.
struct Done {
    place: TempDir,
    disk: Disk,
}

impl Done {
    fn by(lines: &str) -> Done {
        Done::on_a_disk_that_ignores("", lines)
    }

    fn on_a_disk_that_ignores(names: &str, lines: &str) -> Done {
        let place = TempDir::new().unwrap();
        let root = place.path().join("data");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("old"), "old").unwrap();
        let (recorder, disk) = (Recorder::build(), Disk::of(&root).unwrap());
        let ended = Command::new("sh")
            .args(["-ec", lines])
            .current_dir(&root)
            .envs(recorder.environment(&root))
            .env(IGNORE_SYNC_OF, names)
            .status();
        assert!(ended.unwrap().success(), "{lines}");
        let (disk, processes) = recorder.applied(disk);
        assert!(processes > 0, "nothing was recorded");
        Done { place, disk }
    }

    /// The files that are there after the power was cut, with what they hold.
    fn then(self, harm: Harm) -> Vec<(String, String)> {
        self.disk.after(harm, &mut Chance::of(1)).restore().unwrap();
        let (root, mut found) = (self.place.path().join("data"), Vec::new());
        list(&root, &root, &mut found);
        found.sort();
        found
    }
}

fn list(root: &Path, directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            found.push((name, fs::read_to_string(path).unwrap()));
        }
    }
}

fn files(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = expected
        .iter()
        .map(|(name, content)| ((*name).to_owned(), (*content).to_owned()));
    owned.collect()
}

#[test]
fn what_no_sync_covered_is_gone() {
    let done = Done::by(
        "echo more >> old; echo new > new; sync new; mkdir under; echo deep > under/deep; sync under/deep under",
    );
    assert_eq!(done.then(Harm::Worst), files(&[("old", "old")]));
}

#[test]
fn a_file_is_there_once_it_and_its_directory_were_synced() {
    let done = Done::by("echo new > new; sync new; sync .; echo empty > empty; sync .");
    let expected = files(&[("empty", ""), ("new", "new\n"), ("old", "old")]);
    assert_eq!(done.then(Harm::Worst), expected);
}

#[test]
fn a_sync_covers_what_came_before_it_and_nothing_after() {
    let done = Done::by("echo 1 >> old; sync -d old; echo 2 >> old; sync .");
    assert_eq!(done.then(Harm::Worst), files(&[("old", "old1\n")]));
}

#[test]
fn a_file_that_was_replaced_is_the_old_one_until_the_directory_is_synced() {
    let replace = "echo new > tmp; sync tmp; mv tmp old";
    assert_eq!(Done::by(replace).then(Harm::Worst), files(&[("old", "old")]));
    let done = Done::by(&format!("{replace}; sync ."));
    assert_eq!(done.then(Harm::Worst), files(&[("old", "new\n")]));
}

#[test]
fn a_file_that_was_moved_is_in_one_of_the_two_directories() {
    let moved = "mkdir under; sync .; mv old under/old";
    assert_eq!(Done::by(moved).then(Harm::Worst), files(&[("old", "old")]));
    let done = Done::by(&format!("{moved}; sync under"));
    assert_eq!(done.then(Harm::Worst), files(&[("under/old", "old")]));
}

#[test]
fn a_file_that_was_removed_comes_back_until_the_directory_is_synced() {
    assert_eq!(Done::by("rm old").then(Harm::Worst), files(&[("old", "old")]));
    assert_eq!(Done::by("rm old; sync .").then(Harm::Worst), files(&[]));
}

#[test]
fn without_harm_everything_is_as_the_programs_left_it() {
    let lines = "echo more >> old; cp old copy; ln copy linked; mkdir a; mv copy a/b; rm old; echo again > old; \
                 dd if=/dev/zero of=holes bs=1 count=1 seek=2000 status=none; truncate -s 100 holes; \
                 rm -r a; mkdir a; echo last > a/last";
    let done = Done::by(lines);
    let image = done.disk.after(Harm::None, &mut Chance::of(1));
    assert_eq!(image.differences(&BTreeSet::new()).unwrap(), Vec::<String>::new());
    fs::write(done.place.path().join("data/old"), "behind its back").unwrap();
    assert_eq!(image.differences(&BTreeSet::new()).unwrap().len(), 1);
}

#[test]
fn a_disk_that_lies_keeps_nothing_of_the_file_it_lies_about() {
    let lines = "echo 1 >> old; sync old; echo 1 > new; sync new; sync .";
    let done = Done::on_a_disk_that_ignores("old,other", lines);
    assert_eq!(done.then(Harm::Worst), files(&[("new", "1\n"), ("old", "old")]));
}

#[test]
fn a_torn_sector_is_as_it_was_after_one_of_the_writes() {
    let mut content = Content::of(vec![b'a'; 2_048]);
    content.write(0, vec![b'b'; 2_048]);
    content.write(256, vec![b'c'; 1_536]);
    // The first and the last sector are overwritten by half.
    let halves = |left, right| [[left; 256], [right; 256]].concat();
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let torn = content.torn(&mut Chance::of(seed));
        assert_eq!(torn.len(), 2_048);
        for sector in torn.chunks(512) {
            assert!(
                sector == [b'a'; 512]
                    || sector == [b'b'; 512]
                    || sector == [b'c'; 512]
                    || sector == halves(b'b', b'c')
                    || sector == halves(b'c', b'b')
            );
        }
        seen.insert(torn);
    }
    assert!(seen.len() > 30, "{} forms were seen", seen.len());
}

#[test]
fn torn_content_is_covered_by_a_sync_like_any_other() {
    let mut content = Content::of(Vec::new());
    content.write(0, b"synced".to_vec());
    let begun = content.changes();
    content.write(6, b", and not synced".to_vec());
    content.cover(begun);
    let seen: BTreeSet<Vec<u8>> = (0..200).map(|seed| content.torn(&mut Chance::of(seed))).collect();
    assert!(seen.iter().all(|torn| torn.starts_with(b"synced")));
    assert!(seen.contains(content.at_worst().as_slice()) && seen.contains(content.at_best().as_slice()));
}
