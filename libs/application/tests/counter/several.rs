//! One command over several tickets and accounts: one commit, all of it or nothing, and one answer when it is repeated.

use std::collections::{BTreeMap, BTreeSet};

use application::{
    Call, ExecuteError,
    kernel::call::{Asked, ExpectedVersion},
    several::{AskedOfSeveral, DoneOnSeveral},
};

use domain::{
    AccountId, Detail, TicketKey,
    account::change::Change,
    policy::{Grant, Role},
    ticket::{Action, Rejection, TicketEvent, Visibility},
};
use event_log::{Position, Version, limits::COMMIT_EVENTS_MAX};

use crate::{
    asking::Asking,
    crowds::in_round,
    world::{World, comment, question, transition, words},
};

/// The actions, whatever versions there are.
pub(crate) fn any<A>(actions: Vec<A>) -> Asked<A> {
    Asked {
        actions,
        expected: None,
    }
}

/// The same words on each of these tickets.
pub(crate) fn on_each(keys: &[&TicketKey], body: &str) -> AskedOfSeveral {
    let asked = keys.iter().map(|key| ((*key).clone(), any(vec![words(body)])));
    AskedOfSeveral {
        tickets: asked.collect(),
        accounts: BTreeMap::new(),
    }
}

/// A new address of this account beside it.
pub(crate) fn and_address(asked: AskedOfSeveral, account: AccountId, address: &str) -> AskedOfSeveral {
    let change = Change::SetAddress(Some(address.to_owned()));
    AskedOfSeveral {
        accounts: BTreeMap::from([(account, any(vec![change]))]),
        ..asked
    }
}

/// The streams that a command has written to, in the order of the log, and whether its events follow each other.
pub(crate) fn streams_of(world: &World, call: &Call) -> Vec<String> {
    let Some((_, appended)) = world.application.inside().log.command(call.command_id).unwrap() else {
        return Vec::new();
    };
    let positions = appended.events.iter().map(|event| event.position.0);
    assert!(positions.eq(appended.first.0..=appended.last.0));
    let streams = appended.events.iter().map(|event| &event.envelope.stream);
    streams.map(|stream| stream.as_str().to_owned()).collect()
}

/// What a command has answered of tickets, without whether it was repeated.
pub(crate) fn answer(done: &DoneOnSeveral) -> Vec<String> {
    let told = |(key, done): (&TicketKey, &application::tickets::act::Done)| {
        format!("{key} {:?} {:?}", done.loaded, done.events)
    };
    done.tickets.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_over_two_tickets_and_an_account_is_one_commit_and_the_last_answer_of_each() {
    let world = World::new().await;
    let (one, two, bob) = (
        world.open("ann").await,
        world.open("ann").await,
        world.id_of("bob"),
    );
    let (head, call) = (world.head(), world.call("admin"));
    let asked = and_address(on_each(&[&two, &one], "les deux"), bob, "bob@new.example");
    let done = world
        .application
        .act_on_several(call.clone(), asked)
        .await
        .unwrap();
    let account = format!("account-{bob}");
    assert_eq!(streams_of(&world, &call), [one.as_str(), two.as_str(), &account]);
    assert_eq!(world.head(), Position(head.0 + 3));
    for (place, key) in [(1, &one), (2, &two)] {
        let on_ticket = &done.tickets[key];
        let [(stamp, event)] = &on_ticket.events[..] else {
            panic!("{:?}", on_ticket.events)
        };
        assert!(matches!(**event, TicketEvent::Commented(_)), "{event:?}");
        assert_eq!((stamp.position, stamp.version), (head.0 + place, 2));
        let shown = world.application.ticket(&world.viewer("admin"), key).unwrap();
        assert_eq!(*on_ticket.loaded, shown);
        assert!(!on_ticket.repeated);
    }
    let address = done.accounts[&bob].address.as_ref().unwrap();
    assert_eq!(address.address, "bob@new.example");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_of_several_refuses_is_done_on_none() {
    let world = World::new().await;
    let (one, two) = (world.open("ann").await, world.open("ann").await);
    let (bob, admin) = (world.id_of("bob"), world.id_of("admin"));
    let head = world.head();
    let blank = |key: &TicketKey| (key.clone(), any(vec![words("  ")]));
    let with = |more: (TicketKey, Asked<Action>)| {
        let mut asked = and_address(on_each(&[&one, &two], "un"), bob, "bob@new.example");
        asked.tickets.extend([more]);
        asked
    };
    let act = |username: &str, asked| world.application.act_on_several(world.call(username), asked);
    for key in [&one, &two] {
        let refused = act("admin", with(blank(key))).await;
        let is_invalid = matches!(&refused, Err(ExecuteError::Rejected(Rejection::Invalid(_))));
        assert!(is_invalid, "{key}: {refused:?}");
    }
    let unknown = act(
        "admin",
        with(("SUP-999".parse().unwrap(), any(vec![words("un")]))),
    )
    .await;
    assert!(matches!(unknown, Err(ExecuteError::NotFound)), "{unknown:?}");
    let foreign = act("bob", on_each(&[&one, &two], "un")).await;
    assert!(matches!(foreign, Err(ExecuteError::NotFound)), "{foreign:?}");
    let not_permitted = act("agent", with((one.clone(), any(vec![words("un")])))).await;
    let is_told = matches!(
        &not_permitted,
        Err(ExecuteError::NotFound | ExecuteError::Rejected(_))
    );
    assert!(is_told, "an agent administers no account: {not_permitted:?}");
    let invalid = act("admin", and_address(on_each(&[&one], "un"), bob, "no address")).await;
    let is_invalid = matches!(&invalid, Err(ExecuteError::Rejected(Rejection::Invalid(_))));
    assert!(is_invalid, "{invalid:?}");
    let last = Change::Revoke(Grant {
        role: Role::Admin,
        desk: None,
        organization: None,
    });
    let mut asked = on_each(&[&one], "un");
    asked.accounts.insert(admin, any(vec![last]));
    let system = world
        .application
        .system_call(crate::world::at(), event_log::Channel::Admin);
    let call = Call {
        viewer: domain::policy::Viewer {
            grants: world.viewer("admin").grants,
            ..system.viewer.clone()
        },
        ..system
    };
    let last = world.application.act_on_several(call, asked).await;
    assert!(matches!(last, Err(ExecuteError::LastAdministrator)), "{last:?}");
    assert_eq!(world.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_several_is_held_to_the_version_that_the_caller_saw_of_it() {
    let world = World::new().await;
    let (one, two) = (world.open("ann").await, world.open("ann").await);
    let seen = |key: &TicketKey| Some(ExpectedVersion::from(world.version(key)));
    let mut asked = on_each(&[&one, &two], "un");
    for (key, asked) in &mut asked.tickets {
        asked.expected = seen(key);
    }
    world
        .act(world.call("ann"), &two, words("entre-temps"))
        .await
        .unwrap();
    let head = world.head();
    let stale = world
        .application
        .act_on_several(world.call("agent"), asked.clone())
        .await;
    let is_told = matches!(
        stale,
        Err(ExecuteError::Stale {
            expected: Version(1),
            actual: Version(2)
        })
    );
    assert!(is_told, "{stale:?}");
    assert_eq!(world.head(), head);
    asked.tickets.get_mut(&two).unwrap().expected = seen(&two);
    world
        .application
        .act_on_several(world.call("agent"), asked)
        .await
        .unwrap();
    assert_eq!(
        (world.version(&one), world.version(&two)),
        (Version(2), Version(3))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_are_answered_alike_when_repeated_those_left_as_they_were_too() {
    let world = World::new().await;
    let (one, two, bob) = (
        world.open("ann").await,
        world.open("ann").await,
        world.id_of("bob"),
    );
    let call = |world: &World, body: &str| world.keyed("admin", "both", body);
    let asked = || {
        let mut asked = and_address(on_each(&[&one], "un"), bob, "bob@new.example");
        // Nobody treats it, and nobody is to.
        asked
            .tickets
            .insert(two.clone(), any(vec![Action::Assign { assignee: None }]));
        asked
    };
    let act = async |world: &World, body| world.application.act_on_several(call(world, body), asked()).await;
    let first = act(&world, "a").await.unwrap();
    assert!(first.tickets[&two].events.is_empty());
    for key in [&one, &two] {
        world.act(world.call("ann"), key, words("après")).await.unwrap();
    }
    let head = world.head();
    let again = act(&world, "a").await.unwrap();
    assert!(again.tickets.values().all(|done| done.repeated));
    assert_eq!(answer(&again), answer(&first));
    let world = world.restarted();
    let again = act(&world, "a").await.unwrap();
    assert_eq!(answer(&again), answer(&first));
    let other = act(&world, "b").await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
    assert_eq!(world.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_are_answered_when_repeated_only_to_who_may_still_read_them_all() {
    let world = World::new().await;
    let (own, of_bob) = (world.open("ann").await, world.open("bob").await);
    let share = Action::Share {
        organizations: BTreeSet::from(["commune-a".parse().unwrap()]),
    };
    world.act(world.call("agent"), &of_bob, share).await.unwrap();
    let call = || world.keyed("ann", "both", "a");
    let asked = || on_each(&[&own, &of_bob], "les deux");
    world.application.act_on_several(call(), asked()).await.unwrap();
    let again = world.application.act_on_several(call(), asked()).await;
    assert!(again.is_ok(), "{again:?}");
    let unshare = Action::Unshare {
        organization: "commune-a".parse().unwrap(),
    };
    world.act(world.call("agent"), &of_bob, unshare).await.unwrap();
    let again = world.application.act_on_several(call(), asked()).await;
    assert!(matches!(again, Err(ExecuteError::NotFound)), "{again:?}");
}

/// A key that served on an account was an error of ours when it came again on a ticket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_served_on_an_account_serves_on_no_ticket_and_the_other_way_round() {
    let world = World::new().await;
    let (key, bob) = (world.open("ann").await, world.id_of("bob"));
    let change = |call, address: &str| {
        let change = Change::SetAddress(Some(address.to_owned()));
        world.application.people.change_account(call, bob, vec![change])
    };
    change(world.keyed("admin", "1", "account"), "bob@new.example")
        .await
        .unwrap();
    let refused = world
        .act(world.keyed("admin", "1", "ticket"), &key, words("un"))
        .await;
    assert!(matches!(refused, Err(ExecuteError::KeyReused)), "{refused:?}");
    world
        .act(world.keyed("admin", "2", "ticket"), &key, words("un"))
        .await
        .unwrap();
    let refused = change(world.keyed("admin", "2", "account"), "bob@newer.example").await;
    assert!(matches!(refused, Err(ExecuteError::KeyReused)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_change_of_an_account_follows_it_beside_tickets_too() {
    let world = World::new().await;
    let (key, bob) = (world.open("ann").await, world.id_of("bob"));
    let before = world.application.directory().account(bob).unwrap().version;
    let mut asked = on_each(&[&key], "un");
    let reason = "parti".to_owned();
    let disable = Change::Disable { reason };
    asked.accounts.insert(bob, any(vec![disable, Change::Enable]));
    let done = world
        .application
        .act_on_several(world.call("admin"), asked)
        .await
        .unwrap();
    // Each change is decided on what the one before it makes: an account that is not disabled is not enabled.
    assert!(!done.accounts[&bob].disabled);
    assert_eq!(done.accounts[&bob].version, before + 2);
    let behalf = Call {
        on_behalf_of: Some(world.id_of("ann")),
        ..world.call("admin")
    };
    let asked = and_address(on_each(&[&key], "un"), bob, "bob@new.example");
    let refused = world.application.act_on_several(behalf, asked).await;
    let is_told = matches!(
        &refused,
        Err(ExecuteError::Rejected(Rejection::NotPermitted { .. }))
    );
    assert!(
        is_told,
        "nobody acts for somebody else on an account: {refused:?}"
    );
}

/// A command holds at most 1,000 events, over all its streams.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_of_a_thousand_events_is_taken_and_one_more_is_refused() {
    let world = World::new().await;
    let (one, two) = (world.open("ann").await, world.open("ann").await);
    let asked = |on_one: usize, on_two: usize| {
        let says = |count: usize| any((0..count).map(|n| words(&format!("mot {n}"))).collect());
        AskedOfSeveral {
            tickets: BTreeMap::from([(one.clone(), says(on_one)), (two.clone(), says(on_two))]),
            accounts: BTreeMap::new(),
        }
    };
    let head = world.head();
    let call = world.call("agent");
    let refused = world
        .application
        .act_on_several(call, asked(500, COMMIT_EVENTS_MAX - 499))
        .await;
    let Err(ExecuteError::TooLarge { why }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(why, Detail::CommandEventsMax { max: 1_000 });
    assert_eq!(world.head(), head);
    let call = world.call("agent");
    let done = world
        .application
        .act_on_several(call, asked(500, COMMIT_EVENTS_MAX - 500))
        .await;
    let versions: Vec<_> = done
        .unwrap()
        .tickets
        .values()
        .map(|done| done.loaded.version())
        .collect();
    assert_eq!(versions, [Version(501), Version(501)]);
    assert_eq!(world.head(), Position(head.0 + 1_000));
}

/// And at most 1 MiB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_of_more_than_a_mebibyte_is_refused_and_leaves_nothing_to_decide_on() {
    let world = World::new().await;
    let (one, two) = (world.open("ann").await, world.open("ann").await);
    let asked = |count: usize| {
        let long = || comment(&"x".repeat(20_000), Visibility::Public);
        let says = || any((0..count).map(|_| long()).collect());
        AskedOfSeveral {
            tickets: BTreeMap::from([(one.clone(), says()), (two.clone(), says())]),
            accounts: BTreeMap::new(),
        }
    };
    let head = world.head();
    let too_large = world.application.act_on_several(world.call("agent"), asked(30));
    let take = world.act(world.call("agent"), &one, transition("take", None));
    let (refused, taken) = tokio::join!(too_large, take);
    let Err(ExecuteError::TooLarge { why }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(*why, Detail::CommandBytesMax { bytes: 1_048_576 });
    assert_eq!(world.head().0 - head.0, taken.unwrap().events.len() as u64);
    let done = world
        .application
        .act_on_several(world.call("agent"), asked(15))
        .await;
    assert_eq!(done.unwrap().tickets[&two].loaded.version(), Version(16));
}

/// A command on several reads tickets that it leaves as they are, and the log holds it to none of them: it is decided on what is on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_are_not_decided_on_what_was_never_written() {
    let world = World::new().await;
    let mut too_late = 0;
    for round in 0..40 {
        let call = |username: &str, on_time| in_round(&world, round, username, on_time);
        let open = |on_time| {
            world
                .application
                .tickets
                .open_ticket(call("ann", on_time), question("Bonjour"))
        };
        let (one, two) = (open(false).await.unwrap(), open(false).await.unwrap());
        let (one, two) = (&one.loaded.key, &two.loaded.key);
        let give = Action::Assign {
            assignee: Some(Box::new(world.viewer("rival"))),
        };
        let mut asked = on_each(&[two], "à rival");
        asked.tickets.insert(one.clone(), any(vec![give]));
        let (other, late, given) = tokio::join!(
            open(true),
            world.act(call("rival", false), one, transition("take", None)),
            world.application.act_on_several(call("agent", true), asked),
        );
        assert!(other.is_ok() && given.is_ok(), "{other:?} {given:?}");
        too_late += usize::from(matches!(late, Err(ExecuteError::Clock(_))));
        // Rival has it: by taking it, or by being given it. Had they seemed to take it, nobody would have given it to them.
        let shown = world.application.ticket(&world.viewer("ann"), one).unwrap();
        assert_eq!(shown.document.assignee, Some(world.viewer("rival").account));
    }
    assert!(too_late >= 1, "in none of 40 rounds somebody came too late");
}
