//! User names that people cannot tell apart: one of them is given, whoever asks, at once or years later.

use std::fs;

use application::{keeping::erasures::ErasureState, kernel::writes::Made};

use domain::policy::Role;
use event_log::Channel;

use crate::{
    eve::until,
    world::{NO_PASSWORD, World, at, new_account},
};

/// Plain, Cyrillic, Greek: all look like `ooo`.
const LOOKS: [&str; 3] = ["ooo", "\u{43e}\u{43e}\u{43e}", "\u{3bf}\u{3bf}\u{3bf}"];

async fn make(world: &World, username: &str) -> Made {
    let call = world.application.system_call(at(), Channel::Admin);
    let new = new_account(username, Role::Requester, None, NO_PASSWORD);
    world
        .application
        .people
        .make_account(&call, new, None)
        .await
        .unwrap()
}

/// Fault S10: names that look alike were given side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_names_that_look_alike_one_is_given_and_it_stays_so_after_a_restart() {
    for first in LOOKS {
        let world = World::new().await;
        assert_eq!(make(&world, first).await, Made::Now, "{first}");
        let world = world.restarted();
        for other in LOOKS {
            assert_eq!(make(&world, other).await, Made::Before, "{first} {other}");
        }
        assert_eq!(make(&world, "oooo").await, Made::Now);
    }
}

/// Fault S10: plain names are told apart by those who type them, and each is given.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_names_are_given_side_by_side() {
    let world = World::new().await;
    for name in ["paul1", "paull", "PAULI", "barn", "bam"] {
        assert_eq!(make(&world, name).await, Made::Now, "{name}");
    }
    let world = world.restarted();
    for name in ["Paul1", "paulI", "bam"] {
        assert_eq!(make(&world, name).await, Made::Before, "{name}");
    }
    // Of Cyrillic letters, and looks like `PAULI` in no case.
    assert_eq!(make(&world, "\u{43f}\u{430}\u{443}\u{43b}").await, Made::Now);
}

/// Fault S10: of many who come at once with names that look alike, one gets theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_whose_names_look_alike_one_gets_it() {
    for round in 0..8 {
        let world = World::new().await;
        let wanted = (0..24).map(|n| LOOKS[(n + round) % LOOKS.len()]);
        let made = futures_util::future::join_all(wanted.map(|name| make(&world, name))).await;
        assert_eq!(
            made.iter().filter(|made| **made == Made::Now).count(),
            1,
            "round {round}"
        );
    }
}

/// Until a person is out of every file the erasure runs, after a kill too: `done` was answered while lists still showed them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_a_kill_interrupted_runs_until_it_is_resumed() {
    let world = World::new().await;
    let _ = make(&world, "ann").await;
    let person = world.id_of("ann").person();
    let keeping = &world.application.keeping;
    let begun = keeping.erase_person(world.call("admin"), person, "Sur demande".to_owned());
    let (begun, made) = begun.await.unwrap();
    assert_eq!((begun.state, made), (ErasureState::Running, Made::Now));
    until("she is forgotten", async || {
        keeping.erasure(&world.viewer("admin"), person).unwrap().state == ErasureState::Done
    })
    .await;
    // As a kill leaves it that comes before the views are clean.
    let world = world.restarted_after(|data| fs::remove_file(data.join("views/erased-through")).unwrap());
    let keeping = &world.application.keeping;
    let state = || keeping.erasure(&world.viewer("admin"), person).unwrap().state;
    assert_eq!(state(), ErasureState::Running);
    assert_eq!(keeping.resume_erasures().await.unwrap(), 1);
    assert_eq!(state(), ErasureState::Done);
    let world = world.restarted();
    let keeping = &world.application.keeping;
    assert_eq!(
        keeping.erasure(&world.viewer("admin"), person).unwrap().state,
        ErasureState::Done
    );
}

/// Fault S10: who is erased is not taken for somebody else later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_look_of_an_erased_holder_s_name_is_given_to_nobody() {
    for first in LOOKS {
        let world = World::new().await;
        assert_eq!(make(&world, first).await, Made::Now);
        let person = world.id_of(first).person();
        let erased =
            world
                .application
                .keeping
                .erase_person(world.call("admin"), person, "Sur demande".to_owned());
        erased.await.unwrap();
        assert!(world.application.directory().account_by_username(first).is_none());
        for other in LOOKS {
            assert_eq!(make(&world, other).await, Made::Before, "{first} {other}");
        }
    }
}
