//! The same command told twice, refusals, stale versions.

use application::{Call, ExecuteError, kernel::call};

use domain::ticket::{Rejection, TicketEvent, Visibility};
use event_log::{Channel, Version};

use crate::world::{World, comment, question, transition, words};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_command_writes_nothing_and_is_answered_alike_after_a_restart_too() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let first = world
        .act(world.keyed("ann", "k1", "a"), &key, words("un"))
        .await
        .unwrap();
    world.act(world.call("ann"), &key, words("deux")).await.unwrap();
    let head = world.head();
    let again = world
        .act(world.keyed("ann", "k1", "a"), &key, words("un"))
        .await
        .unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!((&again.loaded, &again.events), (&first.loaded, &first.events));

    let world = world.restarted();
    let again = world
        .act(world.keyed("ann", "k1", "a"), &key, words("un"))
        .await
        .unwrap();
    assert_eq!((again.loaded, again.events), (first.loaded, first.events));
    let other = world
        .act(world.keyed("ann", "k1", "b"), &key, words("autre"))
        .await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
    assert_eq!(world.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_opening_is_one_ticket_after_a_restart_too() {
    let world = World::new().await;
    let call = || world.keyed("ann", "open", "a");
    let (one, two) = tokio::join!(
        world.application.tickets.open_ticket(call(), question("Une")),
        world.application.tickets.open_ticket(call(), question("Une")),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.loaded, two.loaded);
    assert_eq!(one.events, two.events);
    assert!(one.repeated != two.repeated);
    let head = world.head();
    let other = world
        .application
        .tickets
        .open_ticket(world.keyed("ann", "open", "b"), question("Autre"))
        .await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");

    let world = world.restarted();
    let three = world
        .application
        .tickets
        .open_ticket(world.keyed("ann", "open", "a"), question("Une"))
        .await
        .unwrap();
    assert_eq!(three.loaded, one.loaded);
    assert_eq!(world.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_command_many_times_at_once_is_written_once() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let sent = (0..16).map(|_| world.act(world.keyed("ann", "k", "a"), &key, words("un")));
    let done = futures_util::future::join_all(sent).await;
    let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().filter(|done| !done.repeated).count(), 1);
    for one in &done {
        assert_eq!((&one.loaded, &one.events), (&done[0].loaded, &done[0].events));
    }
    assert_eq!(world.version(&key), done[0].loaded.version());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_on_two_tickets_at_once_changes_only_one() {
    let world = World::new().await;
    let (one, two) = (world.open("ann").await, world.open("ann").await);
    let before = world.head();
    let (on_one, on_two) = tokio::join!(
        world.act(world.keyed("ann", "k", "one"), &one, words("un")),
        world.act(world.keyed("ann", "k", "two"), &two, words("un")),
    );
    assert_eq!(usize::from(on_one.is_ok()) + usize::from(on_two.is_ok()), 1);
    let refused = on_one.err().or(on_two.err()).unwrap();
    assert!(matches!(refused, ExecuteError::KeyReused), "{refused:?}");
    assert_eq!(world.head().0, before.0 + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_no_event_and_takes_no_key() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let head = world.head();
    let refused = world.act(world.keyed("ann", "k", "a"), &key, words("  ")).await;
    assert!(
        matches!(refused, Err(ExecuteError::Rejected(Rejection::Invalid(_)))),
        "{refused:?}"
    );
    let refused = world
        .act(world.call("ann"), &key, comment("note", Visibility::Internal))
        .await;
    assert!(
        matches!(
            refused,
            Err(ExecuteError::Rejected(Rejection::NotPermitted { .. }))
        ),
        "{refused:?}"
    );
    let refused = world
        .act(world.call("ann"), &key, transition("confirm", None))
        .await;
    assert!(
        matches!(
            refused,
            Err(ExecuteError::Rejected(Rejection::WrongStatus { .. }))
        ),
        "{refused:?}"
    );
    let foreign = world.act(world.call("bob"), &key, words("bonjour")).await;
    assert!(matches!(foreign, Err(ExecuteError::NotFound)), "{foreign:?}");
    let nothing = world
        .application
        .tickets
        .open_ticket(world.call("ann"), Default::default())
        .await;
    assert!(
        matches!(nothing, Err(ExecuteError::Rejected(Rejection::Invalid(_)))),
        "{nothing:?}"
    );
    assert_eq!(world.head(), head);
    // Refusals are decided anew: mended, the same key goes through.
    assert!(
        !world
            .act(world.keyed("ann", "k", "b"), &key, words("mieux"))
            .await
            .unwrap()
            .repeated
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let head = world.head();
    let done = world
        .act(
            world.call("agent"),
            &key,
            domain::ticket::Action::Assign { assignee: None },
        )
        .await;
    let done = done.unwrap();
    assert_eq!((done.events.len(), done.repeated, world.head()), (0, false, head));
    assert_eq!(done.loaded.version(), world.version(&key));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slower_of_two_writers_is_refused_unless_it_is_a_repetition() {
    let world = World::new().await;
    let key = world.open("ann").await;
    let seen = world.version(&key);
    let call = |name: &str| Call {
        expected_version: Some(seen.into()),
        ..world.keyed("ann", name, "a")
    };
    let (one, two) = tokio::join!(
        world.act(call("1"), &key, words("un")),
        world.act(call("2"), &key, words("deux"))
    );
    let (won, lost) = if one.is_ok() { ("1", two) } else { ("2", one) };
    let newest = world.version(&key);
    assert_eq!(newest, Version(seen.0 + 1));
    assert!(
        matches!(lost, Err(ExecuteError::Stale { expected, actual }) if expected == seen && actual == newest),
        "{lost:?}"
    );
    // The winner did not hear the answer and asks again: its version is old by its own doing.
    assert!(world.act(call(won), &key, words("un")).await.unwrap().repeated);
    assert_eq!(world.version(&key), newest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_an_operator_is_one_ticket_whichever_program_sends_it() {
    let world = World::new().await;
    world
        .account(crate::world::new_account(
            "ann-too",
            domain::policy::Role::Requester,
            Some("commune-a"),
            crate::world::NO_PASSWORD,
        ))
        .await;
    let report = |username: &str, body: &str| {
        let call = world.keyed(username, "unused", body);
        let id = call::command_id(
            call.viewer.account,
            Channel::Soap,
            call::OPENS_TICKET,
            Some("soap:1"),
        );
        Call {
            channel: Channel::Soap,
            command_id: id,
            ..call
        }
    };
    let one = world
        .application
        .tickets
        .open_ticket(report("ann", "a"), question("Panne"))
        .await
        .unwrap();
    let two = world
        .application
        .tickets
        .open_ticket(report("ann-too", "a"), question("Panne"))
        .await
        .unwrap();
    assert!(two.repeated);
    assert_eq!(two.loaded.key, one.loaded.key);
    let other = world
        .application
        .tickets
        .open_ticket(report("ann-too", "b"), question("Autre"))
        .await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
    // Somebody else's guess at the reference is judged by the rules first, and learns nothing from them.
    let invalid = world
        .application
        .tickets
        .open_ticket(report("bob", "b"), question(""))
        .await;
    assert!(
        matches!(invalid, Err(ExecuteError::Rejected(Rejection::Invalid(_)))),
        "{invalid:?}"
    );
    let opened = one
        .events
        .iter()
        .filter(|(_, event)| matches!(**event, TicketEvent::Opened(_)))
        .count();
    assert_eq!(opened, 1);
}
