//! What a ticket has, by pages: either way, of any size, for whoever reads it, while others go on writing.

use std::sync::Arc;

use application::{
    Loaded, ReadError,
    tickets::{
        as_of::AsOf,
        threads::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX, Page, Start},
    },
};
use domain::{
    PersonId, TicketKey,
    policy::Viewer,
    ticket::{Action, Blame, Edit, Stamp, TicketEvent, Visibility},
};
use event_log::{Position, Version};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::{
    asking::{Asking, all},
    world::{World, comment, words},
};

/// How many actions make one command here.
const ACTIONS: usize = 25;

fn edited(summary: String) -> Action {
    Action::Edit(Box::new(Edit {
        summary: Some(summary),
        ..Edit::nothing(PersonId(Uuid::now_v7()))
    }))
}

/// A ticket of so many events and a few more: words, notes and changes as chance has it.
async fn long_ticket(world: &World, events: u64, seed: u64) -> TicketKey {
    let (key, mut chance) = (world.open("ann").await, StdRng::seed_from_u64(seed));
    let mut number = 0;
    while world.version(&key).0 < events {
        let actions = (0..ACTIONS).map(|_| {
            number += 1;
            match chance.random_range(0..5) {
                0 | 1 => comment(&format!("note {number}"), Visibility::Internal),
                2 => edited(format!("Bonjour {number}")),
                _ => words(&format!("mot {number}")),
            }
        });
        let done = world
            .application
            .tickets
            .act(world.call("agent"), key.clone(), actions.collect());
        done.await.unwrap();
    }
    key
}

/// All versions that the pages of one size hold, in their order.
fn versions<T>(
    start: Start,
    ask: impl Fn(Start) -> Result<Page<T>, ReadError>,
    version: impl Fn(&T) -> u64,
) -> Vec<u64> {
    all(start, ask).unwrap().iter().map(version).collect()
}

fn loaded(world: &World, viewer: &Viewer, key: &TicketKey) -> Arc<Loaded> {
    world.application.ticket(viewer, key).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_any_size_either_way_are_the_whole_and_nothing_twice() {
    let world = World::new().await;
    let key = long_ticket(&world, 400, 7).await;
    let auditor = world.viewer("auditor");
    let everything = world
        .application
        .events_of(&auditor, &loaded(&world, &auditor, &key), Version(0));
    let everything = everything.unwrap();
    for (username, internal) in [("ann", false), ("agent", true)] {
        let viewer = world.viewer(username);
        let loaded = loaded(&world, &viewer, &key);
        let seen = everything
            .iter()
            .filter(|(_, event)| internal || !event.is_internal());
        let forward: Vec<u64> = seen.map(|(stamp, _)| stamp.version).collect();
        let backward: Vec<u64> = forward.iter().rev().copied().collect();
        assert_eq!(forward.len() == everything.len(), internal);
        for limit in [1, 2, 13, 50, 64, 128, 399, 1_000] {
            for (start, whole) in [
                (Start::After(Version(0)), &forward),
                (Start::Before(None), &backward),
            ] {
                let events = |start| {
                    let page = world.application.events_page(&viewer, &loaded, (start, limit))?;
                    assert!(page.items.len() <= limit);
                    Ok(page)
                };
                assert_eq!(
                    &versions(start, events, |(stamp, _)| stamp.version),
                    whole,
                    "{limit}"
                );
                let told = |start| world.application.history_page(&viewer, &loaded, (start, limit));
                assert_eq!(&versions(start, told, |entry| entry.version), whole, "{limit}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_from_anywhere_tells_what_the_whole_history_tells_there() {
    let world = World::new().await;
    let key = long_ticket(&world, 400, 8).await;
    let agent = world.viewer("agent");
    let loaded = loaded(&world, &agent, &key);
    let whole = world.application.history_of(&agent, &loaded, Version(0)).unwrap();
    assert_eq!(whole.len() as u64, loaded.version().0);
    let mut chance = StdRng::seed_from_u64(9);
    // On another opening nothing is kept, so the first look is a cold one.
    let world = world.restarted();
    for _ in 0..60 {
        let (after, limit) = (chance.random_range(0..420), chance.random_range(1..90));
        let forward = (Start::After(Version(after)), limit);
        let page = world.application.history_page(&agent, &loaded, forward).unwrap();
        let there = whole.iter().skip(after as usize).take(limit);
        assert!(page.items.iter().eq(there), "{limit} after {after}");
        let backward = (Start::Before(Some(Version(after))), limit);
        let page = world.application.history_page(&agent, &loaded, backward).unwrap();
        let there = whole
            .iter()
            .rev()
            .filter(|entry| entry.version < after)
            .take(limit);
        assert!(page.items.iter().eq(there), "{limit} before {after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_of_and_blame_of_a_long_ticket_are_those_of_its_events() {
    let world = World::new().await;
    let key = long_ticket(&world, 400, 10).await;
    let agent = world.viewer("agent");
    let events = world
        .application
        .events_of(&agent, &loaded(&world, &agent, &key), Version(0))
        .unwrap();
    let world = world.restarted();
    let mut chance = StdRng::seed_from_u64(11);
    for _ in 0..40 {
        let version = chance.random_range(1..=events.len());
        let so_far: &[(Stamp, TicketEvent)] = &events[..version];
        let as_of = Some(AsOf::Position(Position(events[version - 1].0.position)));
        let then = world.application.ticket_as_of(&agent, &key, as_of).unwrap();
        let document = so_far.iter().fold(None, |document, (stamp, event)| {
            domain::ticket::Document::evolve(document, stamp, event)
        });
        assert_eq!(Some(&then.document), document.as_ref(), "after {version}");
        let blame = so_far.iter().fold(Blame::default(), |blame, (stamp, event)| {
            blame.evolve(stamp, event)
        });
        let (viewer, asked) = (agent.clone(), key.clone());
        let blamed = world
            .application
            .asks(move |reader| reader.tickets().blame(&viewer, &asked, as_of));
        assert_eq!(blamed.unwrap().fields, blame.fields, "after {version}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_meanwhile_is_neither_repeated_nor_skipped() {
    let world = World::new().await;
    let key = long_ticket(&world, 40, 12).await;
    let agent = world.viewer("agent");
    let there = world.version(&key).0;
    for (start, expected) in [
        (Start::Before(None), (1..=there).rev().collect::<Vec<_>>()),
        (Start::After(Version(0)), (1..=there).collect()),
    ] {
        let (mut next, mut seen) = (Some(start), Vec::new());
        while let Some(start) = next {
            world.act(world.call("ann"), &key, words("encore")).await.unwrap();
            let loaded = loaded(&world, &agent, &key);
            let page = world
                .application
                .history_page(&agent, &loaded, (start, 7))
                .unwrap();
            seen.extend(page.items.iter().map(|entry| entry.version));
            next = page.next.filter(|_| seen.len() < expected.len());
        }
        // The newest first begins with what came just before it was asked for.
        let seen: Vec<u64> = seen.into_iter().filter(|version| *version <= there).collect();
        assert_eq!(seen[..expected.len().min(seen.len())], expected[..], "{start:?}");
    }
}

/// Fault S2: a page costs what it holds, and neither what is hidden nor what is long makes it cost more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_ends_after_so_many_events_and_so_many_bytes() {
    let world = World::new().await;
    let key = world.open("ann").await;
    while world.version(&key).0 <= PAGE_EVENTS_MAX {
        let notes = (0..ACTIONS * 4).map(|_| comment("note", Visibility::Internal));
        let done = world
            .application
            .tickets
            .act(world.call("agent"), key.clone(), notes.collect());
        done.await.unwrap();
    }
    world
        .act(world.call("agent"), &key, words("enfin"))
        .await
        .unwrap();
    let (ann, newest) = (world.viewer("ann"), world.version(&key));
    let loaded = loaded(&world, &ann, &key);
    let after_opening = (Start::After(Version(1)), 50);
    let page = world
        .application
        .events_page(&ann, &loaded, after_opening)
        .unwrap();
    assert_eq!(page.items.len(), 0, "there are only notes");
    let Some(Start::After(next)) = page.next else {
        panic!("{:?}", page.next)
    };
    assert!(
        (PAGE_EVENTS_MAX..PAGE_EVENTS_MAX + 128).contains(&next.0),
        "{next:?}"
    );
    let rest = world.application.events_of(&ann, &loaded, next).unwrap();
    assert_eq!(rest.last().unwrap().0.version, newest.0);

    let long = world.open("ann").await;
    let body = "x".repeat(24_000);
    for _ in 0..45 {
        world.act(world.call("ann"), &long, words(&body)).await.unwrap();
    }
    let loaded = self::loaded(&world, &ann, &long);
    let page = world
        .application
        .events_page(&ann, &loaded, (Start::After(Version(0)), 200))
        .unwrap();
    let most = PAGE_BYTES_MAX / body.len() + 2;
    assert!((10..most).contains(&page.items.len()), "{}", page.items.len());
    let whole = world.application.events_of(&ann, &loaded, Version(0)).unwrap();
    assert_eq!(whole.len() as u64, loaded.version().0);
}
