//! A clock that is wrong takes nothing away for good, and what is accepted of it is told why and for a while only.

use application::{
    keeping::clock::AcceptClockError,
    keeping::reason::{REASON_CHARS_MAX, ReasonFault},
    kernel::error::chain,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::world::{World, at, settings};

/// Until when something may be taken away for good at this reading of the clock.
async fn purged_by(world: &World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    world.application.keeping.time_to_purge_by(now).await.unwrap()
}

/// What is taken away is gone when the clock is set right: a clock that is ahead at the start says nothing of what is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_away_by_a_clock_that_nothing_supports() {
    let world = World::new().await;
    let days = TimeDelta::days;
    let by = purged_by(&world, at() + days(90)).await.unwrap();
    assert!(
        by >= at() && by < at() + days(1),
        "{by}: no further than what the log has seen"
    );
    // A leap in a running server, either way, is a fault: nothing is taken away until it is right again or accepted.
    assert_eq!(purged_by(&world, at()).await, None);
    let world = world.restarted();
    let by = purged_by(&world, at() + TimeDelta::hours(1)).await.unwrap();
    assert!(by < at() + TimeDelta::hours(1), "{by}");
    assert_eq!(purged_by(&world, at() + days(2)).await, None);
    // A clock too far behind is a fault too.
    let world = world.restarted();
    assert_eq!(purged_by(&world, at() - days(1)).await, None);
    // What an earlier purge knew of is known, though nothing happened since.
    let world = world.restarted();
    world
        .application
        .identity
        .purge_sessions(at() + days(30))
        .await
        .unwrap();
    let by = purged_by(&world, at() + days(90)).await.unwrap();
    assert!(by >= at() + days(30) && by < at() + days(31), "{by}");
    // And a command that was taken at this clock speaks for it.
    let world = world.restarted();
    let mut call = world.call("ann");
    call.at = at() + days(90);
    world
        .application
        .tickets
        .open_ticket(call, crate::world::question("Bonjour"))
        .await
        .unwrap();
    let now = at() + days(90);
    assert_eq!(purged_by(&world, now).await, Some(now));
}

/// Auditors read why a clock was accepted, so it says something, and no more than an event holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_is_accepted_for_a_reason() {
    let world = World::new().await;
    let head = world.head();
    for (reason, fault) in [
        ("".to_owned(), ReasonFault::Empty),
        ("\u{200b}".to_owned(), ReasonFault::Empty),
        ("x".repeat(70_000), ReasonFault::Long { chars: 70_000 }),
    ] {
        let refused = world
            .application
            .keeping
            .accept_clock(reason, at())
            .await
            .unwrap_err();
        assert!(matches!(&refused, AcceptClockError::Reason(found) if *found == fault));
        if let ReasonFault::Long { .. } = fault {
            let said = chain(&refused);
            assert!(said.contains(&REASON_CHARS_MAX.to_string()), "{said}");
        }
    }
    assert_eq!(world.head(), head, "nothing was written");
}

/// A clock that was accepted is taken until it has caught up, across restarts; then it is like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_clock_is_taken_until_it_has_caught_up() {
    let world = World::new().await;
    let behind = at() - TimeDelta::days(400);
    let opened = async |world: &World, now| {
        let mut call = world.call("ann");
        call.at = now;
        let question = crate::world::question("Bonjour");
        world
            .application
            .tickets
            .open_ticket(call, question)
            .await
            .map(drop)
    };
    assert!(opened(&world, behind).await.is_err());
    world
        .application
        .keeping
        .accept_clock("La pile était vide".to_owned(), behind)
        .await
        .unwrap();
    let later = behind + TimeDelta::seconds(20);
    opened(&world, later).await.unwrap();
    let world = world.restarted();
    opened(&world, later).await.unwrap();
    // It has caught up.
    let world = world.restarted();
    opened(&world, at() + TimeDelta::seconds(9)).await.unwrap();
    for world in [world.restarted()] {
        assert!(opened(&world, later).await.is_err(), "400 days behind again");
        world.application.close();
        assert!(settings(&world.dir).data.exists());
    }
}
