//! What belongs to a person lies nowhere in clear, and is gone with its key.

use std::path::Path;

use application::ReadError;

use bytes::Bytes;
use domain::{
    policy::shown_to_author,
    ticket::{TicketEvent, event::CommentBody},
};
use event_log::Version;
use futures_util::stream;
use vault::{KeyState, MasterKey, Vault};

use crate::{
    asking::Asking,
    world::{World, at, question, words},
};

fn assert_nowhere(directory: &Path, secrets: &[&str]) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere(&path, secrets);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_text_lies_in_clear_in_log_keys_and_files() {
    let world = World::new().await;
    let done = world
        .application
        .tickets
        .open_ticket(world.call("ann"), question("Zanzibar-resume"))
        .await
        .unwrap();
    let key = done.loaded.key.clone();
    world
        .act(world.call("ann"), &key, words("Zanzibar-mot"))
        .await
        .unwrap();
    let part = Ok(Bytes::from_static(b"Zanzibar-content"));
    let name = "Zanzibar-name.txt";
    let stored = world
        .application
        .tickets
        .store_file(&world.call("ann"), &key, name, stream::iter([part]))
        .await;
    world
        .application
        .tickets
        .attach(world.call("ann"), key.clone(), stored.unwrap())
        .await
        .unwrap();
    let head = world.head();
    let dir = &world.dir;
    world.application.close();
    assert_eq!(head, world.head());
    for room in ["log", "keys", "files"] {
        assert_nowhere(
            &dir.path().join(room),
            &["Zanzibar", "Name of ann", "argon2id", "Comment faire"],
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sealed_for_an_erased_person_opens_as_nothing() {
    let world = World::new().await;
    let done = world
        .application
        .tickets
        .open_ticket(world.call("ann"), question("Bonjour"))
        .await
        .unwrap();
    let key = done.loaded.key.clone();
    world.act(world.call("ann"), &key, words("mot")).await.unwrap();
    let part = Ok(Bytes::from_static(b"content"));
    let stored = world
        .application
        .tickets
        .store_file(&world.call("ann"), &key, "a.txt", stream::iter([part]))
        .await;
    let done = world
        .application
        .tickets
        .attach(world.call("ann"), key.clone(), stored.unwrap())
        .await
        .unwrap();
    assert_eq!(done.loaded.document.summary.as_deref(), Some("Bonjour"));
    let (ann, dir) = (world.viewer("ann").account, world.dir.path().to_owned());
    world.application.close();
    let World {
        dir: kept,
        application,
    } = world;
    drop(application);
    {
        let (master, _) = MasterKey::load_or_create(&dir.join("keys/master.key")).unwrap();
        let vault = Vault::open(&dir.join("keys/persons.keys"), master).unwrap();
        assert_eq!(vault.destroy(ann.0, at()).unwrap(), KeyState::Present);
    }
    let application = application::Application::open(&application::Settings::new(&dir)).unwrap();
    let world = World {
        dir: kept,
        application,
    };
    assert_eq!(world.application.directory().account(ann).unwrap().name, None);
    assert!(world.application.directory().account_by_username("ann").is_none());
    let agent = world.viewer("agent");
    let loaded = world.application.ticket(&agent, &key).unwrap();
    assert_eq!(
        (&loaded.document.summary, &loaded.document.description),
        (&None, &None)
    );
    let shown = shown_to_author(&loaded.document.attachments[0]);
    let file = &shown;
    assert_eq!((&file.name, &file.content_sha256), (&None, &None));
    assert!(matches!(
        world.application.tickets.file(file).await.err(),
        Some(ReadError::NotFound)
    ));
    let events = world.application.events_of(&agent, &loaded, Version(0)).unwrap();
    let mut bodies = Vec::new();
    for (_, event) in &events {
        if let TicketEvent::Commented(comment) = event {
            bodies.push(&comment.body);
        }
    }
    assert!(
        matches!(bodies[..], [CommentBody::Words(words)] if words.value.is_none()),
        "{bodies:?}"
    );
    let history = world.application.history_of(&agent, &loaded, Version(0)).unwrap();
    assert_eq!(history.len() as u64, loaded.document.version);
}
