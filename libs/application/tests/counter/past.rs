//! The past of a thousand random tickets: as of every position it is what was answered there, and a replay of the prefix.

use std::sync::Arc;

use application::{
    Application, Loaded, ReadError, Reader,
    tickets::{as_of::AsOf, threads::Start},
};
use domain::{
    CommentId, PersonId, TicketKey,
    policy::Viewer,
    ticket::{Action, Document, Edit, Stamp, Text, TicketEvent, Visibility},
};
use event_log::{Position, Version};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::{
    asking::Asking,
    world::{World, comment, transition},
};

/// How many histories there are.
const HISTORIES: u64 = 1_000;
/// How many are told at once.
const AT_ONCE: u64 = 50;
/// Commands after the opening, at most.
const COMMANDS_MAX: u32 = 8;
/// More events than any of them has.
const EVENTS_MAX: usize = 100;

/// A ticket, with what was answered to each of its commands.
struct Told {
    key: TicketKey,
    answers: Vec<Arc<Loaded>>,
}

fn a_command(chance: &mut StdRng, number: u32) -> (&'static str, Action) {
    let words = format!("{number}: {}", chance.random::<u32>());
    match chance.random_range(0..9) {
        0 => ("ann", comment(&words, Visibility::Public)),
        1 => ("agent", comment(&words, Visibility::Internal)),
        2 => ("agent", comment(&words, Visibility::Public)),
        3 => ("agent", transition("take", None)),
        4 => ("agent", transition("wait_for_customer", Some(&words))),
        5 => ("ann", transition("customer_answered", Some(&words))),
        6 => ("agent", transition("close", Some(&words))),
        7 => {
            let reason = Text {
                id: CommentId(Uuid::now_v7()),
                body: words,
            };
            ("ann", Action::Reopen { reason })
        }
        _ => {
            let edit = Edit {
                summary: Some(words),
                ..Edit::nothing(PersonId(Uuid::now_v7()))
            };
            ("ann", Action::Edit(Box::new(edit)))
        }
    }
}

async fn a_history(world: &World, seed: u64) -> Told {
    let mut chance = StdRng::seed_from_u64(seed);
    let key = world.open("ann").await;
    let admin = world.viewer("admin");
    let mut answers = vec![world.application.ticket(&admin, &key).unwrap()];
    for number in 0..chance.random_range(1..=COMMANDS_MAX) {
        let (who, action) = a_command(&mut chance, number);
        // What the rules refuse at this point did not happen.
        if let Ok(done) = world.act(world.call(who), &key, action).await {
            answers.push(done.loaded.into_inner());
        }
    }
    Told { key, answers }
}

/// The fold of a prefix, by the rules alone.
fn replay(events: &[(Stamp, TicketEvent)]) -> Option<Document> {
    let fold = |document, (stamp, event): &(Stamp, TicketEvent)| Document::evolve(document, stamp, event);
    events.iter().fold(None, fold)
}

/// As of every position from before the opening to after the end.
fn check(reader: &Reader<'_, Application>, admin: &Viewer, told: &Told) -> Result<usize, ReadError> {
    let tickets = reader.tickets();
    let as_of = |position: u64| {
        let as_of = AsOf::Position(Position(position));
        tickets.ticket_as_of(admin, &told.key, Some(as_of))
    };
    let today = told.answers.last().unwrap();
    let all = (Start::After(Version(0)), EVENTS_MAX);
    let events = tickets.events(admin, today, all, |happened| {
        Some((happened.stamp.clone(), happened.event.clone()))
    })?;
    assert_eq!(events.next, None);
    let events = events.items;
    let positions: Vec<u64> = events.iter().map(|(stamp, _)| stamp.position).collect();
    assert!(
        as_of(positions[0] - 1).is_err(),
        "it was there before it was opened"
    );
    for (version, position) in (1_u64..).zip(&positions) {
        let then = as_of(*position)?;
        assert_eq!(
            (then.document.version, then.document.position),
            (version, *position)
        );
        assert_eq!(Some(&then.document), replay(&events[..version as usize]).as_ref());
    }
    for answer in &told.answers {
        assert_eq!(*as_of(answer.document.position)?, *answer);
        // Nothing happened to this ticket until its next event.
        let next = positions
            .iter()
            .find(|position| **position > answer.document.position);
        let until = next.map_or(reader.head().0, |next| next - 1);
        assert_eq!(*as_of(until)?, *answer);
    }
    Ok(positions.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_every_position_a_ticket_is_what_was_answered_there() {
    let world = World::new().await;
    let mut told = Vec::new();
    for first in (0..HISTORIES).step_by(AT_ONCE as usize) {
        let histories = (first..first + AT_ONCE).map(|seed| a_history(&world, seed));
        told.extend(futures_util::future::join_all(histories).await);
    }
    assert_eq!(told.len() as u64, HISTORIES);
    let (admin, told) = (world.viewer("admin"), Arc::new(told));
    let all = Arc::clone(&told);
    let prefixes = world.application.asks(move |reader| {
        let prefixes = all.iter().map(|told| check(reader, &admin, told));
        prefixes.sum::<Result<usize, _>>()
    });
    let prefixes = prefixes.unwrap();
    assert!(
        prefixes > 3_000,
        "the histories are too short to prove anything: {prefixes} prefixes"
    );
    // After a restart nothing is kept in memory, and the past is the same.
    let world = world.restarted();
    let admin = world.viewer("admin");
    let checked = world.application.asks(move |reader| {
        let some = told.iter().step_by(97);
        some.map(|told| check(reader, &admin, told))
            .sum::<Result<usize, _>>()
    });
    assert!(checked.unwrap() > 30);
}
