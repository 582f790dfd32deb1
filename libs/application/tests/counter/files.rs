//! Attachments: sealed, exact to the byte, and gone when nobody refers to them.

use std::path::PathBuf;

use application::{
    Call, ExecuteError, ReadError,
    tickets::attachments::{Collected, ORPHAN_HOURS, Stored},
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{TicketKey, policy::shown_to_author, ticket::document::AttachedFile};
use futures_util::{TryStreamExt, stream};

use crate::world::{FILE_BYTES_MAX, World, at, words};

type Part = Result<Bytes, ExecuteError>;

fn parts(content: &[u8]) -> Vec<Part> {
    content
        .chunks(50_000)
        .map(|part| Ok(Bytes::copy_from_slice(part)))
        .collect()
}

async fn store(world: &World, key: &TicketKey, parts: Vec<Part>) -> Result<Stored, ExecuteError> {
    world
        .application
        .tickets
        .store_file(&world.call("ann"), key, "écran.png", stream::iter(parts))
        .await
}

async fn read(world: &World, file: &AttachedFile) -> Result<Vec<u8>, ReadError> {
    let file = shown_to_author(file);
    let parts = world.application.tickets.file(&file).await?;
    let parts: Vec<Bytes> = parts.try_collect().await?;
    Ok(parts.concat())
}

/// Every file in the store, with its directory when it has one.
fn in_store(world: &World) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![world.dir.path().join("files")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => directories.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_back_to_the_byte_up_to_the_limit_and_not_beyond() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let head = world.head();
    let empty = store(&world, &key, vec![]).await;
    assert!(matches!(empty, Err(ExecuteError::Rejected(_))), "{empty:?}");
    let too_large = store(&world, &key, parts(&vec![7; FILE_BYTES_MAX as usize + 1])).await;
    assert!(
        matches!(
            too_large,
            Err(ExecuteError::FileTooLarge {
                max_bytes: FILE_BYTES_MAX
            })
        ),
        "{too_large:?}"
    );
    assert_eq!((in_store(&world), world.head()), (vec![], head));

    for size in [1, 65_536, FILE_BYTES_MAX as usize] {
        let content: Vec<u8> = (0..size).map(|byte| b'a' + (byte % 26) as u8).collect();
        let stored = store(&world, &key, parts(&content)).await.unwrap();
        let done = world
            .application
            .tickets
            .attach(world.call("ann"), key.clone(), stored)
            .await
            .unwrap();
        let file = done.loaded.document.attachments.last().unwrap().clone();
        assert_eq!((file.size, file.media_type.as_str()), (size as u64, "text/plain"));
        assert_eq!(file.name.as_deref(), Some("écran.png"));
        assert_eq!(read(&world, &file).await.unwrap(), content);
    }
    let names: Vec<_> = in_store(&world)
        .iter()
        .map(|path| path.parent() == Some(&world.dir.path().join("files")))
        .collect();
    assert_eq!(names, [true, true, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_breaks_off_leaves_neither_event_nor_bytes() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let head = world.head();
    let mut broken = parts(&[1; 150_000]);
    broken.push(Err(ExecuteError::Upload("gone".into())));
    let broken = store(&world, &key, broken).await;
    assert!(matches!(broken, Err(ExecuteError::Upload(_))), "{broken:?}");
    let foreign = world
        .application
        .tickets
        .store_file(&world.call("bob"), &key, "a", stream::iter(parts(b"a")))
        .await;
    assert!(matches!(foreign, Err(ExecuteError::NotFound)), "{foreign:?}");
    let auditor = world
        .application
        .tickets
        .store_file(&world.call("auditor"), &key, "a", stream::iter(parts(b"a")))
        .await;
    assert!(matches!(auditor, Err(ExecuteError::Rejected(_))), "{auditor:?}");
    assert_eq!((in_store(&world), world.head()), (vec![], head));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_sent_twice_under_one_key_is_attached_and_kept_once() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let one = store(&world, &key, parts(b"content")).await.unwrap();
    let two = store(&world, &key, parts(b"content")).await.unwrap();
    assert_eq!(one.content_sha256(), two.content_sha256());
    let call = || world.keyed("ann", "file", one.content_sha256());
    let first = world
        .application
        .tickets
        .attach(call(), key.clone(), one.clone())
        .await
        .unwrap();
    let second = world
        .application
        .tickets
        .attach(call(), key.clone(), two)
        .await
        .unwrap();
    assert!(second.repeated);
    assert_eq!(first.loaded, second.loaded);
    assert_eq!(in_store(&world).len(), 1);
    assert_eq!(
        read(&world, &first.loaded.document.attachments[0]).await.unwrap(),
        b"content"
    );
    // Refused, it is taken away as well.
    let three = store(&world, &key, parts(b"content")).await.unwrap();
    let stale = Call {
        expected_version: Some(event_log::Version(1).into()),
        ..world.call("ann")
    };
    let stale = world.application.tickets.attach(stale, key, three).await;
    assert!(matches!(stale, Err(ExecuteError::Stale { .. })), "{stale:?}");
    assert_eq!(in_store(&world).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_tampered_with_is_not_given_out_as_whole() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let stored = store(&world, &key, parts(&[b'x'; 100_000])).await.unwrap();
    let done = world
        .application
        .tickets
        .attach(world.call("ann"), key, stored)
        .await
        .unwrap();
    let file = &done.loaded.document.attachments[0];
    let path = world.dir.path().join("files").join(&file.blob);
    let sealed = std::fs::read(&path).unwrap();
    std::fs::write(&path, &sealed[..sealed.len() - 1]).unwrap();
    assert!(matches!(read(&world, file).await, Err(ReadError::Internal(_))));
    let mut changed = sealed.clone();
    changed[70_000] ^= 1;
    std::fs::write(&path, changed).unwrap();
    assert!(matches!(read(&world, file).await, Err(ReadError::Internal(_))));
    std::fs::write(&path, sealed).unwrap();
    assert_eq!(read(&world, file).await.unwrap().len(), 100_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_no_event_refers_to_is_collected_and_only_after_a_day() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let stored = store(&world, &key, parts(b"attached")).await.unwrap();
    let done = world
        .application
        .tickets
        .attach(world.call("ann"), key.clone(), stored)
        .await
        .unwrap();
    let file = done.loaded.document.attachments[0].clone();
    // As if the process had died after the event and before the file got its name.
    let files = world.dir.path().join("files");
    std::fs::rename(
        files.join(&file.blob),
        files.join("incoming").join(format!("{}.{key}", file.blob)),
    )
    .unwrap();
    assert_eq!(read(&world, &file).await.unwrap(), b"attached");
    store(&world, &key, parts(b"orphan")).await.unwrap();
    // As if the process had been killed within an upload.
    std::fs::write(files.join("incoming").join("cut-off#1"), b"rest").unwrap();

    let world = world.restarted();
    assert_eq!(in_store(&world).len(), 2);
    let modified = in_store(&world)
        .into_iter()
        .map(|path| path.metadata().unwrap().modified().unwrap())
        .max();
    let modified: DateTime<Utc> = modified.unwrap().into();
    let day = TimeDelta::hours(ORPHAN_HOURS);
    let early = world
        .application
        .tickets
        .collect_orphans(modified + day - TimeDelta::hours(1))
        .await
        .unwrap();
    assert_eq!(early, Collected::default());
    let collected = world
        .application
        .tickets
        .collect_orphans(modified + day + TimeDelta::seconds(1))
        .await
        .unwrap();
    assert_eq!(collected, Collected { kept: 1, removed: 1 });
    assert_eq!(
        in_store(&world),
        [world.dir.path().join("files").join(&file.blob)]
    );
    assert_eq!(read(&world, &file).await.unwrap(), b"attached");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_upload_is_not_taken_for_a_slow_clock() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let early = Call {
        at: at() - TimeDelta::seconds(4),
        ..world.call("ann")
    };
    let stored = world
        .application
        .tickets
        .store_file(&early, &key, "a.txt", stream::iter(parts(b"a")))
        .await
        .unwrap();
    // The door stamps anew when the file is there: the later stamp holds.
    let late = Call {
        at: at() + TimeDelta::seconds(30),
        ..world.call("ann")
    };
    let done = world
        .application
        .tickets
        .attach(late, key.clone(), stored)
        .await
        .unwrap();
    assert_eq!(done.events[0].0.at, at() + TimeDelta::seconds(30));
    // Fault S4: a clock that is behind goes on, with a stamp that does not run backwards; too far behind it is refused.
    let behind = world.act(world.call("ann"), &key, words("en retard")).await;
    assert_eq!(
        behind.unwrap().events[0].0.at,
        at() + TimeDelta::seconds(30),
        "it stands still"
    );
    let hours_behind = |seconds| Call {
        at: at() + TimeDelta::seconds(30) - TimeDelta::hours(4) - TimeDelta::seconds(seconds),
        ..world.call("ann")
    };
    let last = world.act(hours_behind(0), &key, words("très en retard")).await;
    assert_eq!(last.unwrap().events[0].0.at, at() + TimeDelta::seconds(30));
    let refused = world.act(hours_behind(1), &key, words("trop tard")).await;
    assert!(matches!(refused, Err(ExecuteError::Clock(_))), "{refused:?}");
}
