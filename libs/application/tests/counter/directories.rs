//! Data directories that are not whole, or hold what is another's: each is told by name, and nothing is made worse.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{FileExt, symlink},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use application::{
    Application, StartError,
    keeping::{
        archive::ArchiveError,
        reason::ReasonFault,
        restore::{self, RestoreError, WhenDamaged},
    },
};

use chrono::TimeDelta;
use domain::PersonId;
use event_log::{
    Channel, CommandId, Commit, EventDraft, EventId, Expected, LogState, StreamName, StreamWrite, Target,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::{World, at, settings, words};

/// How long views and tree may take, s; far more than they do.
const FOLLOWED_S: u64 = 60;

/// A world whose log has begun, with a ticket.
async fn lived_in() -> World {
    let world = World::new().await;
    world.application.proofs.begin_log(at(), None).await.unwrap();
    let _ = world.open("ann").await;
    world
}

/// Waits until all is followed and signed, and stops.
async fn stopped(world: World) -> TempDir {
    let World { dir, application } = world;
    let head = application.inside().log.head();
    let timeout = Duration::from_secs(FOLLOWED_S);
    assert!(application.inside().views.at_least(head, timeout).await);
    application.keeping.sign_what_is_new(at()).await.unwrap();
    application.close();
    dir
}

fn open(dir: &TempDir) -> Result<Application, StartError> {
    Application::open(&settings(dir))
}

/// The same, once what an erasure still does in the background has let go.
fn open_once_free(dir: &TempDir) -> Application {
    let deadline = Instant::now() + Duration::from_secs(FOLLOWED_S);
    loop {
        match open(dir) {
            Err(StartError::InUse { .. }) if Instant::now() < deadline => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

#[track_caller]
fn refused(dir: &TempDir) -> StartError {
    match open(dir) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// What is ready to be told, by its code.
fn problem(application: &Application, code: &str) -> Option<String> {
    let problems = application.keeping.readiness(at()).problems;
    let found = problems.into_iter().find(|problem| problem.code == code);
    found.map(|problem| problem.detail)
}

/// Every file below a directory.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

/// A restore takes the place of nothing but what a restore has left: not of the backup itself, by whatever name, nor of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_takes_the_place_of_no_backup() {
    let world = lived_in().await;
    let place = TempDir::new().unwrap();
    let path = |name: &str| place.path().join(name);
    for name in ["one", "two", "inner/one"] {
        world.application.keeping.backup(&path(name), at()).await.unwrap();
    }
    let head = world.head().0;
    symlink(path("one"), path("link")).unwrap();
    let before = files(place.path());
    let restored =
        |data: &str| restore::log_and_files(&path(data), &path("one"), WhenDamaged::KeepWhatIsWhole);
    for data in ["one", "link", "one/data", "link/log", "."] {
        let error = restored(data).unwrap_err();
        assert!(matches!(error, RestoreError::SamePlace { .. }), "{data}: {error}");
    }
    for data in ["two", "inner/one"] {
        let error = restored(data).unwrap_err();
        assert!(matches!(error, RestoreError::Occupied { .. }), "{data}: {error}");
        // The mark of a restore that did not end makes nothing of ours of a segment.
        fs::write(path(data).join("log/UNFINISHED"), "").unwrap();
        let error = restored(data).unwrap_err();
        assert!(matches!(error, RestoreError::Occupied { .. }), "{data}: {error}");
        fs::remove_file(path(data).join("log/UNFINISHED")).unwrap();
    }
    assert_eq!(files(place.path()), before);
    // Into nothing, and into what a restore that was broken off has left.
    fs::create_dir_all(path("half/log/sled")).unwrap();
    fs::write(path("half/log/UNFINISHED"), "").unwrap();
    for data in ["new", "half"] {
        assert_eq!(restored(data).unwrap().head, head, "{data}");
    }
    let error = restored("new").unwrap_err();
    assert!(matches!(error, RestoreError::Exists { .. }), "{error}");
}

/// A backup of data has no business in the data directory, nor beside keys; a backup of keys none beside data.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_lie_apart_from_each_other_and_from_the_data() {
    let world = lived_in().await;
    let place = TempDir::new().unwrap();
    let (data, keys) = (place.path().join("data"), place.path().join("keys"));
    world.application.keeping.backup(&data, at()).await.unwrap();
    world.application.keeping.backup_keys(&keys).await.unwrap();
    let before = files(place.path());
    let own = world.dir.path();
    symlink(own, place.path().join("link")).unwrap();
    let inside = [
        own.to_owned(),
        own.join("log"),
        own.join("backup"),
        place.path().join("link/keys"),
    ];
    for to in inside.iter().chain([&keys]) {
        let error = world.application.keeping.backup(to, at()).await.unwrap_err();
        assert!(
            matches!(error, ArchiveError::Place { .. }),
            "{}: {error}",
            to.display()
        );
    }
    for to in inside.iter().chain([&data]) {
        let error = world.application.keeping.backup_keys(to).await.unwrap_err();
        assert!(
            matches!(error, ArchiveError::Place { .. }),
            "{}: {error}",
            to.display()
        );
    }
    fs::remove_file(place.path().join("link")).unwrap();
    assert_eq!(files(place.path()), before);
    assert!(!own.join("backup").exists());
    // What is new goes into an older one.
    let _ = world.open("ann").await;
    assert_eq!(
        world.application.keeping.backup(&data, at()).await.unwrap().head,
        world.head().0
    );
}

/// A key or secret of another directory, or one in the other's place, is not taken in silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_of_another_directory_is_refused_by_name() {
    let (one, other) = (stopped(lived_in().await).await, stopped(lived_in().await).await);
    let key = |dir: &TempDir, name: &str| dir.path().join("keys").join(name);
    let (secret, checkpoint) = (key(&one, "server.secret"), key(&one, "checkpoint.key"));
    let own = (fs::read(&secret).unwrap(), fs::read(&checkpoint).unwrap());

    fs::copy(key(&other, "server.secret"), &secret).unwrap();
    let error = refused(&one);
    assert!(
        matches!(&error, StartError::OtherSecret { secret: named, .. } if *named == secret),
        "{error}"
    );
    fs::write(&secret, &own.1).unwrap();
    fs::write(&checkpoint, &own.0).unwrap();
    assert!(matches!(refused(&one), StartError::OtherSecret { .. }));
    fs::write(&secret, &own.0).unwrap();
    let error = refused(&one);
    assert!(
        matches!(&error, StartError::OtherCheckpointKey { key, .. } if *key == checkpoint),
        "{error}"
    );
    fs::copy(key(&other, "checkpoint.key"), &checkpoint).unwrap();
    assert!(matches!(refused(&one), StartError::OtherCheckpointKey { .. }));
    // Not there, it is not made anew where nothing was signed either.
    fs::remove_file(&checkpoint).unwrap();
    fs::remove_dir_all(one.path().join("checkpoints")).unwrap();
    assert!(matches!(refused(&one), StartError::OtherCheckpointKey { .. }));
    assert!(!checkpoint.exists());

    // With its own all is well, and so it is with an older directory, which has no check of its secret yet.
    for name in ["server.secret", "checkpoint.key"] {
        let bytes = if name == "server.secret" { &own.0 } else { &own.1 };
        fs::copy(key(&other, name), key(&one, name)).unwrap();
        fs::write(key(&one, name), bytes).unwrap();
    }
    let check = one.path().join("server.secret.check");
    let known = fs::read(&check).unwrap();
    fs::remove_file(&check).unwrap();
    let application = open(&one).unwrap();
    let head = application.inside().log.head();
    application.proofs.begin_log(at(), None).await.unwrap();
    assert_eq!(application.inside().log.head(), head, "no key is enrolled anew");
    application.close();
    assert_eq!(fs::read(&check).unwrap(), known);
}

/// What tells the secret outlives keys that are restored, comes with a restored log, and is written anew when a loss is accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tells_the_secret_outlives_restored_keys_and_an_accepted_loss() {
    let (world, other) = (lived_in().await, lived_in().await);
    let place = TempDir::new().unwrap();
    let path = |name: &str| place.path().join(name);
    world
        .application
        .keeping
        .backup(&path("data"), at())
        .await
        .unwrap();
    world
        .application
        .keeping
        .backup_keys(&path("keys"))
        .await
        .unwrap();
    other
        .application
        .keeping
        .backup_keys(&path("others"))
        .await
        .unwrap();
    let one = stopped(world).await;
    let master = path("master.key");
    fs::copy(one.path().join("keys/master.key"), &master).unwrap();
    fs::rename(one.path().join("keys"), path("lost")).unwrap();
    let with_master = application::Settings {
        master_key: Some(master.clone()),
        ..settings(&one)
    };
    let error = restore::keys(&with_master, &path("others"), &[]).unwrap_err();
    assert!(matches!(error, RestoreError::OtherSecret { .. }), "{error}");
    assert!(!one.path().join("keys/server.secret").exists());
    assert_eq!(
        restore::keys(&with_master, &path("keys"), &[]).unwrap().damaged,
        0
    );
    Application::open(&with_master).unwrap().close();

    // On another machine.
    let new = TempDir::new().unwrap();
    restore::log_and_files(new.path(), &path("data"), WhenDamaged::Refuse).unwrap();
    let elsewhere = application::Settings {
        master_key: Some(master),
        ..settings(&new)
    };
    let error = restore::keys(&elsewhere, &path("others"), &[]).unwrap_err();
    assert!(matches!(error, RestoreError::OtherSecret { .. }), "{error}");
    restore::keys(&elsewhere, &path("keys"), &[]).unwrap();
    Application::open(&elsewhere).unwrap().close();

    // The secret is lost for good.
    fs::remove_file(new.path().join("keys/server.secret")).unwrap();
    assert!(matches!(
        Application::open(&elsewhere),
        Err(StartError::KeysMissing { .. })
    ));
    let without = application::Settings {
        goes_on_without_secrets: true,
        ..elsewhere.clone()
    };
    application::loss::accept_loss(&without, "Le secret est perdu".to_owned()).unwrap();
    Application::open(&without).unwrap().close();
    Application::open(&elsewhere).unwrap().close();
}

/// An epoch cannot be taken back, so it begins only when something is lost, and auditors are told why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_lost_no_loss_is_accepted() {
    let (one, other) = (stopped(lived_in().await).await, stopped(lived_in().await).await);
    let given = application::Settings {
        goes_on_without_secrets: true,
        ..settings(&one)
    };
    let head = one.path().join("log/HEAD");
    let before = fs::read(&head).unwrap();
    for (reason, fault) in [
        ("", ReasonFault::Empty),
        ("\u{200b}\u{2060} ", ReasonFault::Empty),
        ("a\nb\u{1b}", ReasonFault::Control),
        (&"x".repeat(1_001), ReasonFault::Long { chars: 1_001 }),
    ] {
        let error = application::loss::accept_loss(&given, reason.to_owned()).unwrap_err();
        assert!(
            matches!(&error, RestoreError::Reason(found) if *found == fault),
            "{error}"
        );
    }
    let accept = || application::loss::accept_loss(&given, "Perdu".to_owned());
    let error = accept().unwrap_err();
    assert!(matches!(error, RestoreError::NothingLost { .. }), "{error}");
    assert_eq!(fs::read(&head).unwrap(), before);

    // While a server runs nothing can be said.
    let application = open(&one).unwrap();
    let error = accept().unwrap_err();
    assert!(
        matches!(&error, RestoreError::Half(half) if matches!(**half, StartError::InUse { .. })),
        "{error}"
    );
    application.close();
    drop(application);

    // A key that is another's is a loss, once.
    fs::copy(
        other.path().join("keys/checkpoint.key"),
        one.path().join("keys/checkpoint.key"),
    )
    .unwrap();
    let loss = accept().unwrap();
    let application = Application::open(&given).unwrap();
    application.proofs.begin_log(at(), Some(loss)).await.unwrap();
    application.keeping.sign_what_is_new(at()).await.unwrap();
    application.close();
    drop(application);
    assert_ne!(fs::read(&head).unwrap(), before);
    let error = accept().unwrap_err();
    assert!(matches!(error, RestoreError::NothingLost { .. }), "{error}");
    open(&one).unwrap().close();

    // So are checkpoints that nobody can read.
    fs::write(one.path().join("checkpoints/1.notes"), "garbage\n").unwrap();
    assert!(matches!(refused(&one), StartError::Checkpoints(_)));
    accept().unwrap();
    open(&one).unwrap().close();
}

/// A key that is damaged is told: by the server that runs on it, by the backup that lacks it, by the restore from that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_keys_are_told_wherever_they_are_copied() {
    let world = lived_in().await;
    let place = TempDir::new().unwrap();
    let path = |name: &str| place.path().join(name);
    let good = world
        .application
        .keeping
        .backup_keys(&path("good"))
        .await
        .unwrap();
    assert_eq!(good.damaged, 0);
    assert_eq!(problem(&world.application, "keys-damaged"), None);
    let dir = stopped(world).await;
    let keys = dir.path().join("keys/persons.keys");
    // Subject, state, nonce and key of a slot each.
    let file = fs::File::options().write(true).open(&keys).unwrap();
    for offset in [130, 272, 420, 570] {
        file.write_all_at(&[0xEE; 4], offset).unwrap();
    }
    let application = open(&dir).unwrap();
    let detail = problem(&application, "keys-damaged").unwrap();
    assert!(
        detail.starts_with("4 keys of persons are damaged") && detail.contains("slot 1"),
        "{detail}"
    );
    assert!(application.keeping.readiness(at()).is_ready(), "the others go on");
    let bad = application.keeping.backup_keys(&path("bad")).await.unwrap();
    assert_eq!((bad.persons, bad.damaged), (good.persons - 4, 4));
    application.close();
    drop(application);
    for (backup, damaged) in [("bad", 4), ("good", 0)] {
        fs::remove_file(&keys).unwrap();
        let restored = restore::keys(&settings(&dir), &path(backup), &[]).unwrap();
        assert_eq!(restored.damaged, damaged, "{backup}");
    }
    let application = open(&dir).unwrap();
    assert_eq!(problem(&application, "keys-damaged"), None);
    application.close();
}

/// Checkpoints that cannot be read are not the same as none: a start refuses them, and a restore calls no backup whole by them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_that_cannot_be_read_are_not_none() {
    let world = lived_in().await;
    let place = TempDir::new().unwrap();
    let backup = place.path().join("backup");
    // Long after the log began, so that it must have been signed.
    let key = world.open("ann").await;
    let mut call = world.call("ann");
    call.at = at() + TimeDelta::minutes(10);
    world.act(call, &key, words("Encore")).await.unwrap();
    world.application.keeping.backup(&backup, at()).await.unwrap();
    let dir = stopped(world).await;
    let notes = dir.path().join("checkpoints/0.notes");
    let good = fs::read(&notes).unwrap();
    for garbage in [
        b"garbage\n".to_vec(),
        [good.as_slice(), b"garbage"].concat(),
        vec![0; 50_000],
    ] {
        fs::write(&notes, &garbage).unwrap();
        assert!(
            matches!(refused(&dir), StartError::Checkpoints(_)),
            "{} bytes",
            garbage.len()
        );
        assert_eq!(fs::read(&notes).unwrap(), garbage, "nothing is cut away");
        fs::write(backup.join("checkpoints/0.notes"), &garbage).unwrap();
        let new = TempDir::new().unwrap();
        let error = restore::log_and_files(new.path(), &backup, WhenDamaged::Refuse).unwrap_err();
        assert!(matches!(error, RestoreError::NotWhole { .. }), "{error}");
        assert!(!new.path().join("log").exists());
    }
    // None where there must be some.
    fs::remove_file(backup.join("checkpoints/0.notes")).unwrap();
    let new = TempDir::new().unwrap();
    let error = restore::log_and_files(new.path(), &backup, WhenDamaged::Refuse).unwrap_err();
    assert!(matches!(error, RestoreError::NotWhole { .. }), "{error}");
    fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    let application = open(&dir).unwrap();
    let detail = problem(&application, "checkpoints-missing").unwrap();
    assert!(detail.contains("held no checkpoint"), "{detail}");
    assert!(application.keeping.readiness(at()).is_ready());
    application.close();
    drop(application);
    // Put back, and cut off as a kill leaves it.
    fs::write(&notes, [good.as_slice(), &good[..40]].concat()).unwrap();
    let application = open(&dir).unwrap();
    assert_eq!(problem(&application, "checkpoints-missing"), None);
    application.proofs.begin_log(at(), None).await.unwrap();
    application.close();
    assert_eq!(fs::read(&notes).unwrap(), good);
}

/// Views of another directory blame no log: they are made anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_of_another_log_are_made_anew() {
    let (world, other) = (lived_in().await, lived_in().await);
    for _ in 0..5 {
        let _ = other.open("bob").await;
    }
    let head = world.head();
    let (one, other) = (stopped(world).await, stopped(other).await);
    let views = one.path().join("views");
    let exchanged = |from: &TempDir| {
        fs::remove_dir_all(&views).unwrap();
        fs::create_dir(&views).unwrap();
        for entry in fs::read_dir(from.path().join("views")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), views.join(entry.file_name())).unwrap();
        }
    };
    // They have seen more than there is.
    exchanged(&other);
    let application = open(&one).unwrap();
    assert_eq!(application.keeping.log_state(), LogState::Writable);
    assert!(
        application
            .inside()
            .views
            .at_least(head, Duration::from_secs(FOLLOWED_S))
            .await
    );
    assert_eq!(application.inside().views.position(), head);
    application.proofs.begin_log(at(), None).await.unwrap();
    application.close();
    drop(application);
    // Less, and they do not say of which log, as those of an older version do not: the checkpoint speaks for the log.
    let smaller = stopped(World::new().await).await;
    exchanged(&smaller);
    let _ = fs::remove_file(views.join("of-log"));
    let application = open(&one).unwrap();
    assert_eq!(application.keeping.log_state(), LogState::Writable);
    application.close();
    drop(application);
    // Nothing speaks for it: then the views are believed.
    exchanged(&smaller);
    let _ = fs::remove_file(views.join("of-log"));
    fs::remove_dir_all(one.path().join("checkpoints")).unwrap();
    let application = open(&one).unwrap();
    assert!(matches!(
        application.keeping.log_state(),
        LogState::ReadOnly { .. }
    ));
    application.close();
}

/// Keys that are another log's, or not all, are called what they are, with what to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_another_log_are_called_what_they_are() {
    let (one, other) = (stopped(lived_in().await).await, stopped(lived_in().await).await);
    let keys = one.path().join("keys/persons.keys");
    let own = fs::read(&keys).unwrap();
    fs::write(&keys, &own[..128 * 3]).unwrap();
    let other_keys = |error: StartError| {
        let said = error.to_string();
        assert!(matches!(error, StartError::OtherKeys { .. }), "{said}");
        assert!(said.contains("guichet admin restore-keys"), "{said}");
    };
    other_keys(refused(&one));
    for name in ["persons.keys", "master.key"] {
        fs::copy(
            other.path().join("keys").join(name),
            one.path().join("keys").join(name),
        )
        .unwrap();
    }
    other_keys(refused(&one));
}

/// A ledger that is lost, or older than the log, names everybody again who was erased.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_lost_is_written_again_from_the_log() {
    let world = lived_in().await;
    let mut persons = Vec::new();
    for username in ["ann", "bob"] {
        let person = PersonId(world.id_of(username).0);
        let call = world.call("admin");
        world
            .application
            .keeping
            .erase_person(call, person, "Demandée".to_owned())
            .await
            .unwrap();
        persons.push(person.0.to_string());
    }
    let dir = stopped(world).await;
    let ledger = dir.path().join("keys/erasures.ledger");
    let whole = fs::read_to_string(&ledger).unwrap();
    assert_eq!(whole.lines().count(), 2);
    let first = format!("{}\n", whole.lines().next().unwrap());
    fs::remove_file(&ledger).unwrap();
    open_once_free(&dir).close();
    assert_eq!(fs::read_to_string(&ledger).unwrap(), whole);
    for older in [String::new(), first] {
        fs::write(&ledger, older).unwrap();
        open(&dir).unwrap().close();
        assert_eq!(fs::read_to_string(&ledger).unwrap(), whole);
    }
    for person in persons {
        assert!(whole.contains(&person), "{whole}");
    }
}

/// An event that accounts cannot be made from stops every command on them: that is told, with its position.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_accounts_cannot_be_made_from_is_told() {
    let world = lived_in().await;
    assert_eq!(problem(&world.application, "accounts-unreadable"), None);
    let id = Uuid::now_v7();
    let draft = EventDraft {
        id: EventId(id),
        event_type: "account-of-tomorrow.v9".to_owned(),
        at: at(),
        occurred_at: None,
        sent_at: None,
        by: id,
        on_behalf_of: None,
        channel: Channel::Admin,
        correlation_id: id,
        causation_id: None,
        data: serde_json::value::RawValue::from_string("{}".to_owned()).unwrap(),
    };
    let commit = Commit {
        command_id: CommandId(id),
        command_digest: [7; 32],
        writes: vec![StreamWrite {
            target: Target::Stream(StreamName::try_from(format!("account-{id}")).unwrap()),
            expected: Expected::Any,
            events: vec![draft],
        }],
    };
    #[expect(clippy::disallowed_methods, reason = "an event that no command makes")]
    world.application.inside().log.append(commit).await.unwrap();
    let head = world.head();
    let directory = world.application.directory();
    let refreshed = directory.refresh(world.application.inside().log, &vault_of_nobody());
    assert!(refreshed.is_err());
    let detail = problem(&world.application, "accounts-unreadable").unwrap();
    assert!(detail.contains(&format!("position {head}")), "{detail}");
    assert!(!world.application.keeping.readiness(at()).is_ready());
}

/// What has no personal value is decoded by any keys.
fn vault_of_nobody() -> vault::Vault {
    let dir = TempDir::new().unwrap();
    vault::Vault::open(
        &dir.path().join("persons.keys"),
        vault::MasterKey::from_bytes([7; 32]),
    )
    .unwrap()
}

/// Every key that others may read is named at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_that_others_may_read_is_named_at_once() {
    use std::os::unix::fs::PermissionsExt;
    let dir = stopped(lived_in().await).await;
    let names = [
        "master.key",
        "persons.keys",
        "server.secret",
        "checkpoint.key",
        "erasures.ledger",
    ];
    let mode = |mode| {
        for name in names {
            let path = dir.path().join("keys").join(name);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    mode(0o644);
    let said = refused(&dir).to_string();
    for name in names {
        assert!(said.contains(name), "{name}: {said}");
    }
    mode(0o600);
    open(&dir).unwrap().close();
}

/// A new master key that wraps nothing does not stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_rotation_leaves_no_new_master_key() {
    let dir = stopped(lived_in().await).await;
    let place = TempDir::new().unwrap();
    let new = place.path().join("new.key");
    let running = open(&dir).unwrap();
    assert!(restore::rotate_master(&settings(&dir), &new).is_err());
    assert!(!new.exists());
    running.close();
    drop(running);
    restore::rotate_master(&settings(&dir), &new).unwrap();
    assert!(new.exists());
}
